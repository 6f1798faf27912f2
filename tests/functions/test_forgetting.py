"""A request to forget writes tombstones and runs batches again; every run obeys the tombstones that there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.replay.stage import react as replay
from ripple.errors import PermanentError
from ripple.handling.shell import Command
from ripple.replaying.gathering import find_gone
from ripple.state.tombstones import hash_key
from ripple.wire.events import ReplayRunPlanned, ReplayRunStarted
from tests.functions.fakes import NOW, FakeEdge, cause
from tests.functions.test_start_elt import deliver, read_list, record, succeed
from tests.ripple.state.golden import hold


def ask(edge: FakeEdge, message: str = "m-1", **body: Any) -> ReplayRunPlanned:
    before = len(edge.publisher.sent)
    replay(Command(body={"kind": "forget", **body}, attributes={}, published_at=NOW), cause(message), edge)
    fact = edge.publisher.sent[before].fact
    assert isinstance(fact, ReplayRunPlanned)
    return fact


def tombstones(edge: FakeEdge) -> list[dict[str, Any]]:
    return [document for path, document in edge.documents.held.items() if path.startswith("tombstones/")]


def an_edge() -> tuple[FakeEdge, list[str]]:
    """Two files of clickstream in batch 1, which is done; their URIs."""
    edge = FakeEdge()
    first = record(edge, 1, checked_uri="gs://checked/1.parquet", rows_checked=2)
    second = record(edge, 2, checked_uri="gs://checked/2.parquet", rows_checked=2)
    deliver(edge, first)
    deliver(edge, succeed(edge, 1, 1))
    return edge, [first.uri, second.uri]


def test_an_object_gets_its_tombstone_and_its_batch_runs_without_its_rows() -> None:
    edge, (uri, _) = an_edge()
    plan = ask(edge, objects=[uri])
    assert "forget 1 generations of objects, 2 rows" in plan.words[0]
    (stone,) = tombstones(edge)
    assert (stone["kind"], stone["uri"], stone["generation"], stone["replay"]) == ("object", uri, 1, plan.replay_id)
    (fact,) = edge.publisher.facts(ReplayRunStarted)
    assert (fact.kind, fact.targets) == ("batch", ("1",))
    deliver(edge, fact)
    lines = read_list(edge, 2)
    assert [(line["checked_uri"], line["rows_checked"], line["count_forgotten"]) for line in lines] == [
        (None, 0, 2),
        ("gs://checked/2.parquet", 2, 0),
    ]
    manifest = edge.objects.live["ripple-test-checked", "manifests/batch=1/epoch=2/part=0/clickstream.txt"][1]
    assert manifest == b"gs://checked/2.parquet\n"


def test_a_batch_is_all_its_objects() -> None:
    edge, uris = an_edge()
    ask(edge, batch=1)
    assert sorted(stone["uri"] for stone in tombstones(edge)) == sorted(uris)


def test_a_key_is_kept_as_its_hash_and_the_newest_batch_of_its_flow_runs() -> None:
    edge, _ = an_edge()
    hold(edge.documents, "batches", 2, flows=("sales",), state="done")
    hold(edge.documents, "batches", 3, flows=("clickstream",), state="parked")
    edge.documents.held["elt/head"]["next"] = 4
    plan = ask(edge, flow="clickstream", key_hash=hash_key("ann@example.org"))
    assert [stone["key_hash"] for stone in tombstones(edge)] == [hash_key("ann@example.org")]
    assert edge.publisher.facts(ReplayRunStarted)[-1].targets == ("1",)
    assert "ann" not in json.dumps([plan.data(), edge.documents.held], default=str)
    deliver(edge, edge.publisher.facts(ReplayRunStarted)[-1])
    assert edge.executions.arguments[-1]["forgotten"] == "clickstream"
    assert [line["key_hash"] for line in read_list(edge, 2) if "key_hash" in line] == [hash_key("ann@example.org")]


def test_what_waits_is_forgotten_when_its_run_comes() -> None:
    edge, _ = an_edge()
    late = record(edge, 3, checked_uri="gs://checked/3.parquet", rows_checked=2)
    ask(edge, objects=[late.uri])
    assert not edge.publisher.facts(ReplayRunStarted)
    deliver(edge, late)
    lines = edge.objects.lines("gs://ripple-test-control/batches/batch=2/epoch=2/part=0/files.jsonl")
    assert [line["count_forgotten"] for line in lines] == [2]


def test_a_dry_run_writes_nothing() -> None:
    edge, (uri, _) = an_edge()
    assert ask(edge, objects=[uri], dry_run=True).dry_run
    assert not tombstones(edge)


def test_the_same_request_twice_is_one() -> None:
    edge, (uri, _) = an_edge()
    for _ in range(2):
        ask(edge, objects=[uri])
    assert len(tombstones(edge)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"objects": ["gs://ripple-test-bronze/sales/dt=2026-01-01/a.parquet"], "batch": 1},
        {"flow": "sales"},
        {"key_hash": hash_key("x")},
        {"flow": "sales", "key_hash": "x"},
        {"flow": "nope", "key_hash": hash_key("x")},
        {"batch": 9},
        {"objects": ["gs://ripple-test-bronze/sales/dt=2026-01-01/never.parquet"]},
        {"objects": ["gs://ripple-test-landing/sales/b1.json"]},
        {"batch": 1, "dryRun": True},
    ],
)
def test_a_request_that_names_nothing_is_refused(body: dict[str, Any]) -> None:
    edge, _ = an_edge()
    with pytest.raises(PermanentError):
        ask(edge, **body)
    assert not tombstones(edge)


def test_a_replay_does_not_miss_what_was_kept_of_a_forgotten_object() -> None:
    edge, uris = an_edge()
    ask(edge, objects=uris)
    assert find_gone(1, edge) == []


def test_a_replay_misses_what_was_kept_of_others() -> None:
    edge, (uri, _) = an_edge()
    ask(edge, objects=[uri])
    assert find_gone(1, edge) == ["gs://checked/2.parquet"]

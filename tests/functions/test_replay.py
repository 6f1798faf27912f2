"""A replay command becomes one fact that names what is replayed."""

from __future__ import annotations

from typing import Any

import pytest

from functions.replay.stage import react
from ripple.errors import PermanentError
from ripple.events import ReplayRunStarted, SalesExportRequested
from ripple.shell import Command
from tests.functions.fakes import NOW, FakeEdge, cause

URI = "gs://ripple-test-bronze/sales/dt=2026-01-01/a.parquet"


def ask(edge: FakeEdge, message: str = "m-1", **body: Any) -> ReplayRunStarted:
    react(Command(body=body, attributes={}, published_at=NOW), cause(message), edge)  # type: ignore[arg-type]
    fact = edge.publisher.facts()[-1]
    assert isinstance(fact, ReplayRunStarted)
    return fact


def an_edge() -> FakeEdge:
    edge = FakeEdge()
    for day in ("2026-01-01", "2026-01-15", "2026-02-01"):
        for flow in ("sales", "startups"):
            suffix = "parquet" if flow == "sales" else "jsonl"
            edge.objects.put("ripple-test-bronze", f"{flow}/dt={day}/a.{suffix}", b"x")
    return edge


def test_named_objects_are_replayed() -> None:
    fact = ask(FakeEdge(), kind="object", objects=[URI])
    assert (fact.kind, list(fact.targets)) == ("object", [URI])


def test_a_flow_is_replayed_from_its_first_day_up_to_but_without_its_last() -> None:
    fact = ask(an_edge(), kind="flow", flow="sales", **{"from": "2026-01-01", "to": "2026-02-01"})
    days = [uri.split("dt=")[1][:10] for uri in fact.targets]
    assert (fact.kind, days) == ("object", ["2026-01-01", "2026-01-15"])


@pytest.mark.parametrize("kind", ["batch", "training"])
def test_a_batch_is_named_by_its_number(kind: str) -> None:
    fact = ask(FakeEdge(), kind=kind, batch=7)
    assert (fact.kind, list(fact.targets)) == (kind, ["7"])


def test_the_same_command_twice_is_one_replay() -> None:
    edge = FakeEdge()
    first, second = (ask(edge, message="m-1", kind="batch", batch=7) for _ in range(2))
    assert first.id == second.id
    assert first.id != ask(edge, message="m-2", kind="batch", batch=7).id


def test_a_replay_can_bring_its_own_id_and_correlates_by_it() -> None:
    edge = FakeEdge()
    assert ask(edge, kind="batch", batch=7, replay_id="mine").replay_id == "mine"
    assert edge.publisher.sent[0].correlation_id == "mine"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "command_malformed"),
        ({"kind": "everything"}, "command_malformed"),
        ({"kind": ["object"]}, "command_malformed"),
        ({"kind": "object"}, "command_malformed"),
        ({"kind": "object", "objects": URI}, "command_malformed"),
        ({"kind": "object", "objects": [1]}, "command_malformed"),
        ({"kind": "object", "objects": []}, "replay_empty"),
        ({"kind": "object", "objects": ["sales/a.parquet"]}, "uri_malformed"),
        ({"kind": "object", "objects": ["gs://ripple-test-bronze/a.parquet"]}, "path_unknown"),
        ({"kind": "object", "objects": ["gs://ripple-test-bronze/sales/../a.parquet"]}, "path_unsafe"),
        ({"kind": "flow", "flow": "refunds", "from": "2026-01-01", "to": "2026-02-01"}, "flow_unknown"),
        ({"kind": "flow", "flow": ["sales"]}, "flow_unknown"),
        ({"kind": "flow", "flow": "sales", "from": "2027-01-01", "to": "2027-02-01"}, "replay_empty"),
        ({"kind": "flow", "flow": "sales"}, "command_malformed"),
        ({"kind": "batch"}, "command_malformed"),
        ({"kind": "batch", "batch": "7"}, "command_malformed"),
        ({"kind": "batch", "batch": True}, "command_malformed"),
        ({"kind": "training", "batch": 0}, "command_malformed"),
    ],
)
def test_a_bad_command_is_refused_by_name(body: dict[str, Any], code: str) -> None:
    edge = an_edge()
    with pytest.raises(PermanentError) as caught:
        ask(edge, **body)
    assert caught.value.code == code
    assert edge.publisher.sent == []


def test_a_fact_is_no_command() -> None:
    fact = SalesExportRequested(batch_id="b", changed_from="a", changed_to="b")
    with pytest.raises(PermanentError, match="command_malformed"):
        react(fact, cause(), FakeEdge())  # type: ignore[arg-type]

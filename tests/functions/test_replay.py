"""A replay command becomes a plan that is stated, and facts that stages react to; dead letters go back."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.replay.stage import react
from ripple.errors import PermanentError
from ripple.handling.shell import Command
from ripple.ports import StoredObject
from ripple.replaying.commands import MAX_OBJECTS
from ripple.wire.events import ReplayRunPlanned, ReplayRunStarted, SalesExportRequested
from tests.functions.fakes import NOW, CrashError, FakeEdge, FakeObjects, cause
from tests.ripple.state.golden import a_record, hold

BUCKET = "ripple-test-bronze"
URI = f"gs://{BUCKET}/sales/dt=2026-01-01/a.parquet"


def command(body: Any) -> Command:
    return Command(body=body, attributes={}, published_at=NOW)


def ask(edge: FakeEdge, message: str = "m-1", **body: Any) -> ReplayRunPlanned:
    before = len(edge.publisher.sent)
    react(command(body), cause(message), edge)
    fact = edge.publisher.sent[before].fact
    assert isinstance(fact, ReplayRunPlanned)
    return fact


def started(edge: FakeEdge) -> list[ReplayRunStarted]:
    return edge.publisher.facts(ReplayRunStarted)


def an_edge() -> FakeEdge:
    """Objects of two flows, batch 7 done and trained on."""
    edge = FakeEdge()
    for day in ("2026-01-01", "2026-01-15", "2026-02-01"):
        for flow in ("sales", "startups"):
            suffix = "parquet" if flow == "sales" else "jsonl"
            edge.objects.put(BUCKET, f"{flow}/dt={day}/a.{suffix}", b"x")
    edge.objects.put(BUCKET, "sales/notes.txt", b"x")
    hold(edge.documents, "batches", 7, files=2, flows=("sales",), correlation_id="sales-1", attempts=0)
    hold(edge.documents, "trainings", 7, train=True, ended=True, job="train-a", attempts=1)
    edge.documents.held["elt/head"] = {"run": None, "epoch": 7, "next": 8, "replays": []}
    return edge


def test_named_objects_are_replayed() -> None:
    edge = an_edge()
    plan = ask(edge, kind="object", objects=[URI, URI])
    assert (plan.kind, plan.dry_run, list(plan.targets)) == ("object", False, [URI])
    assert started(edge) == [ReplayRunStarted(replay_id=plan.replay_id, kind="object", targets=(URI,))]


def test_a_manifest_in_landing_is_replayed_too() -> None:
    edge = an_edge()
    manifest = edge.objects.put("ripple-test-landing", "sales/b1.json", b"{}").ref.uri
    assert list(ask(edge, kind="object", objects=[URI, manifest]).targets) == [URI, manifest]
    first, second = started(edge)
    assert (first.kind, list(first.targets), second.kind, list(second.targets)) == (
        "object",
        [URI],
        "manifest",
        [manifest],
    )
    assert first.id != second.id


def test_a_flow_is_replayed_from_its_first_day_up_to_but_without_its_last() -> None:
    edge = an_edge()
    plan = ask(edge, kind="flow", flow="sales", **{"from": "2026-01-01", "to": "2026-02-01"})
    assert [uri.split("dt=")[1][:10] for uri in plan.targets] == ["2026-01-01", "2026-01-15"]
    assert started(edge)[0].kind == "object"


def claim(edge: FakeEdge, name: str, **kept: Any) -> None:
    """A file of batch 7; its object in Bronze is gone."""
    fact = a_record("files").fact | {"rows_checked": 40} | kept
    hold(edge.documents, "files", name, state="landed", batch=7, fact=fact)


def test_a_batch_runs_again_from_what_was_kept_when_its_objects_are_gone() -> None:
    edge = an_edge()
    checked = edge.objects.put("ripple-test-checked", "data/a.parquet", b"x")
    claim(edge, "a", checked_uri=checked.ref.uri, quarantine_uri=None)
    assert ask(edge, kind="batch", batch=7).targets == ("7",)


def test_a_batch_of_which_what_was_kept_is_gone_is_refused_before_anything_fires() -> None:
    edge = an_edge()
    checked = edge.objects.put("ripple-test-checked", "data/a.parquet", b"x")
    claim(edge, "a", checked_uri=checked.ref.uri, quarantine_uri=None)
    claim(edge, "b", checked_uri="gs://ripple-test-checked/data/b.parquet", quarantine_uri=None)
    with pytest.raises(PermanentError, match=r"1 object of it .*checked/data/b\.parquet ") as caught:
        ask(edge, kind="batch", batch=7)
    assert caught.value.code == "object_missing"
    assert edge.publisher.sent == []


@pytest.mark.parametrize("kind", ["batch", "training"])
def test_a_batch_is_named_by_its_number(kind: str) -> None:
    edge = an_edge()
    ask(edge, kind=kind, batch=7)
    assert [(fact.kind, list(fact.targets)) for fact in started(edge)] == [(kind, ["7"])]


def test_a_replay_has_a_correlation_id_of_its_own_and_names_the_one_it_repeats() -> None:
    edge = an_edge()
    plan = ask(edge, kind="batch", batch=7)
    assert {(sent.correlation_id, sent.replay_of) for sent in edge.publisher.sent} == {(plan.replay_id, "sales-1")}


def test_a_replay_of_many_lines_names_none() -> None:
    edge = an_edge()
    ask(edge, kind="flow", flow="sales", **{"from": "2026-01-01", "to": "2026-02-01"})
    assert {sent.replay_of for sent in edge.publisher.sent} == {None}


def test_a_dry_run_states_the_same_words_and_fires_nothing() -> None:
    edge = an_edge()
    before = copy.deepcopy(edge.documents.held)
    dry = ask(edge, message="m-1", kind="batch", batch=7, dry_run=True)
    assert started(edge) == []
    assert {path for path in edge.documents.held if path not in before} == {f"replays/{dry.replay_id}-dry-run"}
    run = ask(edge, message="m-2", kind="batch", batch=7)
    assert (dry.words, dry.fires, dry.tables) == (run.words, run.fires, run.tables)
    assert len(started(edge)) == 1


def test_a_dry_run_does_not_use_up_the_id_of_the_run() -> None:
    edge = an_edge()
    ask(edge, kind="batch", batch=7, dry_run=True, replay_id="mine")
    ask(edge, kind="batch", batch=7, replay_id="mine")
    assert [fact.replay_id for fact in started(edge)] == ["mine"]


def test_the_same_command_twice_is_one_replay_with_one_plan() -> None:
    edge = an_edge()
    first = ask(edge, message="m-1", kind="batch", batch=7)
    edge.documents.held["elt/head"] |= {"replays": [7]}
    assert ask(edge, message="m-1", kind="batch", batch=7) == first
    assert len({fact.id for fact in started(edge)}) == 1
    assert ask(edge, message="m-2", kind="batch", batch=7).targets == ()


def test_a_replay_can_bring_its_own_id_and_correlates_by_it() -> None:
    edge = an_edge()
    assert ask(edge, kind="batch", batch=7, replay_id="mine").replay_id == "mine"
    assert edge.publisher.sent[0].correlation_id == "mine"


def test_a_replay_that_adds_nothing_says_so_and_fires_nothing() -> None:
    edge = an_edge()
    edge.documents.held["elt/head"] |= {"replays": [7]}
    assert "batch 7 waits to run again already" in ask(edge, kind="batch", batch=7).words
    assert started(edge) == []


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
        ({"kind": "object", "objects": ["gs://ripple-test-models/a.parquet"]}, "uri_malformed"),
        ({"kind": "object", "objects": ["gs://ripple-test-bronze/sales/dt=2031-01-01/a.parquet"]}, "replay_empty"),
        ({"kind": "object", "objects": [f"{URI[:-9]}{n}.parquet" for n in range(MAX_OBJECTS + 1)]}, "replay_too_large"),
        ({"kind": "flow", "flow": "parcels", "from": "2026-01-01", "to": "2026-02-01"}, "flow_unknown"),
        ({"kind": "flow", "flow": ["sales"]}, "flow_unknown"),
        ({"kind": "flow", "flow": "sales", "from": "2027-01-01", "to": "2027-02-01"}, "replay_empty"),
        ({"kind": "flow", "flow": "sales"}, "command_malformed"),
        ({"kind": "flow", "flow": "sales", "from": "2026-01-01", "to": "01/02/2026"}, "command_malformed"),
        ({"kind": "batch"}, "command_malformed"),
        ({"kind": "batch", "batch": "7"}, "command_malformed"),
        ({"kind": "batch", "batch": True}, "command_malformed"),
        ({"kind": "batch", "batch": 10**400}, "command_malformed"),
        ({"kind": "batch", "batch": 8}, "batch_unknown"),
        ({"kind": "training", "batch": 0}, "command_malformed"),
        ({"kind": "training", "batch": 6}, "batch_unknown"),
        ({"kind": "batch", "batch": 7, "dry_run": "yes"}, "command_malformed"),
        ({"kind": "batch", "batch": 7, "replay_id": "a/b"}, "command_malformed"),
        ({"kind": "batch", "batch": 7, "dryRun": True}, "command_malformed"),
        ({"kind": "batch", "batch": 7, "objects": [URI]}, "command_malformed"),
        ({"kind": "object", "objects": [URI], "all": True}, "command_malformed"),
        ({"kind": "dead-letter"}, "command_malformed"),
        ({"kind": "dead-letter", "all": "yes"}, "command_malformed"),
        ({"kind": "dead-letter", "all": 0}, "command_malformed"),
        ({"kind": "dead-letter", "ids": ["1"], "all": True}, "command_malformed"),
        ({"kind": "dead-letter", "ids": [1]}, "command_malformed"),
        ({"kind": "dead-letter", "ids": ["1"]}, "dead_letter_unknown"),
    ],
)
def test_a_bad_command_is_refused_by_name(body: dict[str, Any], code: str) -> None:
    edge = an_edge()
    with pytest.raises(PermanentError) as caught:
        ask(edge, **body)
    assert caught.value.code == code
    assert edge.publisher.sent == []


def test_an_unknown_key_is_refused_with_the_nearest_and_nothing_is_fired() -> None:
    edge = an_edge()
    with pytest.raises(
        PermanentError, match=r"'dryRun' \(did you mean 'dry_run'\?\); known are kind, dry_run, replay_id, batch"
    ):
        ask(edge, kind="batch", batch=7, dryRun=True)
    assert edge.publisher.sent == []


def test_a_replay_bears_the_time_at_which_it_was_planned_first() -> None:
    edge = an_edge()
    for _ in range(2):
        react(command({"kind": "batch", "batch": 7}), cause("m-1", NOW - dt.timedelta(hours=1)), edge)
        edge.documents.clock = lambda: NOW + dt.timedelta(minutes=5)
    assert [envelope.time for envelope in edge.publisher.sent] == [NOW] * 4


class Unreadable(FakeObjects):
    """Its bucket says something else than that an object is not there."""

    def stat(self, bucket: str, name: str, generation: int | None = None) -> StoredObject:
        raise PermanentError("bucket_unexpected", f"{bucket} is another's")


def test_an_object_that_cannot_be_looked_at_is_not_taken_for_one_that_is_gone() -> None:
    edge = an_edge()
    edge.objects = Unreadable()
    with pytest.raises(PermanentError, match="bucket_unexpected"):
        ask(edge, kind="object", objects=[URI])


def test_a_fact_is_no_command() -> None:
    fact = SalesExportRequested(batch_id="b", changed_from="a", changed_to="b")
    with pytest.raises(PermanentError, match="command_malformed"):
        react(fact, cause(), FakeEdge())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["all", URI, "7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["objects", "flow", "from", "to", "batch", "ids", "all", "dry_run", "replay_id"])
KINDS = st.sampled_from(["object", "flow", "batch", "training", "dead-letter"]) | JSON


@given(body=st.dictionaries(FIELDS, JSON), kind=KINDS)
def test_any_command_is_a_replay_or_is_refused(body: dict[str, Any], kind: Any) -> None:
    edge = an_edge()
    refused = ""
    try:
        react(command(body | {"kind": kind}), cause(), edge)
    except PermanentError as error:
        refused = str(error)
    assert bool(refused) != bool(edge.publisher.sent)
    assert len(refused) < 3000


FACT = {
    "ce-type": "elt.run.failed.v1",
    "ce-id": "elt.run.failed.v1/7/2",
    "ce-correlationid": "batches/7",
    "ripple-stage": "start_elt",
    "ripple-code": "event_malformed",
    "ripple-reason": "no",
}
FAILED = json.dumps(
    {"batch": 7, "epoch": 2, "execution": "x", "state": "FAILED", "reason": "b", "failed_actions": []}
).encode()
FINALIZE = {"ce-type": "google.cloud.storage.object.v1.finalized", "ce-id": "f", "ripple-stage": "land_object"}


def an_edge_with_letters() -> FakeEdge:
    edge = an_edge()
    edge.dead_letters.put(1, FAILED, FACT)
    edge.dead_letters.put(2, json.dumps({"bucket": BUCKET, "name": URI.partition(f"{BUCKET}/")[2]}).encode(), FINALIZE)
    edge.dead_letters.put(3, b"hello", {"ripple-stage": "land_object"})
    return edge


def test_a_dead_letter_goes_back_once_however_often_it_is_asked_for() -> None:
    edge = an_edge_with_letters()
    for message in ("m-1", "m-2", "m-3"):
        ask(edge, message=message, kind="dead-letter", ids=["1"])
    ((topic, body, attributes),) = edge.publisher.sent_back
    assert (topic, body, attributes["ce-id"]) == ("ripple-events", FAILED, "elt.run.failed.v1/7/2")
    assert (attributes["ce-correlationid"], attributes["ce-replayof"]) == (started(edge)[0].replay_id, "batches/7")


def test_all_dead_letters_go_back_each_on_its_way() -> None:
    edge = an_edge_with_letters()
    plan = ask(edge, kind="dead-letter", all=True)
    assert list(plan.targets) == ["1", "2"]
    assert len(edge.publisher.sent_back) == 1
    assert [(fact.kind, list(fact.targets)) for fact in started(edge)] == [
        ("dead-letter", ["1", "2"]),
        ("object", [URI]),
    ]
    assert ask(edge, message="m-2", kind="dead-letter", all=True).targets == ()


def test_letters_that_cannot_go_do_not_stand_in_the_way_of_those_that_can() -> None:
    edge = an_edge()
    for number in range(250):
        edge.dead_letters.put(number, b"hello", {"ripple-stage": "land_object"})
    for number in range(250, 480):
        edge.dead_letters.put(number, FAILED, FACT)
    counts = [len(ask(edge, message=f"m-{n}", kind="dead-letter", all=True).targets) for n in range(4)]
    assert (sum(counts), counts[-1]) == (230, 0)
    assert max(counts) < 200


def test_a_dry_run_of_dead_letters_leaves_them_where_they_are() -> None:
    edge = an_edge_with_letters()
    dry = ask(edge, kind="dead-letter", all=True, dry_run=True)
    assert (edge.publisher.sent_back, started(edge)) == ([], [])
    assert ask(edge, message="m-2", kind="dead-letter", all=True).words == dry.words


def test_a_crash_after_a_dead_letter_was_taken_is_finished_by_the_retry_and_by_no_other_replay() -> None:
    edge = an_edge_with_letters()
    edge.documents.dies_before.append("update")
    with pytest.raises(CrashError):
        ask(edge, message="m-1", kind="dead-letter", ids=["1"])
    ask(edge, message="m-2", kind="dead-letter", ids=["1"])
    assert edge.documents.held["redrives/1"]["sent"] is False
    ask(edge, message="m-1", kind="dead-letter", ids=["1"])
    assert edge.documents.held["redrives/1"]["sent"] is True
    assert len({body for _, body, _ in edge.publisher.sent_back}) == 1

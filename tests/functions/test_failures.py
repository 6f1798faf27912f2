"""A batch that fails runs in parts: what it fails of is parked, once and reported, whoever dies on the way or comes late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import pytest

from functions.sweep.runs import describe_end
from ripple.deployment.settings import Settings
from ripple.state.failures import NAMED
from ripple.state.files import PARKED
from ripple.state.head import HEAD
from ripple.wire.events import (
    BronzeObjectsParked,
    EltPartSucceeded,
    EltRunFailed,
    EltRunSucceeded,
    Fact,
    ReplayRunStarted,
    RunStalled,
)
from tests.functions.fakes import CrashError, FakeEdge
from tests.functions.test_start_elt import batch_of, deliver, live, pass_minutes, record, succeed
from tests.functions.test_sweep import sweep

BROKE = ({"action": "gold.fct_sessions", "message": "integer overflow: 9223372036854775807 + 1"},)
DENIED = ({"action": "silver.orders", "message": "Access Denied: Table p:silver.orders"},)


def an_edge(**settings: Any) -> FakeEdge:
    given = {"elt_settle_seconds": 0, "elt_runs_per_hour": 0} | settings
    return FakeEdge(settings=Settings(project="ripple-test", **given))


def fail(edge: FakeEdge, actions: Any = BROKE, **changes: Any) -> EltRunFailed:
    batch, epoch = live(edge) or (0, 0)
    ended = {"execution": "x", "state": "FAILED", "reason": "the invocation ended as FAILED", "failed_actions": actions}
    return EltRunFailed(batch=batch, epoch=epoch, **ended | changes)


def end_well(edge: FakeEdge) -> EltRunSucceeded | EltPartSucceeded:
    run = HEAD.get(edge.documents).run
    assert run is not None
    if run.is_last:
        return succeed(edge, run.batch, run.epoch)
    return EltPartSucceeded(
        batch=run.batch, epoch=run.epoch, part=run.part, trial=run.is_trial, execution="x", invocation="i"
    )


def listed(edge: FakeEdge) -> list[dict[str, Any]]:
    """The list of the newest run."""
    argument = edge.executions.arguments[-1]
    place = "/".join(f"{name}={argument[name]}" for name in ("batch", "epoch", "part"))
    return list(edge.objects.lines(f"gs://ripple-test-control/batches/{place}/files.jsonl"))


def run_as(edge: FakeEdge, poison: Collection[int], broken: Collection[str] = (), most: int = 80) -> None:
    """What the lake would answer until nothing runs: files of these generations fail, and flows whose SQL is broken."""
    for _ in range(most):
        if live(edge) is None:
            return
        rows = listed(edge)
        taken = {row["generation"] for row in rows if not row["is_withdrawn"]}
        is_bad = taken & set(poison) or {row["flow"] for row in rows} & set(broken)
        deliver(edge, fail(edge) if is_bad else end_well(edge))
    raise AssertionError("it runs for ever")


def land(edge: FakeEdge, *numbers: int, flow: str = "clickstream") -> None:
    facts = [record(edge, number, flow) for number in numbers]
    deliver(edge, facts[-1])


def state_of(edge: FakeEdge, batch: int = 1) -> tuple[str, int]:
    held = edge.documents.held[f"batches/{batch}"]
    return held["state"], held["parked"]


def test_one_poison_among_ten_is_parked_and_the_others_are_done() -> None:
    edge = an_edge()
    land(edge, *range(10))
    run_as(edge, {7})
    assert state_of(edge) == ("done", 1)
    assert [batch_of(edge, number) for number in range(10)] == [1] * 7 + [PARKED] + [1] * 2
    (parked,) = edge.publisher.facts(BronzeObjectsParked)
    assert (parked.batch, parked.files, parked.action) == (1, 1, "gold.fct_sessions")
    assert parked.parked == ("gs://ripple-test-bronze/clickstream/dt=2026-01-08/part-0007.jsonl#7",)
    assert parked.message == "integer overflow: ... + 1"
    assert HEAD.get(edge.documents).incidents == ()


def test_every_run_of_an_incident_takes_what_is_unsettled_out_of_silver() -> None:
    edge = an_edge()
    land(edge, 0, 1)
    land(edge, 2, flow="sales")
    deliver(edge, fail(edge))
    # What waited goes first, and without what the failed batch may have left in silver.
    assert edge.executions.arguments[-1]["batch"] == 2
    assert [(row["generation"], row["is_withdrawn"]) for row in listed(edge)] == [(0, True), (1, True), (2, False)]
    deliver(edge, end_well(edge))
    argument, rows = edge.executions.arguments[-1], listed(edge)
    assert (argument["part"], argument["is_trial"], argument["is_last"]) == (1, True, False)
    assert [(row["generation"], row["is_withdrawn"], row["rows_checked"]) for row in rows] == [
        (0, True, 0),
        (1, True, 0),
    ]


def test_files_that_wait_go_before_the_next_part() -> None:
    edge = an_edge()
    land(edge, 0, 1, 2, 3)
    record(edge, 4)
    deliver(edge, fail(edge))
    assert live(edge) == (2, 2)
    run_as(edge, {3})
    assert (state_of(edge, 1), state_of(edge, 2)) == (("done", 1), ("done", 0))


def test_parts_do_not_count_in_the_hour() -> None:
    edge = an_edge(elt_runs_per_hour=1)
    land(edge, *range(8))
    run_as(edge, {5})
    assert state_of(edge) == ("done", 1)
    assert len(HEAD.get(edge.documents).starts.noted) == 1


def test_two_poisons_in_two_halves_and_a_poison_of_another_flow_are_all_parked() -> None:
    edge = an_edge()
    for number in range(6):
        record(edge, number)
    land(edge, 6, 7, 8, flow="sales")
    run_as(edge, {0, 5, 7})
    assert state_of(edge) == ("done", 3)
    assert {number for number in range(9) if batch_of(edge, number) == PARKED} == {0, 5, 7}


def test_what_passes_is_tried_as_it_is_and_then_its_flows_wait() -> None:
    edge = an_edge()
    land(edge, 0, 1)
    for _ in range(3):
        deliver(edge, fail(edge, DENIED))
    assert live(edge) is None
    assert state_of(edge) == ("split", 0)
    (stalled,) = edge.publisher.facts(RunStalled)
    assert (stalled.stalled, "ripple resume --flow clickstream" in stalled.reason) == ("flows/clickstream", True)
    pass_minutes(edge, 6)
    land(edge, 2, flow="sales")
    run_as(edge, set())
    assert state_of(edge) == ("done", 0)
    assert (batch_of(edge, 0), batch_of(edge, 1)) == (1, 1)


def test_an_audit_names_its_objects_and_only_they_are_parked_at_once() -> None:
    edge = an_edge()
    fact = record(edge, 9)
    edge.documents.held[f"files/{'a' * 64}"] = edge.documents.held.pop("files/0009")
    record(edge, 1)
    deliver(edge, fact)
    message = f"The audit of clickstream found what must not be published; objects: {'a' * NAMED}; first: x"
    deliver(edge, fail(edge, ({"action": "silver.clickstream_events", "message": message},)))
    assert (edge.documents.held[f"files/{'a' * 64}"]["batch"], batch_of(edge, 1)) == (PARKED, 1)
    argument = edge.executions.arguments[-1]
    assert (argument["is_trial"], argument["is_last"], [row["generation"] for row in listed(edge)]) == (
        False,
        True,
        [1],
    )
    run_as(edge, set())
    assert state_of(edge) == ("done", 1)


@pytest.mark.parametrize("broken", ["clickstream", "sales"])
def test_a_flow_whose_sql_is_broken_for_all_is_held_and_the_other_is_done(broken: str) -> None:
    edge = an_edge()
    for number in range(3):
        record(edge, number)
    land(edge, 3, 4, flow="sales")
    run_as(edge, {1}, {broken})
    other = "sales" if broken == "clickstream" else "clickstream"
    assert [one.flow for one in HEAD.get(edge.documents).holds] == [broken]
    assert state_of(edge)[0] == "split"
    assert [fact.stalled for fact in edge.publisher.facts(RunStalled)] == [f"flows/{broken}"]
    assert (batch_of(edge, 1) == PARKED) is (other == "clickstream")
    land(edge, 5, flow=broken)
    land(edge, 6, flow=other)
    run_as(edge, {1}, {broken})
    assert (batch_of(edge, 5), batch_of(edge, 6)) == (None, 2)
    deliver(edge, ReplayRunStarted(replay_id="r-1", kind="resume", targets=(broken,)))
    run_as(edge, {1})
    assert (state_of(edge), batch_of(edge, 1), batch_of(edge, 5)) == (("done", 1), PARKED, 3)
    assert HEAD.get(edge.documents).holds == ()


def test_a_held_flow_is_tried_again_by_itself_with_longer_and_longer_waits() -> None:
    edge = an_edge()
    land(edge, 0)
    run_as(edge, set(), {"clickstream"})
    began, waits = edge.documents.now, []
    for _ in range(6):
        again_at = HEAD.get(edge.documents).holds[0].again_at
        waits.append((again_at - edge.documents.now) / dt.timedelta(minutes=1))
        pass_minutes(edge, waits[-1])
        deliver(edge, ReplayRunStarted(replay_id="r", kind="resume", targets=("sales",)))
        run_as(edge, set(), {"clickstream"})
    assert waits == [5, 10, 20, 40, 60, 60]
    assert (HEAD.get(edge.documents).holds[0].since, len(edge.publisher.facts(RunStalled))) == (began, 1)
    assert edge.documents.held["batches/1"]["incident"]["runs"] == 1


@pytest.mark.parametrize(
    "replay", [("object", "gs://ripple-test-bronze/clickstream/dt=2026-01-01/part-0000.jsonl"), ("batch", "1")]
)
def test_a_parked_file_comes_back_in_a_new_batch(replay: tuple[str, str]) -> None:
    edge = an_edge()
    land(edge, 0, 1)
    run_as(edge, {0})
    assert batch_of(edge, 0) == PARKED
    deliver(edge, ReplayRunStarted(replay_id="r-1", kind=replay[0], targets=(replay[1],)))
    run_as(edge, set())
    assert (batch_of(edge, 0), state_of(edge, 2)) == (2, ("done", 0))


def test_a_batch_of_which_every_file_is_parked_is_done_and_says_so_once() -> None:
    edge = an_edge()
    land(edge, 0)
    run_as(edge, {0})
    assert state_of(edge) == ("done", 1)
    assert [argument["is_last"] for argument in edge.executions.arguments] == [True, False, True, True]
    assert edge.executions.arguments[-1]["is_trial"]
    deliver(edge, ReplayRunStarted(replay_id="r-1", kind="batch", targets=("1",)))
    assert [argument["batch"] for argument in edge.executions.arguments[4:]] == [2]


def test_a_trial_takes_the_smallest_file_that_was_published_last() -> None:
    edge = an_edge()
    for number in (0, 1):
        uri = f"gs://ripple-test-checked/data/{number}.parquet"
        edge.objects.put("ripple-test-checked", f"data/{number}.parquet", b"x")
        record(edge, number, checked_uri=uri, rows_checked=2, bytes=9 - number)
    land(edge, 2)
    run_as(edge, set())
    land(edge, 3)
    deliver(edge, fail(edge))
    rows = {row["generation"]: (row["is_tried"], row["is_withdrawn"], row["rows_checked"]) for row in listed(edge)}
    assert rows == {1: (True, False, 2), 3: (False, True, 0)}
    assert edge.executions.arguments[-1]["checked"] == "clickstream"


def test_a_trial_does_without_a_file_whose_kept_copy_is_gone() -> None:
    edge = an_edge()
    edge.objects.put("ripple-test-checked", "data/0.parquet", b"x")
    record(edge, 0, checked_uri="gs://ripple-test-checked/data/0.parquet", rows_checked=2)
    land(edge, 1)
    run_as(edge, set())
    del edge.objects.live["ripple-test-checked", "data/0.parquet"]
    land(edge, 2)
    deliver(edge, fail(edge))
    assert [(row["generation"], row["is_withdrawn"]) for row in listed(edge)] == [(2, True)]


CRASHES = ["run", "update", "delete"]


@pytest.mark.parametrize("call", CRASHES)
@pytest.mark.parametrize("at", range(6))
def test_whoever_dies_while_files_leave_is_finished_by_the_next_delivery(call: str, at: int) -> None:
    edge = an_edge()
    land(edge, 0, 1, 2)
    events: list[Fact] = []
    for _ in range(30):
        if live(edge) is None:
            break
        taken = {row["generation"] for row in listed(edge) if not row["is_withdrawn"]}
        fact = fail(edge) if 1 in taken else end_well(edge)
        events.append(fact)
        if len(events) == at + 1:
            edge.documents.dies_before.append(call)
            try:
                deliver(edge, fact)
            except CrashError:
                deliver(edge, fact)
        else:
            deliver(edge, fact)
        run = live(edge)
        if run is not None and edge.executions.arguments[-1]["epoch"] != run[1]:
            deliver(edge, fact)
    edge.documents.dies_before.clear()
    assert state_of(edge) == ("done", 1)
    assert [batch_of(edge, number) for number in range(3)] == [1, PARKED, 1]
    stated = edge.publisher.facts(BronzeObjectsParked)
    kept = [path for path in edge.documents.held if path.startswith("outbox/bronze.objects.parked")]
    assert len({fact.id for fact in stated}) + len(kept) >= 1


def test_a_second_delivery_of_an_end_parks_nothing_twice() -> None:
    edge = an_edge()
    land(edge, 0, 1)
    seen: list[Fact] = []
    for _ in range(20):
        if live(edge) is None:
            break
        taken = {row["generation"] for row in listed(edge) if not row["is_withdrawn"]}
        seen.append(fail(edge) if 0 in taken else end_well(edge))
        for fact in (seen[-1], *seen):
            deliver(edge, fact)
    assert state_of(edge) == ("done", 1)
    assert len(edge.publisher.facts(BronzeObjectsParked)) == 1


def test_sweep_wakes_a_part_whose_event_was_lost_and_a_held_flow_that_is_due() -> None:
    edge = an_edge()
    land(edge, 0)
    run_as(edge, set(), {"clickstream"})
    assert sweep(edge, dt.timedelta(minutes=1)) == []
    (fact,) = sweep(edge, dt.timedelta(minutes=6))
    deliver(edge, fact)
    run_as(edge, set())
    assert state_of(edge) == ("done", 0)


def test_the_silent_end_of_a_part_is_stated_as_what_it_was() -> None:
    edge = an_edge()
    land(edge, 0, 1)
    deliver(edge, fail(edge))
    run = HEAD.get(edge.documents).run
    assert run is not None
    passed = end_well(edge)
    assert describe_end(run, "x", "SUCCEEDED", passed.data()) == passed

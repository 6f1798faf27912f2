"""What needs a person is stated once, with what was expected of whom and what to do."""

from __future__ import annotations

import datetime as dt

from functions.start_elt.stage import react as start_elt
from functions.sweep.silence import TRAINING_PROMISE
from ripple.wire.events import EltRunFailed, ReplayRunStarted, RunStalled
from tests.functions.fakes import FakeEdge, cause
from tests.functions.test_sweep import start_run, succeeded, sweep, train_on


def stated(edge: FakeEdge, later: dt.timedelta) -> list[RunStalled]:
    return [fact for fact in sweep(edge, later) if isinstance(fact, RunStalled)]


def park(edge: FakeEdge) -> None:
    """A batch that was done fails when it is replayed."""
    start_run(edge)
    again = ReplayRunStarted(replay_id="r-1", kind="batch", targets=("1",))
    for fact in (succeeded(1), again):
        start_elt(fact, cause(fact.id), edge, lambda _: None)
    for epoch in (2, 3, 4):
        failed = EltRunFailed(
            batch=1, epoch=epoch, execution=f"executions/{epoch}", state="FAILED", reason="no disk", failed_actions=[]
        )
        start_elt(failed, cause(failed.id), edge, lambda _: None)
    assert edge.documents.held["batches/1"]["state"] == "parked"


def test_a_parked_batch_is_stated_once_with_its_reason_and_the_way_out() -> None:
    edge = FakeEdge()
    park(edge)
    (stalled,) = stated(edge, dt.timedelta(minutes=10))
    assert (stalled.stalled, stalled.expected, stalled.of) == ("batches/1", "elt.run.succeeded.v1", "workflows/run_elt")
    assert "no disk" in stalled.reason
    assert "ripple replay --batch 1" in stalled.reason
    assert stated(edge, dt.timedelta(minutes=20)) == []


def test_a_batch_parked_again_is_stated_again() -> None:
    edge = FakeEdge()
    park(edge)
    stated(edge, dt.timedelta(minutes=10))
    edge.documents.held["batches/1"]["epoch"] = 6
    assert [stalled.since for stalled in stated(edge, dt.timedelta(minutes=20))] == ["epoch 6"]


def test_a_run_past_its_lease_is_stated_once_while_it_is_ended() -> None:
    edge = FakeEdge()
    start_run(edge)
    assert stated(edge, dt.timedelta(minutes=10)) == []
    late = dt.timedelta(seconds=edge.settings.elt_lease_seconds + 60)
    (stalled,) = stated(edge, late)
    assert (stalled.stalled, stalled.of) == ("batches/1", "workflows/run_elt")
    assert stated(edge, late + dt.timedelta(minutes=5)) == []


def test_a_training_that_says_nothing_for_hours_is_stated_with_its_job() -> None:
    edge = FakeEdge()
    job = train_on(edge)
    assert stated(edge, TRAINING_PROMISE - dt.timedelta(minutes=1)) == []
    (stalled,) = stated(edge, TRAINING_PROMISE + dt.timedelta(minutes=1))
    assert (stalled.stalled, stalled.expected) == ("trainings/1", "training.job.finished.v1")
    assert job in stalled.reason
    assert stated(edge, TRAINING_PROMISE + dt.timedelta(minutes=9)) == []


def test_a_run_and_a_training_within_their_promise_are_not_stated() -> None:
    edge = FakeEdge()
    start_run(edge)
    train_on(edge, succeeded(2).batch)
    assert stated(edge, dt.timedelta(minutes=5)) == []

"""What was lost on the way is sent again or reported."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from functions.land_object.stage import react as land
from functions.start_elt.stage import react as start_elt
from functions.start_training.stage import react as start_training
from functions.sweep.stage import react, send_leftovers
from ripple.events import BronzeObjectLanded, EltRunFailed, EltRunSucceeded, RunStalled, TrainingJobFinished
from ripple.shell import Command, Finalized
from tests.functions.fakes import NOW, CrashError, FakeEdge, cause
from tests.functions.test_land_object import GOOD, NAME, put

TICK = Command(body={}, attributes={"kind": "sweep"}, published_at=NOW)


def sweep(edge: FakeEdge, later: dt.timedelta = dt.timedelta(minutes=10)) -> list[Any]:
    edge.publisher.sent.clear()
    react(TICK, cause("tick-1", NOW + later), edge)  # type: ignore[arg-type]
    return edge.publisher.facts()


def land_one(edge: FakeEdge, dies_before: str = "") -> BronzeObjectLanded | None:
    stored = put(edge, GOOD)
    payload = Finalized(ref=stored.ref, size=stored.size, metadata={})
    if dies_before:
        edge.documents.dies_before.append(dies_before)
        with pytest.raises(CrashError):
            land(payload, cause(), edge)  # type: ignore[arg-type]
        return None
    land(payload, cause(), edge)  # type: ignore[arg-type]
    return edge.publisher.facts(BronzeObjectLanded)[0]  # type: ignore[no-any-return]


def start_run(edge: FakeEdge) -> None:
    fact = land_one(edge)
    assert fact is not None
    start_elt(fact, cause(fact.id), edge, lambda _: None)  # type: ignore[arg-type]


def test_a_fact_that_a_crash_left_unsent_is_sent_with_its_own_context() -> None:
    edge = FakeEdge()
    land_one(edge, dies_before="delete")
    (left,) = [path for path in edge.documents.held if path.startswith("outbox/")]
    sweep(edge)
    envelope = edge.publisher.sent[0]
    assert isinstance(envelope.fact, BronzeObjectLanded)
    assert (envelope.causation_id, envelope.source) == ("event-1", "//ripple/functions/land_object")
    assert left not in edge.documents.held


def test_a_fact_that_may_be_on_its_way_is_left_alone() -> None:
    edge = FakeEdge()
    land_one(edge, dies_before="delete")
    edge.publisher.sent.clear()
    send_leftovers(cause("tick-1", NOW + dt.timedelta(seconds=30)), edge)  # type: ignore[arg-type]
    assert edge.publisher.sent == []
    assert [path for path in edge.documents.held if path.startswith("outbox/")]


def test_a_lost_finalize_is_reported_with_how_to_mend_it() -> None:
    edge = FakeEdge()
    stored = put(edge, GOOD)
    (stalled,) = sweep(edge)
    assert isinstance(stalled, RunStalled)
    assert (stalled.stalled, stalled.expected) == (stored.ref.uri, "bronze.object.landed.v1")
    assert f"{NAME} is never claimed" in stalled.reason
    assert f"ripple replay --object {stored.ref.uri}" in stalled.reason


def test_a_claim_whose_handler_died_is_reported() -> None:
    edge = FakeEdge()
    land_one(edge, dies_before="run")
    (stalled,) = sweep(edge)
    assert "claimed, not landed" in stalled.reason


def test_the_same_loss_is_the_same_fact_at_every_sweep() -> None:
    edge = FakeEdge()
    put(edge, GOOD)
    assert sweep(edge)[0].id == sweep(edge, dt.timedelta(hours=1))[0].id


def test_files_that_wait_while_no_run_is_live_are_told_again() -> None:
    edge = FakeEdge()
    landed = land_one(edge)
    assert sweep(edge) == [landed]


def test_all_is_silent_when_nothing_was_lost() -> None:
    edge = FakeEdge()
    start_run(edge)
    assert sweep(edge) == []


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_run_that_ended_without_a_word_is_stated_as_failed_at_once(state: str) -> None:
    edge = FakeEdge()
    start_run(edge)
    edge.executions.states["executions/1"] = state
    (failed,) = sweep(edge)
    assert isinstance(failed, EltRunFailed)
    assert (failed.batch, failed.epoch, failed.state) == (1, 1, state)


def test_a_run_past_its_lease_is_cancelled_first_and_stated_as_failed_next_time() -> None:
    edge = FakeEdge()
    start_run(edge)
    assert sweep(edge, dt.timedelta(hours=2)) == []
    assert edge.executions.cancelled == ["executions/1"]
    (failed,) = sweep(edge, dt.timedelta(hours=2, minutes=5))
    assert failed.state == "CANCELLED"


def test_a_run_that_was_never_started_is_stated_as_failed_once_its_lease_is_over() -> None:
    edge = FakeEdge()
    start_run(edge)
    edge.documents.held["batches/1"]["execution"] = ""
    assert sweep(edge) == []
    (failed,) = sweep(edge, dt.timedelta(hours=2))
    assert (failed.execution, failed.state) == ("none", "UNAVAILABLE")


def test_an_object_that_is_young_is_left_to_its_handler() -> None:
    edge = FakeEdge()
    put(edge, GOOD)
    assert sweep(edge, dt.timedelta(minutes=4)) == []


def train_on(edge: FakeEdge, batch: int = 1) -> str:
    """The job of a batch that is trained on."""
    edge.objects.put("ripple-test-models", "spec.json", b"{}")
    run = EltRunSucceeded(
        batch=batch,
        epoch=batch,
        execution="x",
        invocation="i",
        snapshot_uri="gs://ripple-test-features/snapshots/batch=1/",
        dataset_version=f"version-{batch}",
        train_rows=1,
        test_rows=1,
        score_rows=1,
    )
    start_training(run, cause(run.id), edge)  # type: ignore[arg-type]
    return str(edge.documents.held[f"trainings/{batch}"].get("job", ""))


@pytest.mark.parametrize(
    ("state", "outcome"), [("FAILED", "failed"), ("MISSING", "failed"), ("CANCELLED", "cancelled")]
)
def test_a_training_job_that_ended_in_silence_is_stated(state: str, outcome: str) -> None:
    edge = FakeEdge()
    job = train_on(edge)
    edge.pipeline_jobs.states[job] = state
    (finished,) = sweep(edge)
    assert isinstance(finished, TrainingJobFinished)
    assert (finished.job, finished.state, finished.outcome) == (job, "failed", outcome)
    start_training(finished, cause(finished.id), edge)  # type: ignore[arg-type]
    assert sweep(edge) == []


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "SUCCEEDED"])
def test_a_training_job_that_is_well_is_left_alone(state: str) -> None:
    edge = FakeEdge()
    edge.pipeline_jobs.states[train_on(edge)] = state
    assert sweep(edge) == []


def test_a_dataset_skipped_for_a_run_that_was_parked_is_told_again_and_trained() -> None:
    edge = FakeEdge()
    run = {"batch": 2, "epoch": 9, "lease_until": NOW, "cause": "c", "execution": ""}
    head = {"run": run, "epoch": 9, "next": 3, "replays": []}
    edge.documents.held["elt/head"] = head
    assert train_on(edge) == ""
    edge.documents.held["elt/head"] = head | {"run": None}
    (told,) = sweep(edge)
    assert isinstance(told, EltRunSucceeded)
    start_training(told, cause(told.id), edge)  # type: ignore[arg-type]
    assert edge.documents.held["trainings/1"]["train"]
    assert sweep(edge) == []

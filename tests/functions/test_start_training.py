"""One job per dataset version, spec and attempt; a dataset that is about to be replaced is not trained on."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from typing import Any

import pytest

from functions.start_training.deciding import job_id
from functions.start_training.stage import react
from ripple.errors import PermanentError
from ripple.wire.events import EltRunSucceeded, Fact, ReplayRunStarted, TrainingJobFinished, TrainingJobSubmitted
from tests.functions.fakes import CrashError, FakeEdge, cause
from tests.ripple.state.golden import hold

SPEC = b'{"pipelineInfo": {"name": "train-repeat-purchase"}}'
RUN = EltRunSucceeded(
    batch=3,
    epoch=4,
    execution="x",
    invocation="i",
    snapshot_uri="gs://ripple-test-features/snapshots/batch=3/",
    dataset_version="abc123",
    train_rows=10,
    test_rows=10,
    score_rows=10,
)


def an_edge() -> FakeEdge:
    edge = FakeEdge()
    edge.objects.put("ripple-test-models", "spec.json", SPEC)
    return edge


def deliver(edge: FakeEdge, fact: Fact, event: str = "event-1") -> None:
    react(fact, cause(event), edge)


def retrain(replay: str, batch: str = "3") -> ReplayRunStarted:
    return ReplayRunStarted(replay_id=replay, kind="training", targets=(batch,))


def hold_head(edge: FakeEdge, batch: int) -> None:
    run = {"batch": batch, "epoch": 9, "lease_until": edge.documents.now, "cause": "c", "execution": ""}
    edge.documents.held["elt/head"] = {"run": run, "epoch": 9, "next": batch + 1, "replays": []}


def test_a_job_bears_the_time_at_which_it_was_decided_also_when_it_is_stated_again() -> None:
    edge = an_edge()
    decided = edge.documents.now
    for hours in (-1, 1):
        react(RUN, cause("event-1", decided + dt.timedelta(hours=hours)), edge)
        edge.documents.clock = lambda: decided + dt.timedelta(hours=1)
    assert [envelope.time for envelope in edge.publisher.sent] == [decided, decided]


def test_a_dataset_is_trained_on_and_said_so() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    digest = hashlib.sha256(SPEC).hexdigest()
    job = job_id("abc123", digest, 1)
    assert edge.publisher.facts() == [
        TrainingJobSubmitted(job=job, batch=3, dataset_version="abc123", spec_digest=digest, attempt=1)
    ]
    parameters: Any = edge.pipeline_jobs.submitted[job]["parameters"]
    assert parameters["snapshot_uri"] == RUN.snapshot_uri
    assert parameters["truth_uri"] == ""
    record = edge.documents.held["trainings/3"]
    assert (record["train"], record["job"]) == (True, job)


def test_the_same_dataset_version_gives_the_same_job() -> None:
    edge = an_edge()
    deliver(edge, RUN, "event-1")
    deliver(edge, RUN, "event-2")
    deliver(edge, dataclasses.replace(RUN, batch=4), "event-3")
    assert len(edge.pipeline_jobs.submitted) == 1
    assert len({fact.id for fact in edge.publisher.facts()}) == 1


def test_a_batch_that_brings_the_same_dataset_waits_for_no_job_of_its_own() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    deliver(edge, dataclasses.replace(RUN, batch=4), "event-2")
    record = edge.documents.held["trainings/4"]
    assert (record["train"], current_job(edge) in record["reason"]) == (False, True)
    deliver(edge, retrain("r-1", "4"))
    assert [fact.attempt for fact in edge.publisher.facts()] == [1, 2]


def test_another_dataset_or_spec_gives_another_job() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    deliver(edge, dataclasses.replace(RUN, dataset_version="def456"))
    edge.objects.put("ripple-test-models", "spec.json", b"{}")
    deliver(edge, RUN)
    assert len(edge.pipeline_jobs.submitted) == 3


@pytest.mark.parametrize("empty", ["train_rows", "test_rows"])
def test_a_dataset_without_a_full_label_window_is_skipped(empty: str) -> None:
    edge = an_edge()
    deliver(edge, dataclasses.replace(RUN, **{empty: 0}))  # type: ignore[arg-type]
    assert_skipped(edge, "no customers with a full label window")


def test_a_dataset_that_a_live_run_will_replace_is_skipped() -> None:
    edge = an_edge()
    hold_head(edge, 4)
    deliver(edge, RUN)
    assert_skipped(edge, "superseded: batch 4 is running")


def test_a_dataset_that_waiting_files_will_replace_is_skipped() -> None:
    edge = an_edge()
    hold(edge.documents, "files", "a", state="landed", batch=None)
    deliver(edge, RUN)
    assert_skipped(edge, "superseded: landed files wait")


def assert_skipped(edge: FakeEdge, reason: str) -> None:
    assert (edge.pipeline_jobs.submitted, edge.publisher.sent) == ({}, [])
    record = edge.documents.held["trainings/3"]
    assert record["train"] is False
    assert reason in record["reason"]


def test_a_run_that_still_holds_the_head_does_not_supersede_itself() -> None:
    edge = an_edge()
    hold_head(edge, 3)
    deliver(edge, RUN)
    assert len(edge.pipeline_jobs.submitted) == 1


def test_a_replay_trains_again_under_the_next_attempt_once() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    for replay in ("r-1", "r-1", "r-2"):
        finish(edge, current_job(edge), "succeeded", "promoted")
        deliver(edge, retrain(replay))
    assert [fact.attempt for fact in edge.publisher.facts()] == [1, 2, 2, 3]
    assert len(edge.pipeline_jobs.submitted) == 3


def test_a_replay_trains_what_was_skipped() -> None:
    edge = an_edge()
    hold_head(edge, 4)
    deliver(edge, RUN)
    deliver(edge, retrain("r-1"))
    assert edge.documents.held["trainings/3"]["train"] is True


def test_replays_at_once_train_once() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    finish(edge, current_job(edge), "succeeded", "kept_champion")
    for replay in ("r-1", "r-2", "r-1"):
        deliver(edge, retrain(replay))
    assert [fact.attempt for fact in edge.publisher.facts()] == [1, 2, 2, 2]
    assert len(edge.pipeline_jobs.submitted) == 2


def test_a_replay_while_the_first_job_is_under_way_joins_it() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    deliver(edge, retrain("r-1"))
    assert len(edge.pipeline_jobs.submitted) == 1


def test_a_crash_between_the_attempt_and_its_job_is_finished_by_the_retry() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    finish(edge, current_job(edge), "succeeded", "kept_champion")
    edge.documents.dies_before.append("delete")
    with pytest.raises(CrashError):
        deliver(edge, retrain("r-1"))
    deliver(edge, retrain("r-1"))
    assert [fact.attempt for fact in edge.publisher.facts()] == [1, 2, 2]
    assert current_job(edge) in edge.pipeline_jobs.submitted


@pytest.mark.parametrize("skipped", [True, False])
def test_a_dataset_that_comes_after_a_later_one_is_not_trained_on(skipped: bool) -> None:
    edge = an_edge()
    if skipped:
        hold_head(edge, 4)
        deliver(edge, RUN)
    edge.documents.held["elt/head"] = {"run": None, "epoch": 9, "next": 5, "replays": []}
    deliver(edge, dataclasses.replace(RUN, batch=4, dataset_version="newer"))
    deliver(edge, RUN, "delivered again")
    assert [fact.batch for fact in edge.publisher.facts()] == [4]
    assert "batch 4 came later" in edge.documents.held["trainings/3"]["reason"]


def test_a_replay_that_names_no_number_can_never_work() -> None:
    with pytest.raises(PermanentError, match="event_malformed"):
        deliver(an_edge(), retrain("r-1", "three"))


def test_a_replay_of_an_unknown_batch_is_refused() -> None:
    with pytest.raises(PermanentError, match="batch_unknown"):
        deliver(an_edge(), retrain("r-1"))


def test_a_replay_of_objects_is_none_of_its_business() -> None:
    edge = an_edge()
    deliver(edge, ReplayRunStarted(replay_id="r", kind="object", targets=("gs://a/b",)))
    assert edge.publisher.sent == []


def test_without_a_spec_the_run_is_refused() -> None:
    with pytest.raises(PermanentError, match="object_missing"):
        deliver(FakeEdge(), RUN)


def finish(edge: FakeEdge, job: str, state: str = "failed", outcome: str = "failed") -> None:
    end = TrainingJobFinished(
        job=job, batch=3, dataset_version="abc123", state=state, outcome=outcome, reason="killed", metrics={}
    )
    deliver(edge, end, f"end-{job}")


def current_job(edge: FakeEdge) -> str:
    return str(edge.documents.held["trainings/3"]["job"])


def test_a_failed_job_is_tried_again_under_the_next_attempt_once() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    first = current_job(edge)
    finish(edge, first)
    finish(edge, first)
    assert {fact.attempt for fact in edge.publisher.facts(TrainingJobSubmitted)} == {1, 2}
    assert len(edge.pipeline_jobs.submitted) == 2
    assert current_job(edge) != first


def test_a_dataset_whose_job_fails_three_times_is_left_to_people() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    for _ in range(4):
        finish(edge, current_job(edge))
    assert len(edge.pipeline_jobs.submitted) == 3
    record = edge.documents.held["trainings/3"]
    assert (record["ended"], record["outcome"], record["ending"]) == (True, "failed", "killed")


@pytest.mark.parametrize(("state", "outcome"), [("succeeded", "promoted"), ("failed", "cancelled")])
def test_a_job_that_ended_as_it_should_is_not_tried_again(state: str, outcome: str) -> None:
    edge = an_edge()
    deliver(edge, RUN)
    finish(edge, current_job(edge), state, outcome)
    record = edge.documents.held["trainings/3"]
    assert (record["ended"], record["outcome"], len(edge.pipeline_jobs.submitted)) == (True, outcome, 1)


def test_the_end_of_a_job_of_no_batch_is_none_of_its_business() -> None:
    edge = an_edge()
    finish(edge, "train-by-hand")
    assert edge.pipeline_jobs.submitted == {}


def test_a_second_delivery_of_the_run_does_not_undo_an_attempt() -> None:
    edge = an_edge()
    deliver(edge, RUN)
    finish(edge, current_job(edge))
    second = current_job(edge)
    deliver(edge, RUN, "event-2")
    assert (current_job(edge), len(edge.pipeline_jobs.submitted)) == (second, 2)


def a_capped_edge(jobs_per_day: int) -> FakeEdge:
    edge = an_edge()
    edge.settings = dataclasses.replace(edge.settings, training_jobs_per_day=jobs_per_day)
    return edge


def bring(edge: FakeEdge, batch: int) -> None:
    """A later batch brings another dataset."""
    edge.documents.held["elt/head"] = {"run": None, "epoch": batch, "next": batch + 1, "replays": []}
    deliver(edge, dataclasses.replace(RUN, batch=batch, dataset_version=f"v{batch}"), f"event-{batch}")


def test_beyond_the_jobs_of_a_day_a_dataset_is_deferred_and_it_is_said_until_when() -> None:
    edge = a_capped_edge(2)
    for batch in (3, 4, 5):
        bring(edge, batch)
    assert [fact.batch for fact in edge.publisher.facts()] == [3, 4]
    record = edge.documents.held["trainings/5"]
    assert (record["train"], record["deferred"]) == (False, True)
    assert "the day has had its 2 training jobs" in record["reason"]
    assert "the newest at 2026-03-02T12:00:00Z" in record["reason"]


def test_a_second_delivery_of_a_run_counts_no_second_job() -> None:
    edge = a_capped_edge(2)
    for event in ("event-1", "event-2", "event-3"):
        deliver(edge, RUN, event)
    assert len(edge.documents.held["training/head"]["noted"]) == 1


def test_retries_and_replays_count_in_the_day_and_are_not_deferred() -> None:
    edge = a_capped_edge(3)
    deliver(edge, RUN)
    finish(edge, current_job(edge))
    finish(edge, current_job(edge), "succeeded", "promoted")
    deliver(edge, retrain("r-1"))
    deliver(edge, retrain("r-1"))
    assert len(edge.documents.held["training/head"]["noted"]) == 3
    bring(edge, 4)
    assert edge.documents.held["trainings/4"]["deferred"] is True
    finish(edge, current_job(edge), "succeeded", "promoted")
    deliver(edge, retrain("r-2"))
    assert [fact.attempt for fact in edge.publisher.facts()] == [1, 2, 3, 3, 4]


def test_a_replay_trains_what_was_deferred() -> None:
    edge = a_capped_edge(1)
    bring(edge, 3)
    bring(edge, 4)
    deliver(edge, retrain("r-1", "4"))
    record = edge.documents.held["trainings/4"]
    assert (record["train"], record["deferred"], len(edge.pipeline_jobs.submitted)) == (True, False, 2)


def test_where_files_never_stop_coming_a_dataset_is_trained_on_while_the_hour_allows_no_run() -> None:
    edge = an_edge()
    edge.settings = dataclasses.replace(edge.settings, elt_runs_per_hour=1)
    hold(edge.documents, "files", "a", state="landed", batch=None)
    starts = {"noted": [edge.documents.now - dt.timedelta(minutes=61)], "most": 1}
    edge.documents.held["elt/head"] = {"run": None, "epoch": 3, "next": 4, "replays": [], "starts": starts}
    deliver(edge, RUN)
    assert_skipped(edge, "superseded: landed files wait")
    starts["noted"] = [edge.documents.now - dt.timedelta(minutes=10)]
    deliver(edge, RUN, "event-2")
    assert len(edge.pipeline_jobs.submitted) == 1

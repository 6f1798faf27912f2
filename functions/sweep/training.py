"""Training jobs that ended in silence or never began, and datasets that wait for a run which never came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from ripple.handling.stating import Cause, send, state_as
from ripple.ports import Document
from ripple.ports.holders import CapPorts, HasDocuments, HasPipelineJobs, StatingPorts
from ripple.state.caps import DAY, read_starts, rests_until
from ripple.state.elt_runs import Head, read_head
from ripple.wire.events import EltRunSucceeded, Fact, TrainingJobFinished

GRACE = dt.timedelta(minutes=1)
_LOOK_BACK = 20


class TrainingPorts(StatingPorts, HasPipelineJobs, Protocol):
    """Training jobs, and the word of how they ended."""


class RevivalPorts(StatingPorts, CapPorts, Protocol):
    """Datasets that nobody trained on, and whether a job may start."""


def end_silent_training(now: dt.datetime, cause: Cause, edge: TrainingPorts) -> None:
    """A job that died with its exit task states nothing; `start_training` hears it from here and tries again.

    One that is missing was decided and never submitted: the run that it is for is told again.
    """
    for _, record in edge.documents.find("trainings", {"train": True, "ended": False}, 100):
        if now - record["decided_at"] > GRACE:
            state = edge.pipeline_jobs.state(record["job"])
            fact: Fact | None = None
            if state == "MISSING":
                fact = EltRunSucceeded.from_data(record["run"])
            elif state in ("FAILED", "CANCELLED"):
                fact = describe_end(record, state)
            if fact:
                send([state_as(fact, "sweep", cause)], edge.publisher, edge.documents)


def describe_end(record: Document, state: str) -> TrainingJobFinished:
    run = EltRunSucceeded.from_data(record["run"])
    return TrainingJobFinished(
        job=record["job"],
        batch=run.batch,
        dataset_version=run.dataset_version,
        state="failed",
        outcome="cancelled" if state == "CANCELLED" else "failed",
        reason=f"the job said nothing, and is {state}",
        metrics={},
    )


def revive_training(now: dt.datetime, cause: Cause, edge: RevivalPorts) -> None:
    """The newest dataset was never heard of, was skipped for a run that was parked, or met the day's cap: tell it again."""
    head = read_head(edge.documents.get("elt/head"))
    if head.run or head.replays or edge.documents.find("files", {"state": "landed", "batch": None}, 1):
        return
    run = _newest_success(head, edge)
    if run is None:
        return
    known = edge.documents.get(f"trainings/{run['batch']}")
    if known is None or known.get("superseded") or (known.get("deferred") and _day_allows_job(now, edge)):
        fact = EltRunSucceeded.from_data(run)
        send([state_as(fact, "sweep", cause)], edge.publisher, edge.documents)


def _day_allows_job(now: dt.datetime, edge: CapPorts) -> bool:
    starts = read_starts(edge.documents.get("training/head"))
    return rests_until(starts, edge.settings.training_jobs_per_day, DAY, now) is None


def _newest_success(head: Head, edge: HasDocuments) -> Mapping[str, object] | None:
    """What the newest batch that is done said of itself; parked ones are passed over."""
    for number in range(head.next - 1, max(head.next - 1 - _LOOK_BACK, 0), -1):
        batch = edge.documents.get(f"batches/{number}") or {}
        if batch.get("state") == "done" and "succeeded" in batch:
            return batch["succeeded"]  # type: ignore[no-any-return]
    return None

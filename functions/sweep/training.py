"""Training jobs that ended in silence or never began, and datasets that wait for a run which never came."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from ripple.handling.stating import Cause, send, state_as
from ripple.ports.holders import CapPorts, HasDocuments, HasPipelineJobs, StatingPorts
from ripple.state.batches import BATCHES
from ripple.state.caps import DAY, rests_until
from ripple.state.files import is_any_waiting
from ripple.state.head import HEAD, Head
from ripple.state.training_head import TRAINING_HEAD
from ripple.state.trainings import TRAININGS
from ripple.wire.events import EltRunSucceeded, Fact, TrainingJobFinished

GRACE = dt.timedelta(minutes=1)
_LOOK_BACK = 20


class TrainingPorts(StatingPorts, HasPipelineJobs, Protocol):
    """Training jobs, and the word of how they ended."""


class RevivalPorts(StatingPorts, CapPorts, Protocol):
    """Datasets that nobody trained on, and whether a job may start."""


def end_silent_training(now: dt.datetime, cause: Cause, ports: TrainingPorts) -> None:
    """A job that died with its exit task states nothing; `start_training` receives it from here and tries again.

    One that is missing was decided and never submitted: the run that it is for is stated again.
    """
    for _, record in TRAININGS.find(ports.documents, 100, train=True, ended=False):
        if record.job and record.decided_at and now - record.decided_at > GRACE:
            state = ports.pipeline_jobs.state(record.job)
            fact: Fact | None = None
            if state == "MISSING":
                fact = record.run
            elif state in ("FAILED", "CANCELLED"):
                fact = describe_end(record.job, record.run, state)
            if fact:
                send([state_as(fact, "sweep", cause, now)], ports.publisher, ports.documents)


def describe_end(job: str, run: EltRunSucceeded, state: str) -> TrainingJobFinished:
    return TrainingJobFinished(
        job=job,
        batch=run.batch,
        dataset_version=run.dataset_version,
        state="failed",
        outcome="cancelled" if state == "CANCELLED" else "failed",
        reason=f"the job said nothing, and is {state}",
        metrics={},
    )


def revive_training(now: dt.datetime, cause: Cause, ports: RevivalPorts) -> None:
    """The newest dataset was never known, was skipped for a run that was parked, or met the day's cap: state it again."""
    head = HEAD.get(ports.documents)
    if head.run or head.replays or is_any_waiting(ports.documents):
        return
    run = _newest_success(head, ports)
    if run is None:
        return
    known = TRAININGS.get(ports.documents, run.batch)
    if known is None or known.superseded or (known.deferred and _day_allows_job(now, ports)):
        send([state_as(run, "sweep", cause, now)], ports.publisher, ports.documents)


def _day_allows_job(now: dt.datetime, ports: CapPorts) -> bool:
    starts = TRAINING_HEAD.get(ports.documents)
    return rests_until(starts, ports.settings.training_jobs_per_day, DAY, now) is None


def _newest_success(head: Head, ports: HasDocuments) -> EltRunSucceeded | None:
    """What the newest batch that is done said of itself; parked ones are passed over."""
    for number in range(head.next - 1, max(head.next - 1 - _LOOK_BACK, 0), -1):
        batch = BATCHES.get(ports.documents, number)
        if batch is not None and batch.state == "done" and batch.succeeded is not None:
            return batch.succeeded
    return None

"""Whether to train on a dataset, and under which attempt. Pure, but for what a transaction reads."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

from ripple.deployment.settings import Settings
from ripple.errors import PermanentError
from ripple.ports import Transaction
from ripple.replaying.gathering import find_later
from ripple.state.caps import DAY, HOUR, Starts, note_start, rests_until
from ripple.state.files import is_any_waiting
from ripple.state.head import HEAD
from ripple.state.training_head import TRAINING_HEAD
from ripple.state.trainings import TRAININGS, TrainingRecord
from ripple.wire.events import EltRunSucceeded, TrainingJobFinished

ATTEMPTS = 3
"""Machines die, servers are away for a moment: a failed job is tried so often before a person is asked."""
_REMEMBERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDecision:
    """Whether to train on a dataset version, and why or why not; kept for who asks later.

    A superseded one may come back, and so may one that was deferred because the day has had its jobs.
    """

    train: bool
    reason: str
    superseded: bool = False
    deferred: bool = False


def decide_in(
    transaction: Transaction, run: EltRunSucceeded, digest: str, now: dt.datetime, settings: Settings
) -> TrainingDecision:
    """The decision on what an ELT run made, by the state as this transaction reads it."""
    twin = _find_twin(transaction, run, digest)
    decision = twin or _decide_by_state(transaction, run, now, settings.elt_runs_per_hour)
    if not decision.train:
        return decision
    return defer(decision, TRAINING_HEAD.get(transaction), settings.training_jobs_per_day, now)


def _decide_by_state(
    transaction: Transaction, run: EltRunSucceeded, now: dt.datetime, runs_per_hour: int
) -> TrainingDecision:
    head = HEAD.get(transaction)
    # While the hour allows no run, waiting files replace nothing: where files never stop coming, that is when to train.
    rests = rests_until(head.starts, runs_per_hour, HOUR, now)
    files_wait = not rests and is_any_waiting(transaction)
    later = find_later(run.batch, head.next, transaction)
    live_batch = head.run.batch if head.run else None
    return decide(run, live_batch, files_wait, later)


def defer(decision: TrainingDecision, starts: Starts, jobs_per_day: int, now: dt.datetime) -> TrainingDecision:
    """Pure. The decision to train, put off if the day has had its jobs: what is the newest when it allows one, trains."""
    moment = rests_until(starts, jobs_per_day, DAY, now)
    if moment is None:
        return decision
    reason = (
        f"deferred: the day has had its {jobs_per_day} training jobs; "
        f"the dataset that is the newest at {moment:%Y-%m-%dT%H:%M:%SZ} is trained on then"
    )
    return TrainingDecision(train=False, deferred=True, reason=reason)


def note_job(transaction: Transaction, jobs_per_day: int, now: dt.datetime) -> None:
    """A job was decided on: it counts in its day, whoever asked for it."""
    if jobs_per_day:
        starts = TRAINING_HEAD.get(transaction)
        TRAINING_HEAD.set(transaction, note_start(starts, jobs_per_day, now))


def _find_twin(transaction: Transaction, run: EltRunSucceeded, digest: str) -> TrainingDecision | None:
    """Another batch may have brought the very same dataset: its job stands, and how that ends is stated of that batch."""
    job = job_id(run.dataset_version, digest, 1)
    twins = [number for number, _ in TRAININGS.find(transaction, 2, job=job) if number != str(run.batch)]
    reason = f"batch {twins[0]} brought the same dataset, and job {job} trained on it" if twins else ""
    return TrainingDecision(train=False, reason=reason) if twins else None


def decide(
    run: EltRunSucceeded, live_batch: int | None, files_wait: bool, later: int | None = None
) -> TrainingDecision:
    """Pure. A dataset that a later run has replaced, or is about to, is not worth a job: the last one always is."""
    if later is not None:
        return TrainingDecision(
            train=False, reason=f"batch {later} came later; its dataset is newer than that of {run.batch}"
        )
    if not run.train_rows or not run.test_rows:
        return TrainingDecision(train=False, reason=f"batch {run.batch} has no customers with a full label window yet")
    if live_batch is not None and live_batch > run.batch:
        reason = f"superseded: batch {live_batch} is running and will bring newer data"
        return TrainingDecision(train=False, superseded=True, reason=reason)
    if files_wait:
        reason = "superseded: landed files wait for the next run, which will train"
        return TrainingDecision(train=False, superseded=True, reason=reason)
    return TrainingDecision(train=True, reason=f"dataset {run.dataset_version} is the newest")


def decide_again(
    record: TrainingRecord | None, batch: int, replay: str, digest: str, now: dt.datetime
) -> TrainingRecord:
    """The record as a replay leaves it: it joins a job that is under way; its second delivery starts none. Pure."""
    if record is None:
        raise PermanentError("batch_unknown", f"no ELT run of batch {batch} has succeeded", "see `ripple runs`")
    if replay in record.replays:
        return record
    record = replace(record, replays=(*record.replays, replay)[-_REMEMBERED:])
    if record.is_under_way:
        return record
    # The first attempt is the dataset's own: another batch that brought the same may have made it.
    attempt = (record.attempts or 1) + 1
    again = replace(record, train=True, superseded=False, deferred=False, reason=f"replay {replay}")
    return with_job(again, digest, attempt, now)


def decide_after(end: TrainingJobFinished, record: TrainingRecord, digest: str, now: dt.datetime) -> TrainingRecord:
    """The record when its job has ended: for good, or with the next attempt under way. Pure."""
    attempt = (record.attempts or 1) + 1
    if end.state == "succeeded" or end.outcome == "cancelled" or attempt > ATTEMPTS:
        return replace(record, ended=True, outcome=end.outcome, ending=end.reason)
    return with_job(replace(record, failure=end.reason, failed_job=end.job), digest, attempt, now)


def with_job(record: TrainingRecord, digest: str, attempt: int, now: dt.datetime) -> TrainingRecord:
    """The record with a job that is to run. Pure."""
    job = job_id(record.run.dataset_version, digest, attempt)
    return replace(record, job=job, attempts=attempt, spec_digest=digest, decided_at=now, ended=False)


def job_id(dataset_version: str, spec_digest: str, attempt: int) -> str:
    """`train-` and 32 hex digits: Vertex AI takes `[a-z][-a-z0-9]{0,127}`."""
    return "train-" + hashlib.sha256(f"{dataset_version}|{spec_digest}|{attempt}".encode()).hexdigest()[:32]

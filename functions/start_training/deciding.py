"""Whether to train on a dataset, and under which attempt. Pure, but for what a transaction reads."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from ripple.deployment.settings import Settings
from ripple.errors import PermanentError
from ripple.ports import Document, Transaction
from ripple.replaying.gathering import find_later
from ripple.state.caps import DAY, HOUR, Starts, note_start, read_starts, rests_until, write_starts
from ripple.state.elt_runs import read_head
from ripple.wire.events import EltRunSucceeded, TrainingJobFinished

ATTEMPTS = 3
"""Machines die, servers are away for a moment: a failed job is tried so often before a person is asked."""
HEAD = "training/head"
"""When jobs were decided on lately: what the cap on a day's jobs goes by."""
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
    return defer(decision, read_starts(transaction.get(HEAD)), settings.training_jobs_per_day, now)


def _decide_by_state(
    transaction: Transaction, run: EltRunSucceeded, now: dt.datetime, runs_per_hour: int
) -> TrainingDecision:
    head = read_head(transaction.get("elt/head"))
    # While the hour allows no run, waiting files replace nothing: where files never stop coming, that is when to train.
    rests = rests_until(head.starts, runs_per_hour, HOUR, now)
    waiting = [] if rests else transaction.find("files", {"state": "landed", "batch": None}, 1)
    later = find_later(run.batch, head.next, transaction.get)
    live_batch = head.run.batch if head.run else None
    return decide(run, live_batch, bool(waiting), later)


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
        starts = read_starts(transaction.get(HEAD))
        transaction.set(HEAD, write_starts(note_start(starts, jobs_per_day, now)))


def _find_twin(transaction: Transaction, run: EltRunSucceeded, digest: str) -> TrainingDecision | None:
    """Another batch may have brought the very same dataset: its job stands, and how that ends is told of that batch."""
    job = job_id(run.dataset_version, digest, 1)
    twins = [number for number, _ in transaction.find("trainings", {"job": job}, 2) if number != str(run.batch)]
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


def decide_again(record: Document | None, batch: int, replay: str, digest: str, now: dt.datetime) -> Document:
    """The record as a replay leaves it: it joins a job that is under way; its second telling starts none. Pure."""
    if record is None:
        raise PermanentError("batch_unknown", f"no ELT run of batch {batch} has succeeded", "see `ripple runs`")
    asked = list(record.get("replays", ()))
    if replay in asked:
        return record
    record = record | {"replays": [*asked, replay][-_REMEMBERED:]}
    if is_under_way(record):
        return record
    # The first attempt is the dataset's own: another batch that brought the same may have made it.
    run, attempt = EltRunSucceeded.from_data(record["run"]), int(record.get("attempts", 1)) + 1
    again = {"train": True, "superseded": False, "deferred": False, "reason": f"replay {replay}"}
    return record | again | under_way(run, digest, attempt, now)


def decide_after(end: TrainingJobFinished, record: Document, digest: str, now: dt.datetime) -> Document:
    """What changes in the record when its job has ended. Pure."""
    attempt = int(record["attempts"]) + 1
    if end.state == "succeeded" or end.outcome == "cancelled" or attempt > ATTEMPTS:
        return {"ended": True, "outcome": end.outcome, "ending": end.reason}
    run = EltRunSucceeded.from_data(record["run"])
    return {"failure": end.reason, "failed_job": end.job} | under_way(run, digest, attempt, now)


def is_under_way(record: Document) -> bool:
    """Whether a job was decided on for the dataset and nobody has said how it ended."""
    return bool(record["train"]) and not record.get("ended", True)


def under_way(run: EltRunSucceeded, digest: str, attempt: int, now: dt.datetime) -> Document:
    """What a record says of the job that is to run."""
    job = job_id(run.dataset_version, digest, attempt)
    return {"job": job, "attempts": attempt, "spec_digest": digest, "decided_at": now, "ended": False}


def job_id(dataset_version: str, spec_digest: str, attempt: int) -> str:
    """`train-` and 32 hex digits: Vertex AI takes `[a-z][-a-z0-9]{0,127}`."""
    return "train-" + hashlib.sha256(f"{dataset_version}|{spec_digest}|{attempt}".encode()).hexdigest()[:32]

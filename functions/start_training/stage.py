"""Submit the compiled pipeline for a dataset version, with an id that makes a second submit harmless; again if it fails."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass

from ripple.elt_state import read_head
from ripple.errors import PermanentError
from ripple.events import EltRunSucceeded, ReplayRunStarted, TrainingJobFinished, TrainingJobSubmitted
from ripple.gateways.edge import Edge
from ripple.paths import split_uri
from ripple.ports import Document, Transaction
from ripple.shell import Payload
from ripple.stating import Cause, send, state_as

STAGE = "start_training"
ATTEMPTS = 3
"""Machines die, servers are away for a moment: a failed job is tried so often before a person is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether to train on a dataset version, and why or why not; kept for who asks later. A superseded one may come back."""

    train: bool
    reason: str
    superseded: bool = False


def react(payload: Payload, cause: Cause, edge: Edge) -> None:
    """Train on what an ELT run made, or again on what a batch made, or again where training failed."""
    if isinstance(payload, EltRunSucceeded):
        _react_to_run(payload, cause, edge)
    elif isinstance(payload, TrainingJobFinished):
        _react_to_end(payload, cause, edge)
    elif isinstance(payload, ReplayRunStarted) and payload.kind == "training":
        for target in payload.targets:
            _retrain(int(target), payload.replay_id, cause, edge)


def _react_to_run(run: EltRunSucceeded, cause: Cause, edge: Edge) -> None:
    """Decide and record in one transaction, then submit: whoever comes second finds the first one's decision."""
    digest = _read_spec(edge)[1]

    def work(transaction: Transaction, now: dt.datetime) -> Document:
        path = f"trainings/{run.batch}"
        known = transaction.get(path)
        if known is not None and known["train"] and known["run"]["dataset_version"] == run.dataset_version:
            # A second telling, perhaps with newer files waiting by now: what was decided stands.
            return known
        head = read_head(transaction.get("elt/head"))
        waiting = transaction.find("files", {"state": "landed", "batch": None}, 1)
        decision = decide(run, head.run.batch if head.run else None, bool(waiting))
        record: Document = {**asdict(decision), "run": run.data()}
        if decision.train:
            record |= _under_way(run, digest, 1, now)
        transaction.set(path, record)
        return record

    record = edge.documents.run(work)
    if record["train"]:
        submit(record, cause, edge)


def decide(run: EltRunSucceeded, live_batch: int | None, files_wait: bool) -> Decision:
    """Pure. A dataset that a later run is about to replace is not worth a job: the last one always is."""
    if not run.train_rows or not run.test_rows:
        return Decision(train=False, reason=f"batch {run.batch} has no customers with a full label window yet")
    if live_batch is not None and live_batch > run.batch:
        reason = f"superseded: batch {live_batch} is running and will bring newer data"
        return Decision(train=False, superseded=True, reason=reason)
    if files_wait:
        reason = "superseded: landed files wait for the next run, which will train"
        return Decision(train=False, superseded=True, reason=reason)
    return Decision(train=True, reason=f"dataset {run.dataset_version} is the newest")


def _retrain(batch: int, replay_id: str, cause: Cause, edge: Edge) -> None:
    """A replay trains again under the next attempt; which one, the replay's id decides once."""
    digest = _read_spec(edge)[1]

    def work(transaction: Transaction, now: dt.datetime) -> Document:
        path = f"trainings/{batch}"
        record = transaction.get(path)
        if record is None:
            raise PermanentError("batch_unknown", f"no ELT run of batch {batch} has succeeded", "see `ripple runs`")
        if replay_id in record.get("replays", ()):
            return record
        run, attempt = EltRunSucceeded.from_data(record["run"]), int(record.get("attempts", 0)) + 1
        again = {"train": True, "superseded": False, "reason": f"replay {replay_id}"}
        again |= {"replays": [*record.get("replays", ()), replay_id][-100:]}
        record |= again | _under_way(run, digest, attempt, now)
        transaction.set(path, record)
        return record

    submit(edge.documents.run(work), cause, edge)


def _react_to_end(end: TrainingJobFinished, cause: Cause, edge: Edge) -> None:
    """Note how the newest job of a batch ended; one that failed is tried again under the next attempt."""
    digest = "" if end.state == "succeeded" else _read_spec(edge)[1]

    def work(transaction: Transaction, now: dt.datetime) -> Document | None:
        path = f"trainings/{end.batch}"
        record = transaction.get(path)
        if record is None or end.job not in (record.get("job"), record.get("failed_job")):
            return None
        if record["job"] == end.job:
            record |= _decide_after(end, record, digest, now)
            transaction.set(path, record)
        return record

    record = edge.documents.run(work)
    if record is not None and not record["ended"]:
        submit(record, cause, edge)


def _decide_after(end: TrainingJobFinished, record: Document, digest: str, now: dt.datetime) -> Document:
    """What changes in the record when its job has ended. Pure."""
    attempt = int(record["attempts"]) + 1
    if end.state == "succeeded" or end.outcome == "cancelled" or attempt > ATTEMPTS:
        return {"ended": True, "outcome": end.outcome, "ending": end.reason}
    run = EltRunSucceeded.from_data(record["run"])
    return {"failure": end.reason, "failed_job": end.job} | _under_way(run, digest, attempt, now)


def _under_way(run: EltRunSucceeded, digest: str, attempt: int, now: dt.datetime) -> Document:
    job = job_id(run.dataset_version, digest, attempt)
    return {"job": job, "attempts": attempt, "spec_digest": digest, "decided_at": now, "ended": False}


def _read_spec(edge: Edge) -> tuple[bytes, str]:
    """The compiled pipeline and its digest."""
    bucket, name = split_uri(edge.settings.pipeline_spec)
    spec = edge.objects.read(edge.objects.stat(bucket, name).ref)
    return spec, hashlib.sha256(spec).hexdigest()


def submit(record: Document, cause: Cause, edge: Edge) -> None:
    """Submit what was recorded, and state it. The id was recorded too, so that a second submit is none."""
    settings, run = edge.settings, EltRunSucceeded.from_data(record["run"])
    parameters = {
        "project": settings.project,
        "location": settings.location,
        "job": record["job"],
        "batch": run.batch,
        "dataset_version": run.dataset_version,
        "snapshot_uri": run.snapshot_uri,
        "models_bucket": settings.bucket("models"),
        "events_topic": f"projects/{settings.project}/topics/{settings.events_topic}",
        "correlation_id": cause.correlation_id,
        "causation_id": cause.event_id,
        "truth_uri": f"gs://{settings.bucket('control')}/truth/customers/" if settings.truth else "",
    }
    labels = {"ripple-batch": str(run.batch), "ripple-dataset": run.dataset_version[:63].lower()}
    edge.pipeline_jobs.submit(record["job"], json.loads(_read_spec(edge)[0]), parameters, labels)
    fact = TrainingJobSubmitted(
        job=record["job"],
        batch=run.batch,
        dataset_version=run.dataset_version,
        spec_digest=record["spec_digest"],
        attempt=int(record["attempts"]),
    )
    send([state_as(fact, STAGE, cause)], edge.publisher, edge.documents)


def job_id(dataset_version: str, spec_digest: str, attempt: int) -> str:
    """`train-` and 32 hex digits: Vertex AI takes `[a-z][-a-z0-9]{0,127}`."""
    return "train-" + hashlib.sha256(f"{dataset_version}|{spec_digest}|{attempt}".encode()).hexdigest()[:32]

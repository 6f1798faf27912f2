"""Submit the compiled pipeline for a dataset version, with an id that makes a second submit harmless; again if it fails."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from functions.start_training.retraining import Attempt, claim_attempt
from ripple.elt_state import read_head
from ripple.events import EltRunSucceeded, ReplayRunStarted, TrainingJobFinished, TrainingJobSubmitted
from ripple.gateways.edge import Edge
from ripple.paths import split_uri
from ripple.ports import Document
from ripple.replaying.gathering import find_later
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
        for batch in payload.batches():
            _retrain(batch, payload.replay_id, cause, edge)


def _react_to_run(run: EltRunSucceeded, cause: Cause, edge: Edge) -> None:
    known = edge.documents.get(f"trainings/{run.batch}")
    if known is not None and known["train"] and known["run"]["dataset_version"] == run.dataset_version:
        # A second telling, perhaps with newer files waiting by now: what was decided stands.
        submit(run, int(known["attempts"]), cause, edge)
        return
    head = read_head(edge.documents.get("elt/head"))
    waiting = edge.documents.find("files", {"state": "landed", "batch": None}, 1)
    later = find_later(run.batch, head.next, edge.documents.get)
    decision = find_twin(run, edge) or decide(run, head.run.batch if head.run else None, bool(waiting), later)
    record = {
        "train": decision.train,
        "reason": decision.reason,
        "superseded": decision.superseded,
        "run": run.data(),
        "attempts": 1,
    }
    if decision.train:
        record |= _under_way(submit(run, 1, cause, edge), cause)
    if not edge.documents.create(f"trainings/{run.batch}", record):
        edge.documents.update(f"trainings/{run.batch}", record)


def find_twin(run: EltRunSucceeded, edge: Edge) -> Decision | None:
    """Another batch may have brought the very same dataset: its job stands, and how that ends is told of that batch."""
    job = job_id(run.dataset_version, hashlib.sha256(_read_spec(edge)).hexdigest(), 1)
    twins = [number for number, _ in edge.documents.find("trainings", {"job": job}, 2) if number != str(run.batch)]
    reason = f"batch {twins[0]} brought the same dataset, and job {job} trained on it" if twins else ""
    return Decision(train=False, reason=reason) if twins else None


def decide(run: EltRunSucceeded, live_batch: int | None, files_wait: bool, later: int | None = None) -> Decision:
    """Pure. A dataset that a later run has replaced, or is about to, is not worth a job: the last one always is."""
    if later is not None:
        return Decision(train=False, reason=f"batch {later} came later; its dataset is newer than that of {run.batch}")
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
    """A replay trains again under the next attempt, or joins the job that is under way."""
    digest = hashlib.sha256(_read_spec(edge)).hexdigest()

    def name_job(attempt: Attempt) -> str:
        return job_id(attempt.run.dataset_version, digest, attempt.number)

    attempt = claim_attempt(batch, replay_id, name_job, cause, edge.documents)
    submit(attempt.run, attempt.number, cause, edge)


def _react_to_end(end: TrainingJobFinished, cause: Cause, edge: Edge) -> None:
    """Note how the newest job of a batch ended; one that failed is tried again under the next attempt."""
    path = f"trainings/{end.batch}"
    record = edge.documents.get(path)
    if record is None or record.get("job") != end.job:
        return
    attempt = int(record["attempts"]) + 1
    if end.state == "succeeded" or end.outcome == "cancelled" or attempt > ATTEMPTS:
        edge.documents.update(path, {"ended": True, "outcome": end.outcome, "ending": end.reason})
        return
    job = submit(EltRunSucceeded.from_data(record["run"]), attempt, cause, edge)
    edge.documents.update(path, {"attempts": attempt, "failure": end.reason} | _under_way(job, cause))


def _under_way(job: str, cause: Cause) -> Document:
    return {"job": job, "submitted_at": cause.time, "ended": False}


def submit(run: EltRunSucceeded, attempt: int, cause: Cause, edge: Edge) -> str:
    """Submit and state it; the job's id is a function of dataset version, spec and attempt."""
    settings = edge.settings
    spec = _read_spec(edge)
    digest = hashlib.sha256(spec).hexdigest()
    job = job_id(run.dataset_version, digest, attempt)
    parameters = {
        "project": settings.project,
        "location": settings.location,
        "job": job,
        "batch": run.batch,
        "dataset_version": run.dataset_version,
        "snapshot_uri": run.snapshot_uri,
        "models_bucket": settings.bucket("models"),
        "events_topic": f"projects/{settings.project}/topics/{settings.events_topic}",
        "correlation_id": cause.correlation_id,
        "causation_id": cause.event_id,
        "replay_of": cause.replay_of or "",
        "truth_uri": f"gs://{settings.bucket('control')}/truth/customers/" if settings.truth else "",
    }
    labels = {"ripple-batch": str(run.batch), "ripple-dataset": _label(run.dataset_version)}
    edge.pipeline_jobs.submit(job, json.loads(spec), parameters, labels)
    fact = TrainingJobSubmitted(
        job=job, batch=run.batch, dataset_version=run.dataset_version, spec_digest=digest, attempt=attempt
    )
    send([state_as(fact, STAGE, cause)], edge.publisher, edge.documents)
    return job


def _label(text: str) -> str:
    """Vertex AI's labels hold at most 63 of a-z, 0-9, `_` and `-`."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def _read_spec(edge: Edge) -> bytes:
    bucket, name = split_uri(edge.settings.pipeline_spec)
    return edge.objects.read(edge.objects.stat(bucket, name).ref)


def job_id(dataset_version: str, spec_digest: str, attempt: int) -> str:
    """`train-` and 32 hex digits: Vertex AI takes `[a-z][-a-z0-9]{0,127}`."""
    return "train-" + hashlib.sha256(f"{dataset_version}|{spec_digest}|{attempt}".encode()).hexdigest()[:32]

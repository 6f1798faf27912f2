"""Submit the compiled pipeline for a dataset version, with an id that makes a second submit harmless; again if it fails."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from typing import Protocol

from functions.start_training.deciding import (
    TrainingDecision,
    decide_after,
    decide_again,
    decide_in,
    note_job,
    with_job,
)
from ripple.handling.shell import Payload
from ripple.handling.stating import Cause, send, state_as
from ripple.ports import Transaction
from ripple.ports.holders import BucketPorts, HasPipelineJobs, HasSettings, StatingPorts
from ripple.state.trainings import TRAININGS, TrainingRecord
from ripple.wire.events import EltRunSucceeded, ReplayRunStarted, TrainingJobFinished, TrainingJobSubmitted
from ripple.wire.paths import split_uri

STAGE = "start_training"


class StartTrainingPorts(StatingPorts, BucketPorts, HasPipelineJobs, Protocol):
    """What `start_training` acts through."""


def react(payload: Payload, cause: Cause, ports: StartTrainingPorts) -> None:
    """Train on what an ELT run made, or again on what a batch made, or again where training failed."""
    if isinstance(payload, EltRunSucceeded):
        _react_to_run(payload, cause, ports)
    elif isinstance(payload, TrainingJobFinished):
        _react_to_end(payload, cause, ports)
    elif isinstance(payload, ReplayRunStarted) and payload.kind == "training":
        for batch in payload.batches():
            _retrain(batch, payload.replay_id, cause, ports)


def _react_to_run(run: EltRunSucceeded, cause: Cause, ports: StartTrainingPorts) -> None:
    """Decide and record in one transaction, then submit: whoever comes second finds the first one's decision."""
    digest = _read_spec(ports)[1]

    def work(transaction: Transaction, now: dt.datetime) -> TrainingRecord:
        known = TRAININGS.get(transaction, run.batch)
        if known is not None and known.train and known.run.dataset_version == run.dataset_version:
            # A second delivery, perhaps with newer files waiting by now: what was decided stands.
            return known
        record = _record_decision(decide_in(transaction, run, digest, now, ports.settings), run, digest, now)
        return _write_record(run.batch, known, record, transaction, ports, now)

    record = ports.documents.run(work)
    if record.train:
        submit(record, cause, ports)


def _record_decision(decision: TrainingDecision, run: EltRunSucceeded, digest: str, now: dt.datetime) -> TrainingRecord:
    record = TrainingRecord(
        train=decision.train,
        reason=decision.reason,
        superseded=decision.superseded,
        deferred=decision.deferred,
        run=run,
    )
    return with_job(record, digest, 1, now) if decision.train else record


def _write_record(
    batch: int,
    known: TrainingRecord | None,
    record: TrainingRecord,
    transaction: Transaction,
    ports: HasSettings,
    now: dt.datetime,
) -> TrainingRecord:
    """The record, and with a job that is new in it the day's count: both or neither."""
    if record.job and record.job != (known.job if known else None):
        note_job(transaction, ports.settings.training_jobs_per_day, now)
    TRAININGS.set(transaction, batch, record)
    return record


def _retrain(batch: int, replay_id: str, cause: Cause, ports: StartTrainingPorts) -> None:
    """A replay trains again under the next attempt, or joins the job that is under way."""
    digest = _read_spec(ports)[1]

    def work(transaction: Transaction, now: dt.datetime) -> TrainingRecord:
        known = TRAININGS.get(transaction, batch)
        record = decide_again(known, batch, replay_id, digest, now)
        return _write_record(batch, known, record, transaction, ports, now)

    submit(ports.documents.run(work), cause, ports)


def _react_to_end(end: TrainingJobFinished, cause: Cause, ports: StartTrainingPorts) -> None:
    """Note how the newest job of a batch ended; one that failed is tried again under the next attempt."""
    digest = "" if end.state == "succeeded" else _read_spec(ports)[1]

    def work(transaction: Transaction, now: dt.datetime) -> TrainingRecord | None:
        known = TRAININGS.get(transaction, end.batch)
        if known is None or end.job not in (known.job, known.failed_job):
            return None
        if known.job != end.job:
            return known
        return _write_record(end.batch, known, decide_after(end, known, digest, now), transaction, ports, now)

    record = ports.documents.run(work)
    if record is not None and not record.ended:
        submit(record, cause, ports)


def _read_spec(ports: BucketPorts) -> tuple[bytes, str]:
    """The compiled pipeline and its digest."""
    bucket, name = split_uri(ports.settings.pipeline_spec)
    spec = ports.objects.read(ports.objects.stat(bucket, name).ref)
    return spec, hashlib.sha256(spec).hexdigest()


def submit(record: TrainingRecord, cause: Cause, ports: StartTrainingPorts) -> None:
    """Submit what was recorded, and state it. The id was recorded too, so that a second submit is none."""
    settings, run = ports.settings, record.run
    job = str(record.job)
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
    ports.pipeline_jobs.submit(job, json.loads(_read_spec(ports)[0]), parameters, labels)
    fact = TrainingJobSubmitted(
        job=job,
        batch=run.batch,
        dataset_version=run.dataset_version,
        spec_digest=str(record.spec_digest),
        attempt=record.attempts or 1,
    )
    send([state_as(fact, STAGE, cause, record.decided_at)], ports.publisher, ports.documents)


def _label(text: str) -> str:
    """Vertex AI's labels hold at most 63 of a-z, 0-9, `_` and `-`."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]

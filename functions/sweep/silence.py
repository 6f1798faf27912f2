"""What did not come within its promise, and nobody can mend alone: stated once, with what was expected of whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ripple.handling.stating import Cause, send, state_as
from ripple.ports import Document
from ripple.ports.holders import HasDocuments, StatingPorts
from ripple.state.elt_runs import EltRun, read_head
from ripple.wire.events import RunStalled

TRAINING_PROMISE = dt.timedelta(hours=2)
"""Between the decision to train and the word of how it ended."""
_AT_ONCE = 100


def tell_silence(now: dt.datetime, cause: Cause, edge: StatingPorts) -> None:
    """Parked batches, a run past its lease, trainings past their promise. The record remembers what was told of it."""
    for path, record, stalled in _find_silent(now, edge):
        if record.get("stall_told") != stalled.since:
            send([state_as(stalled, "sweep", cause)], edge.publisher, edge.documents)
            edge.documents.update(path, {"stall_told": stalled.since})


def _find_silent(now: dt.datetime, edge: HasDocuments) -> Iterator[tuple[str, Document, RunStalled]]:
    for number, batch in edge.documents.find("batches", {"state": "parked"}, _AT_ONCE):
        yield f"batches/{number}", batch, describe_parked(number, batch)
    run = read_head(edge.documents.get("elt/head")).run
    if run and now >= run.lease_until:
        path = f"batches/{run.batch}"
        yield path, edge.documents.get(path) or {}, describe_overdue(run)
    for number, training in edge.documents.find("trainings", {"train": True, "ended": False}, _AT_ONCE):
        if now - training["decided_at"] > TRAINING_PROMISE:
            yield f"trainings/{number}", training, describe_training(number, training)


def describe_parked(number: str, batch: Document) -> RunStalled:
    """Pure."""
    return RunStalled(
        stalled=f"batches/{number}",
        expected="elt.run.succeeded.v1",
        of="workflows/run_elt",
        since=f"epoch {batch['epoch']}",
        reason=f"batch {number} is parked after {batch['attempts']} attempts, the last: {batch.get('reason', 'no reason')}; "
        f"mend the cause, then: ripple replay --batch {number}",
    )


def describe_overdue(run: EltRun) -> RunStalled:
    """Pure."""
    return RunStalled(
        stalled=f"batches/{run.batch}",
        expected="elt.run.succeeded.v1",
        of="workflows/run_elt",
        since=run.lease_until.isoformat(),
        reason=f"batch {run.batch} has run past its lease; its execution is ended and it is tried again",
    )


def describe_training(number: str, training: Document) -> RunStalled:
    """Pure."""
    return RunStalled(
        stalled=f"trainings/{number}",
        expected="training.job.finished.v1",
        of="pipelines/train_repeat_purchase",
        since=training["decided_at"].isoformat(),
        reason=f"job {training['job']} has said nothing of its end for {TRAINING_PROMISE.total_seconds() / 3600:g} hours; "
        "look at it in Vertex AI, cancel it if it hangs",
    )

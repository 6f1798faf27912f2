"""What did not come within its promise and needs a person: stated once, with what was expected of whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from ripple.handling.stating import Cause, send, state_as
from ripple.ports.holders import HasDocuments, StatingPorts
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.collection import Collection, Id
from ripple.state.head import HEAD, EltRun
from ripple.state.trainings import TRAININGS
from ripple.wire.events import RunStalled

TRAINING_PROMISE = dt.timedelta(hours=2)
"""Between the decision to train and the word of how it ended."""
_AT_ONCE = 100


def state_silence(now: dt.datetime, cause: Cause, ports: StatingPorts) -> None:
    """Parked batches, a run past its lease, trainings past their promise. The record remembers what was stated of it."""
    for collection, id, stated, stalled in _find_silent(now, ports):
        if stated != stalled.since:
            send([state_as(stalled, "sweep", cause, now)], ports.publisher, ports.documents)
            collection.update(ports.documents, id, stall_told=stalled.since)


def _find_silent(now: dt.datetime, ports: HasDocuments) -> Iterator[tuple[Collection[Any], Id, str | None, RunStalled]]:
    """`(collection, id, what was stated of it before, what is to be stated)`."""
    for number, batch in BATCHES.find(ports.documents, _AT_ONCE, state="parked"):
        yield BATCHES, number, batch.stall_told, describe_parked(number, batch)
    run = HEAD.get(ports.documents).run
    if run and now >= run.lease_until:
        live = BATCHES.expect(ports.documents, run.batch)
        yield BATCHES, run.batch, live.stall_told, describe_overdue(run)
    for number, training in TRAININGS.find(ports.documents, _AT_ONCE, train=True, ended=False):
        since = training.decided_at
        if since and now - since > TRAINING_PROMISE:
            yield TRAININGS, number, training.stall_told, describe_training(number, str(training.job), since)


def describe_parked(number: str, batch: BatchRecord) -> RunStalled:
    """Pure."""
    return RunStalled(
        stalled=BATCHES.path(number),
        expected="elt.run.succeeded.v1",
        of="workflows/run_elt",
        since=f"epoch {batch.epoch}",
        reason=f"batch {number} is parked after {batch.attempts} attempts, the last: {batch.reason or 'no reason'}; "
        f"fix the cause, then: ripple replay --batch {number}",
    )


def describe_overdue(run: EltRun) -> RunStalled:
    """Pure."""
    return RunStalled(
        stalled=BATCHES.path(run.batch),
        expected="elt.run.succeeded.v1",
        of="workflows/run_elt",
        since=run.lease_until.isoformat(),
        reason=f"batch {run.batch} has run past its lease; its execution is ended and it is tried again",
    )


def describe_training(number: str, job: str, since: dt.datetime) -> RunStalled:
    """Pure."""
    return RunStalled(
        stalled=TRAININGS.path(number),
        expected="training.job.finished.v1",
        of="pipelines/train_repeat_purchase",
        since=since.isoformat(),
        reason=f"job {job} has said nothing of its end for {TRAINING_PROMISE.total_seconds() / 3600:g} hours; "
        "look at it in Vertex AI, cancel it if it hangs",
    )

"""Start the generator jobs of a tick, one batch id per flow and scheduled time, so that a tick that fires twice acts once."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Protocol

from ripple.errors import PermanentError
from ripple.handling.shell import Command, Payload
from ripple.handling.stating import Cause, correlated, send, state_as
from ripple.ports import DocumentStore, Transaction
from ripple.ports.holders import HasDocuments, HasGeneratorJobs, HasPublisher
from ripple.state.ticks import TICKS, TickRecord
from ripple.wire.events import BatchRunStarted, Fact, SalesExportRequested
from ripple.wire.ticks import read_tick

STAGE = "start_batch"


class TickPorts(HasDocuments, HasGeneratorJobs, Protocol):
    """Generator jobs, and the record of who started one."""


class StartBatchPorts(TickPorts, HasPublisher, Protocol):
    """What `start_batch` acts through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One flow's part of a tick: the window `[window_from, window_to)` of world time, as dates."""

    batch_id: str
    flow: str
    window_from: str
    window_to: str
    scheduled_at: str
    generate: bool
    arguments: tuple[str, ...]


def react(payload: Payload, cause: Cause, ports: StartBatchPorts) -> None:
    """Start every batch of the tick that an earlier delivery has not started."""
    if not isinstance(payload, Command):
        raise PermanentError("command_malformed", "start_batch reacts to ticks only")
    for batch in plan_batches(payload):
        tick = note_tick(batch, ports.documents)
        fact = _start(batch, tick, ports)
        line = correlated(cause, batch.batch_id)
        send([state_as(fact, STAGE, line, tick.decided_at)], ports.publisher, ports.documents)


def plan_batches(command: Command) -> list[Batch]:
    """What a tick asks for, a batch a flow. Pure."""
    tick = read_tick(command.body, command.published_at.date())
    start, end = tick.start, tick.end
    digest = hashlib.sha256(f"{tick.scheduled_at}|{start}|{end}|{tick.arguments}".encode()).hexdigest()[:8]
    return [
        Batch(
            batch_id=f"{flow}-{start:%Y%m%d}-{end:%Y%m%d}-{digest}",
            flow=flow,
            window_from=start.isoformat(),
            window_to=end.isoformat(),
            scheduled_at=tick.scheduled_at,
            generate=tick.generate,
            arguments=tick.arguments,
        )
        for flow in tick.flows
    ]


def note_tick(batch: Batch, documents: DocumentStore) -> TickRecord:
    """The record that holds: this delivery's, or that of the one which came first."""

    def decide(transaction: Transaction, now: dt.datetime) -> TickRecord:
        known = TICKS.get(transaction, batch.batch_id)
        if known is None:
            known = describe_tick(batch, now)
            TICKS.set(transaction, batch.batch_id, known)
        return known

    return documents.run(decide)


def _start(batch: Batch, tick: TickRecord, ports: TickPorts) -> Fact:
    if not batch.generate:
        return SalesExportRequested(
            batch_id=batch.batch_id,
            changed_from=f"{batch.window_from}T00:00:00Z",
            changed_to=f"{batch.window_to}T00:00:00Z",
        )
    execution = tick.execution or _run_job(batch, ports)
    return BatchRunStarted(
        batch_id=batch.batch_id,
        flow=batch.flow,
        window_from=batch.window_from,
        window_to=batch.window_to,
        job=job_name(batch.flow),
        execution=execution,
        scheduled_at=batch.scheduled_at,
    )


def describe_tick(batch: Batch, now: dt.datetime) -> TickRecord:
    """What is to be known of it, from `now`, before its job begins. Pure."""
    return TickRecord(
        flow=batch.flow,
        window_from=batch.window_from,
        window_to=batch.window_to,
        scheduled_at=batch.scheduled_at,
        arguments=dict(zip(batch.arguments[::2], batch.arguments[1::2], strict=True)),
        words=job_words(batch),
        attempts=1,
        ended=not batch.generate,
        decided_at=now,
    )


def _run_job(batch: Batch, ports: TickPorts) -> str:
    """A crash before the update runs the job twice; the job itself writes nothing twice."""
    execution = ports.generator_jobs.run(job_name(batch.flow), job_words(batch))
    TICKS.update(ports.documents, batch.batch_id, execution=execution)
    return execution


def job_words(batch: Batch) -> tuple[str, ...]:
    return ("--from", batch.window_from, "--to", batch.window_to, "--batch-id", batch.batch_id, *batch.arguments)


def job_name(flow: str) -> str:
    return f"generate-{flow}"

"""Start the generator jobs of a tick, one batch id per flow and scheduled time, so that a tick that fires twice acts once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from ripple.errors import PermanentError
from ripple.handling.shell import Command, Payload
from ripple.handling.stating import Cause, correlated, send, state_as
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
        fact = _start(batch, ports)
        send([state_as(fact, STAGE, correlated(cause, batch.batch_id))], ports.publisher, ports.documents)


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


def _start(batch: Batch, ports: TickPorts) -> Fact:
    TICKS.create(ports.documents, batch.batch_id, describe_tick(batch))
    if not batch.generate:
        return SalesExportRequested(
            batch_id=batch.batch_id,
            changed_from=f"{batch.window_from}T00:00:00Z",
            changed_to=f"{batch.window_to}T00:00:00Z",
        )
    execution = TICKS.expect(ports.documents, batch.batch_id).execution or _run_job(batch, ports)
    return BatchRunStarted(
        batch_id=batch.batch_id,
        flow=batch.flow,
        window_from=batch.window_from,
        window_to=batch.window_to,
        job=job_name(batch.flow),
        execution=execution,
        scheduled_at=batch.scheduled_at,
    )


def describe_tick(batch: Batch) -> TickRecord:
    """What is to be known of it before its job begins. Pure."""
    return TickRecord(
        flow=batch.flow,
        window_from=batch.window_from,
        window_to=batch.window_to,
        scheduled_at=batch.scheduled_at,
        arguments=dict(zip(batch.arguments[::2], batch.arguments[1::2], strict=True)),
        words=job_words(batch),
        attempts=1,
        ended=not batch.generate,
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

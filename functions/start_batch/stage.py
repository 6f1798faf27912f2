"""Start the generator jobs of a tick, one batch id per flow and scheduled time, so that a tick that fires twice acts once."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ripple.deployment.routes import FLOWS, GENERATED_FLOWS, LIVE_FLOWS
from ripple.errors import PermanentError
from ripple.handling.shell import Command, Payload
from ripple.handling.stating import Cause, correlated, send, state_as
from ripple.ports.holders import HasDocuments, HasGeneratorJobs, HasPublisher
from ripple.rows.timestamps import read_day, read_moment
from ripple.state.ticks import TICKS, TickRecord
from ripple.wire.events import BatchRunStarted, Fact, SalesExportRequested
from ripple.wire.limits import is_line

STAGE = "start_batch"
_OPTION = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)


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


def plan_batches(tick: Command) -> list[Batch]:
    """What a tick asks for. Pure. The tick's id is its scheduled time; the Scheduler's message says none, so its window counts.

    Never the time of publishing: the Scheduler fires twice now and then, minutes apart.
    """
    body = tick.body
    generate = body.get("generate", True)
    if not isinstance(generate, bool):
        raise PermanentError("tick_malformed", f"generate is true or false, not {generate!r:.80}")
    flows = _flows(body, generate)
    start, end = _window(body, tick.published_at.date())
    scheduled_at = _scheduled_at(body.get("scheduled_at"), end)
    arguments = _arguments(body.get("arguments", {}))
    digest = hashlib.sha256(f"{scheduled_at}|{start}|{end}|{arguments}".encode()).hexdigest()[:8]
    return [
        Batch(
            batch_id=f"{flow}-{start:%Y%m%d}-{end:%Y%m%d}-{digest}",
            flow=flow,
            window_from=start.isoformat(),
            window_to=end.isoformat(),
            scheduled_at=scheduled_at,
            generate=generate,
            arguments=arguments,
        )
        for flow in flows
    ]


def _flows(body: Mapping[str, Any], generate: bool) -> list[str]:
    """The flows that the tick names, or all that it may: those with a generator, or where it generates nothing a live source."""
    may = GENERATED_FLOWS if generate else LIVE_FLOWS
    flows = body.get("flows", list(may))
    if not isinstance(flows, list) or not flows or not all(flow in FLOWS for flow in flows):
        raise PermanentError("tick_malformed", f"flows {flows!r:.200} are not among {', '.join(FLOWS)}")
    others = ", ".join(flow for flow in flows if flow not in may)
    if others:
        lacks = "no generator to start: drop files of it" if generate else "no live source: leave generate out"
        raise PermanentError("tick_malformed", f"{others:.200}: {lacks}. This tick may name {', '.join(may)}")
    return flows


def _scheduled_at(given: object, end: dt.date) -> str:
    if given is None:
        return f"{end}T00:00:00+00:00"
    try:
        read_moment(given)
    except ValueError as error:
        raise PermanentError("tick_malformed", f"scheduled_at: {error}") from None
    return str(given)


def _window(body: Mapping[str, Any], today: dt.date) -> tuple[dt.date, dt.date]:
    """The tick's `from` and `to`, or the day before it fired."""
    try:
        end = read_day(body["to"]) if "to" in body else today
        start = read_day(body["from"]) if "from" in body else end - dt.timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise PermanentError("tick_malformed", f"from and to are dates as YYYY-MM-DD: {error}") from None
    if start >= end:
        raise PermanentError("tick_malformed", f"the window from {start} to {end} is empty")
    return start, end


def _arguments(given: object) -> tuple[str, ...]:
    """Generator options, `{"customers": 5000}` as `("--customers", "5000")`, in name order."""
    if not isinstance(given, Mapping) or not all(_is_option(name, value) for name, value in given.items()):
        raise PermanentError("tick_malformed", "arguments are an object of options, each a short string or a number")
    return tuple(word for name in sorted(given) for word in (f"--{name}", str(given[name])))


def _is_option(name: str, value: object) -> bool:
    """Not one that says the batch or its window: the job would take the last of two, and the fact would state the first."""
    named = _OPTION.fullmatch(name) is not None and name not in ("from", "to", "batch-id")
    return named and isinstance(value, str | int | float) and not isinstance(value, bool) and is_line(str(value))


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

"""Generator jobs that failed, or that a tick asked for and nobody started: they run again. They write nothing twice."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from ripple.handling.stating import Cause, send, state_as
from ripple.ports.holders import HasGeneratorJobs, StatingPorts
from ripple.state.ticks import TICKS, TickRecord
from ripple.wire.events import RunStalled

ATTEMPTS = 3


class GeneratorPorts(StatingPorts, HasGeneratorJobs, Protocol):
    """Generator jobs, their ticks, and the word that one is given up."""


def end_generators(now: dt.datetime, cause: Cause, ports: GeneratorPorts) -> None:
    """Note the jobs that succeeded, run those again that did not, up to three times."""
    for batch_id, tick in TICKS.find(ports.documents, 100, ended=False):
        state = ports.generator_jobs.state(tick.execution) if tick.execution else "UNKNOWN"
        if state == "SUCCEEDED":
            TICKS.update(ports.documents, batch_id, ended=True)
        elif state in ("FAILED", "MISSING"):
            _run_again(batch_id, tick, state, now, cause, ports)


def _run_again(
    batch_id: str, tick: TickRecord, state: str, now: dt.datetime, cause: Cause, ports: GeneratorPorts
) -> None:
    job = f"generate-{tick.flow}"
    if tick.attempts < ATTEMPTS:
        execution = ports.generator_jobs.run(job, tick.words)
        TICKS.update(ports.documents, batch_id, execution=execution, attempts=tick.attempts + 1)
        return
    stalled = RunStalled(
        stalled=batch_id,
        expected="batch.run.started.v1",
        of=job,
        since=str(tick.execution),
        reason=f"the job is {state} after {tick.attempts} runs of {batch_id}; see its log, then send the tick again",
    )
    send([state_as(stalled, "sweep", cause, now)], ports.publisher, ports.documents)
    TICKS.update(ports.documents, batch_id, ended=True, failed=True)

"""Generator jobs that failed, or that a tick asked for and nobody started: they run again. They write nothing twice."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from ripple.handling.stating import Cause, send, state_as
from ripple.ports import Document
from ripple.ports.holders import HasGeneratorJobs, StatingPorts
from ripple.wire.events import RunStalled

ATTEMPTS = 3


class GeneratorPorts(StatingPorts, HasGeneratorJobs, Protocol):
    """Generator jobs, their ticks, and the word that one is given up."""


def end_generators(_now: dt.datetime, cause: Cause, edge: GeneratorPorts) -> None:
    """Note the jobs that succeeded, run those again that did not, up to three times."""
    for batch_id, tick in edge.documents.find("ticks", {"ended": False}, 100):
        state = edge.generator_jobs.state(tick["execution"]) if tick["execution"] else "UNKNOWN"
        if state == "SUCCEEDED":
            edge.documents.update(f"ticks/{batch_id}", {"ended": True})
        elif state in ("FAILED", "MISSING"):
            _run_again(batch_id, tick, state, cause, edge)


def _run_again(batch_id: str, tick: Document, state: str, cause: Cause, edge: GeneratorPorts) -> None:
    path = f"ticks/{batch_id}"
    if tick["attempts"] < ATTEMPTS:
        execution = edge.generator_jobs.run(f"generate-{tick['flow']}", tick["words"])
        edge.documents.update(path, {"execution": execution, "attempts": tick["attempts"] + 1})
        return
    stalled = RunStalled(
        stalled=batch_id,
        expected="batch.run.started.v1",
        of=f"generate-{tick['flow']}",
        since=str(tick["execution"]),
        reason=f"the job is {state} after {tick['attempts']} runs of {batch_id}; see its log, then send the tick again",
    )
    send([state_as(stalled, "sweep", cause)], edge.publisher, edge.documents)
    edge.documents.update(path, {"ended": True, "failed": True})

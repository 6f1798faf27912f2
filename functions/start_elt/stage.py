"""Claim waiting files into a batch and start one workflow execution; free the head when a run ends. At most one run is live.

A batch that fails is run in parts until what it fails of is found: `ripple/state/incidents.py`. When the hour has had its runs, files and
replays wait; `sweep` wakes this stage when it allows the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from functions.start_elt.batching import Started, claim_batch, note_execution, note_input, request_replays, resume
from functions.start_elt.file_list import RunInput, write_run_input
from functions.start_elt.finishing import finish_run
from functions.start_elt.membership import fill_batch
from functions.start_elt.parking import bring_back
from ripple.handling.shell import Payload
from ripple.handling.stating import Cause, correlated, send, state_as
from ripple.ports import DocumentStore
from ripple.ports.holders import BucketPorts, CapPorts, HasExecutions, StatingPorts
from ripple.state.batches import BatchRecord
from ripple.state.elt_runs import may_claim
from ripple.state.head import HEAD, EltRun
from ripple.wire.events import (
    BronzeObjectLanded,
    EltPartSucceeded,
    EltRunFailed,
    EltRunStarted,
    EltRunSucceeded,
    ReplayRunStarted,
)

STAGE = "start_elt"


class StartEltPorts(StatingPorts, BucketPorts, HasExecutions, Protocol):
    """What `start_elt` acts through."""


def react(payload: Payload, cause: Cause, ports: StartEltPorts, sleep: Callable[[float], None] = time.sleep) -> None:
    """Record what the event says, then look for work: whoever comes last sees it."""
    started: Started | None = None
    if isinstance(payload, EltRunSucceeded | EltPartSucceeded | EltRunFailed):
        started = finish_run(payload, cause, ports)
    elif isinstance(payload, ReplayRunStarted):
        if not _take_replay(payload, ports.documents):
            return
    elif isinstance(payload, BronzeObjectLanded) and _may_start(cause, ports):
        sleep(ports.settings.elt_settle_seconds)
    started = started or claim_batch(cause, ports.documents, ports.settings)
    if started is not None:
        start_execution(started, cause, ports)


def _take_replay(asked: ReplayRunStarted, documents: DocumentStore) -> bool:
    """Whether anything of it is to run."""
    if asked.kind == "resume":
        resume(asked.targets, documents)
        return True
    if asked.kind not in ("batch", "object"):
        return False
    back = bring_back(asked, documents)
    if asked.kind == "batch":
        request_replays(asked.batches(), asked.replay_id, documents)
    return bool(back) or asked.kind == "batch"


def _may_start(cause: Cause, ports: CapPorts) -> bool:
    """Only then is it worth to wait for more files: those that come meanwhile share the run. A clock that is off costs a wait."""
    return may_claim(HEAD.get(ports.documents), cause.time, ports.settings.elt_runs_per_hour)


def start_execution(started: Started, cause: Cause, ports: StartEltPorts) -> None:
    """Write what the run reads, start the workflow, note its name. Doing it twice is harmless: its first step is a claim."""
    run = started.run
    batch = started.batch if started.batch.listed else fill_batch(run, ports)
    if batch is None:
        return
    given = write_run_input(run, ports)
    if not note_input(started, given.flows, given.smallest, ports.documents):
        return
    line = find_correlation(batch, cause)
    execution = ports.executions.start(_describe_run(run, given, line, cause, ports.settings.elt_poll_seconds))
    note_execution(started, execution, ports.documents)
    send([state_as(_state_start(run, batch, execution), STAGE, line, run.decided_at)], ports.publisher, ports.documents)


def _describe_run(run: EltRun, given: RunInput, line: Cause, cause: Cause, poll_seconds: float) -> dict[str, object]:
    """The argument of `workflows/run_elt`. Pure."""
    return {
        "batch": run.batch,
        "epoch": run.epoch,
        "part": run.part,
        "is_trial": run.is_trial,
        "is_last": run.is_last,
        "correlation_id": line.correlation_id,
        "replay_of": line.replay_of,
        "causation_id": cause.event_id,
        "flows": ",".join(given.flows),
        "checked": ",".join(given.checked),
        "quarantined": ",".join(given.quarantined),
        "forgotten": ",".join(given.forgotten),
        "poll_seconds": poll_seconds,
    }


def _state_start(run: EltRun, batch: BatchRecord, execution: str) -> EltRunStarted:
    """Pure."""
    flows, files = (batch.flows, batch.files) if run.takes is None else (run.takes.flows, run.takes.files)
    return EltRunStarted(
        batch=run.batch,
        epoch=run.epoch,
        flows=flows,
        files=files,
        execution=execution,
        part=run.part or None,
        trial=run.is_trial or None,
    )


def find_correlation(batch: BatchRecord, cause: Cause) -> Cause:
    """The correlation id that a run of the batch has: the one that brought its files, or the replay that asked for it last."""
    replayed = batch.correlation_id if batch.replay else None
    return correlated(cause, batch.replay or batch.correlation_id, replayed)

"""Find what never arrived: unsent facts, Bronze objects nobody landed, runs whose lease ran out."""

from __future__ import annotations

import datetime as dt

from ripple.elt_state import Run, read_head
from ripple.events import BronzeObjectLanded, EltRunFailed, RunStalled
from ripple.gateways.edge import Edge
from ripple.paths import split_uri
from ripple.shell import Payload
from ripple.stating import Cause, read_outbox, send, state_as

STAGE = "sweep"
PROMISE = dt.timedelta(minutes=5)
_TERMINAL = {"SUCCEEDED", "FAILED", "CANCELLED", "UNAVAILABLE"}


def react(_tick: Payload, cause: Cause, edge: Edge) -> None:
    """Mend what can be mended by stating it again; state what is silent."""
    send_leftovers(cause, edge)
    report_unlanded(cause, edge)
    kick_waiting(cause, edge)
    end_expired_run(cause, edge)


def send_leftovers(cause: Cause, edge: Edge) -> None:
    """Facts that a crash left between their transaction and Pub/Sub."""
    for _, document in edge.documents.find("outbox", {}, 500):
        envelope = read_outbox(document)
        if cause.time - envelope.time > PROMISE / 5:
            send([envelope], edge.publisher, edge.documents)


def report_unlanded(cause: Cause, edge: Edge) -> None:
    """A file claimed longer ago than the promise has lost its handler; a Bronze object without a claim lost its event."""
    known = {(file["uri"], file["generation"]): file for _, file in edge.documents.find("files", {}, 100_000)}
    for stored in edge.objects.list(edge.settings.bucket("bronze"), ""):
        file = known.get((stored.ref.uri, stored.ref.generation))
        if file is None or file["state"] == "claimed":
            _, name = split_uri(stored.ref.uri)
            since = "never claimed" if file is None else "claimed, not landed"
            stalled = RunStalled(
                stalled=stored.ref.uri,
                expected="bronze.object.landed.v1",
                of="land_object",
                since=f"{stored.ref.generation}",
                reason=f"{name} is {since}; replay it: ripple replay --object {stored.ref.uri}",
            )
            send([state_as(stalled, STAGE, cause)], edge.publisher, edge.documents)


def kick_waiting(cause: Cause, edge: Edge) -> None:
    """Landed files that wait while the head is free: their event was lost, so it is told again."""
    head = read_head(edge.documents.get("elt/head"))
    waiting = edge.documents.find("files", {"state": "landed", "batch": None}, 1)
    if head.run is None and waiting:
        fact = BronzeObjectLanded.from_data(waiting[0][1]["fact"])
        send([state_as(fact, STAGE, cause)], edge.publisher, edge.documents)


def end_expired_run(cause: Cause, edge: Edge) -> None:
    """A lease is never taken over because time passed alone: ask for the state, cancel what lives, then state the failure."""
    head = read_head(edge.documents.get("elt/head"))
    if head.run is None:
        return
    execution = str((edge.documents.get(f"batches/{head.run.batch}") or {}).get("execution", ""))
    state = edge.executions.state(execution) if execution else "UNAVAILABLE"
    expired = cause.time >= head.run.lease_until
    if state in ("FAILED", "CANCELLED") or (expired and state in _TERMINAL):
        _state_failure(head.run, execution, state, cause, edge)
    elif expired:
        edge.executions.cancel(execution)


def _state_failure(run: Run, execution: str, state: str, cause: Cause, edge: Edge) -> None:
    failed = EltRunFailed(
        batch=run.batch,
        epoch=run.epoch,
        execution=execution or "none",
        state=state,
        reason=f"no word of it, lease until {run.lease_until.isoformat()}, and its execution is {state}",
        failed_actions=[],
    )
    send([state_as(failed, STAGE, cause)], edge.publisher, edge.documents)

"""ELT runs that ended in silence."""

from __future__ import annotations

from ripple.elt_state import Run, read_head
from ripple.events import EltRunFailed
from ripple.gateways.edge import Edge
from ripple.stating import Cause, send, state_as

_TERMINAL = {"SUCCEEDED", "FAILED", "CANCELLED", "UNAVAILABLE"}


def end_expired_run(stage: str, cause: Cause, edge: Edge) -> None:
    """A lease is never taken over because time passed alone: ask for the state, cancel what lives, then state the failure."""
    head = read_head(edge.documents.get("elt/head"))
    if head.run is None:
        return
    execution = str((edge.documents.get(f"batches/{head.run.batch}") or {}).get("execution", ""))
    state = edge.executions.state(execution) if execution else "UNAVAILABLE"
    expired = cause.time >= head.run.lease_until
    if state in ("FAILED", "CANCELLED") or (expired and state in _TERMINAL):
        failed = _describe_failure(head.run, execution, state)
        send([state_as(failed, stage, cause)], edge.publisher, edge.documents)
    elif expired:
        edge.executions.cancel(execution)


def _describe_failure(run: Run, execution: str, state: str) -> EltRunFailed:
    return EltRunFailed(
        batch=run.batch,
        epoch=run.epoch,
        execution=execution or "none",
        state=state,
        reason=f"no word of it, lease until {run.lease_until.isoformat()}, and its execution is {state}",
        failed_actions=[],
    )

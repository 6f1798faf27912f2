"""ELT runs that ended in silence, and work that waits although no run is live.

A lease is never taken over because time passed alone. The epoch's claim says which execution works for it: where there
is none, sweep takes the claim itself, and an execution that wakes later ends at its first step; where there is one, sweep
cancels it, and states its end only a sweep after it was seen to have ended, when nothing it sent can still arrive.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from ripple.errors import PermanentError
from ripple.handling.stating import Cause, send, state_as
from ripple.ports.holders import CapPorts, HasExecutions, StatingPorts
from ripple.state.claims import CLAIMS, KEPT, SWEEP, ClaimRecord, claim_id
from ripple.state.elt_runs import may_claim
from ripple.state.files import FILES, find_first_waiting
from ripple.state.head import HEAD, EltRun
from ripple.wire.events import EltRunFailed, EltRunSucceeded, Fact

_SWEEP = "sweep"
_ENDED = {"SUCCEEDED", "FAILED", "CANCELLED", "UNAVAILABLE"}


class WaitingPorts(StatingPorts, CapPorts, Protocol):
    """What waits for a run, and whether one may start."""


class RunPorts(WaitingPorts, HasExecutions, Protocol):
    """Runs, and the executions that work for them."""


def kick_waiting(now: dt.datetime, cause: Cause, ports: WaitingPorts) -> None:
    """Files or replays that wait while a run may start: their event was lost or met the cap, so a landed file is stated again."""
    head = HEAD.get(ports.documents)
    if not may_claim(head, now, ports.settings.elt_runs_per_hour):
        return
    documents, replays = ports.documents, head.replays
    claimed = next((file for _, file in FILES.find(documents, 1, batch=replays[0])), None) if replays else None
    file = claimed or find_first_waiting(documents)
    if file is not None:
        send([state_as(file.landed, _SWEEP, cause, file.decided_at)], ports.publisher, documents)


def end_silent_run(now: dt.datetime, cause: Cause, ports: RunPorts) -> None:
    """State the end of the live run if its execution ended without a word, and end it if its lease is over."""
    run = HEAD.get(ports.documents).run
    if run is None:
        return
    id = claim_id(run.batch, run.epoch)
    claim = CLAIMS.get(ports.documents, id)
    settled = dt.timedelta(seconds=ports.settings.sweep_settled_seconds)
    if claim is None:
        if now >= run.lease_until and CLAIMS.create(ports.documents, id, _claim_for_sweep(run, now, settled)):
            _speak(describe_end(run, "none", "UNAVAILABLE", None), now, cause, ports)
        return
    execution = claim.execution
    state = ports.executions.state(execution) if execution != SWEEP else "UNAVAILABLE"
    if state in _ENDED and now - (claim.ended_at or now) >= settled:
        result = ports.executions.result(execution) if state == "SUCCEEDED" else None
        _speak(describe_end(run, "none" if execution == SWEEP else execution, state, result), now, cause, ports)
    elif state in _ENDED and claim.ended_at is None:
        CLAIMS.update(ports.documents, id, ended_at=now)
    elif state not in _ENDED and now >= run.lease_until:
        ports.executions.cancel(execution)


def _claim_for_sweep(run: EltRun, now: dt.datetime, settled: dt.timedelta) -> ClaimRecord:
    return ClaimRecord(
        batch=run.batch,
        epoch=run.epoch,
        execution=SWEEP,
        claimed_at=now,
        ended_at=now - settled,
        expires_at=now + KEPT,
    )


def _speak(fact: Fact, now: dt.datetime, cause: Cause, ports: StatingPorts) -> None:
    send([state_as(fact, _SWEEP, cause, now)], ports.publisher, ports.documents)


def describe_end(run: EltRun, execution: str, state: str, result: object) -> Fact:
    """The success that an execution returned and nobody received, or a failure. Pure."""
    if state == "SUCCEEDED":
        try:
            return EltRunSucceeded.from_data(result)
        except PermanentError as error:
            state = f"SUCCEEDED without facts ({error.reason:.200})"
    return EltRunFailed(
        batch=run.batch,
        epoch=run.epoch,
        execution=execution,
        state=state,
        reason=f"no word of it, lease until {run.lease_until.isoformat()}, and its execution is {state}",
        failed_actions=[],
    )

"""ELT runs that ended in silence, and work that waits although no run is live.

A lease is never taken over because time passed alone. The epoch's claim says which execution works for it: where there
is none, sweep takes the claim itself, and an execution that wakes later ends at its first step; where there is one, sweep
cancels it, and speaks for it only a sweep after it was seen to have ended, when nothing it sent can still arrive.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from ripple.errors import PermanentError
from ripple.handling.stating import Cause, send, state_as
from ripple.ports import Document
from ripple.ports.holders import CapPorts, HasExecutions, StatingPorts
from ripple.state.elt_runs import EltRun, may_claim, read_head
from ripple.wire.events import BronzeObjectLanded, EltRunFailed, EltRunSucceeded, Fact

_SWEEP = "sweep"
_KEPT = dt.timedelta(days=30)
"""As long as the workflow's own claims."""
_ENDED = {"SUCCEEDED", "FAILED", "CANCELLED", "UNAVAILABLE"}


class WaitingPorts(StatingPorts, CapPorts, Protocol):
    """What waits for a run, and whether one may start."""


class RunPorts(WaitingPorts, HasExecutions, Protocol):
    """Runs, and the executions that work for them."""


def kick_waiting(now: dt.datetime, cause: Cause, edge: WaitingPorts) -> None:
    """Files or replays that wait while a run may start: their event was lost or met the cap, so a landed file is told again."""
    head = read_head(edge.documents.get("elt/head"))
    if not may_claim(head, now, edge.settings.elt_runs_per_hour):
        return
    wanted = {"batch": head.replays[0]} if head.replays else {"state": "landed", "batch": None}
    for _, file in edge.documents.find("files", wanted, 1):
        fact = BronzeObjectLanded.from_data(file["fact"])
        send([state_as(fact, _SWEEP, cause)], edge.publisher, edge.documents)


def end_silent_run(now: dt.datetime, cause: Cause, edge: RunPorts) -> None:
    """Speak for the live run if its execution ended without a word, and end it if its lease is over."""
    run = read_head(edge.documents.get("elt/head")).run
    if run is None:
        return
    path = f"claims/{run.batch}-{run.epoch}"
    claim = edge.documents.get(path)
    settled = dt.timedelta(seconds=edge.settings.sweep_settled_seconds)
    if claim is None:
        if now >= run.lease_until and edge.documents.create(path, _claim_for_sweep(run, now, settled)):
            _speak(describe_end(run, "none", "UNAVAILABLE", None), cause, edge)
        return
    execution = str(claim["execution"])
    state = edge.executions.state(execution) if execution != _SWEEP else "UNAVAILABLE"
    if state in _ENDED and now - claim.get("ended_at", now) >= settled:
        result = edge.executions.result(execution) if state == "SUCCEEDED" else None
        _speak(describe_end(run, "none" if execution == _SWEEP else execution, state, result), cause, edge)
    elif state in _ENDED and "ended_at" not in claim:
        edge.documents.update(path, {"ended_at": now})
    elif state not in _ENDED and now >= run.lease_until:
        edge.executions.cancel(execution)


def _claim_for_sweep(run: EltRun, now: dt.datetime, settled: dt.timedelta) -> Document:
    moments = {"claimed_at": now, "ended_at": now - settled, "expires_at": now + _KEPT}
    return {"batch": run.batch, "epoch": run.epoch, "execution": _SWEEP} | moments


def _speak(fact: Fact, cause: Cause, edge: StatingPorts) -> None:
    send([state_as(fact, _SWEEP, cause)], edge.publisher, edge.documents)


def describe_end(run: EltRun, execution: str, state: str, result: object) -> Fact:
    """The success that an execution returned and nobody heard, or a failure. Pure."""
    if state == "SUCCEEDED":
        try:
            return EltRunSucceeded.from_data(result)
        except PermanentError:
            state = "SUCCEEDED without facts"
    return EltRunFailed(
        batch=run.batch,
        epoch=run.epoch,
        execution=execution,
        state=state,
        reason=f"no word of it, lease until {run.lease_until.isoformat()}, and its execution is {state}",
        failed_actions=[],
    )

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
from ripple.ports import DocumentStore
from ripple.ports.holders import CapPorts, HasExecutions, StatingPorts
from ripple.state.batches import BATCHES
from ripple.state.claims import CLAIMS, KEPT, SWEEP, ClaimRecord, claim_id
from ripple.state.elt_runs import find_next_step, may_claim
from ripple.state.files import FILES, PARKED, FileRecord, find_first_waiting
from ripple.state.head import HEAD, EltRun, Head
from ripple.state.holds import held_flows
from ripple.wire.events import EltPartSucceeded, EltRunFailed, EltRunSucceeded, Fact

_SWEEP = "sweep"
_ENDED = {"SUCCEEDED", "FAILED", "CANCELLED", "UNAVAILABLE"}


class WaitingPorts(StatingPorts, CapPorts, Protocol):
    """What waits for a run, and whether one may start."""


class RunPorts(WaitingPorts, HasExecutions, Protocol):
    """Runs, and the executions that work for them."""


def kick_waiting(now: dt.datetime, cause: Cause, ports: WaitingPorts) -> None:
    """Files, replays or parts of an incident that wait while a run may start: their event was lost, met the cap, or their flow was
    held. So a landed file is stated again."""
    file = _find_waiting(now, ports)
    if file is not None:
        send([state_as(file.landed, _SWEEP, cause, file.decided_at)], ports.publisher, ports.documents)


def _find_waiting(now: dt.datetime, ports: CapPorts) -> FileRecord | None:
    """A file of what waits and may run now; of a batch without files any more that of another."""
    documents, head = ports.documents, HEAD.get(ports.documents)
    if head.run is not None:
        return None
    batches = [*(head.replays[:1] if may_claim(head, now, ports.settings.elt_runs_per_hour) else ())]
    batches += _find_incidents(head, now, documents)
    claimed = (
        next((file for _, file in FILES.find(documents, 1, batch=number)), None) for number in (*batches, PARKED)
    )
    found = next((file for file in claimed if file is not None), None) if batches else None
    if found is None and may_claim(head, now, ports.settings.elt_runs_per_hour):
        return find_first_waiting(documents, held_flows(head.holds))
    return found


def _find_incidents(head: Head, now: dt.datetime, documents: DocumentStore) -> list[int]:
    """The batch of which a part may run now."""
    open_ones = {number: BATCHES.expect(documents, number).incident for number in head.incidents}
    step = find_next_step(head, {number: one for number, one in open_ones.items() if one}, now)
    return [step[0]] if step else []


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
            return EltRunSucceeded.from_data(result) if run.is_last else EltPartSucceeded.from_data(result)
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

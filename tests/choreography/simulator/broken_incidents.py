"""Protocols of failures that look right and are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions.start_elt.stage import react as start_elt
from functions.sweep.runs import kick_waiting
from ripple.handling.shell import Payload
from ripple.handling.stating import Cause
from ripple.state.head import HEAD
from ripple.wire.events import BronzeObjectsParked, EltPartSucceeded, EltRunFailed, Envelope, RunStalled
from tests.choreography.simulator.ports import SteppedPublisher
from tests.choreography.simulator.warehouse import Warehouse


class LeavesUnsettledRows(Warehouse):
    """Takes nothing out of silver: what a part that failed has published there stays."""

    def _claimed(self, batch: int, epoch: int, part: int) -> list[dict[str, Any]]:
        return [row for row in super()._claimed(batch, epoch, part) if not row["is_withdrawn"]]


class TriesNothing(Warehouse):
    """A trial that runs no statement of the flow says that its SQL works."""

    def _claimed(self, batch: int, epoch: int, part: int) -> list[dict[str, Any]]:
        rows = super()._claimed(batch, epoch, part)
        return rows if any(not (row["is_withdrawn"] or row["is_tried"]) for row in rows) else []


def judge_without_a_trial(payload: Payload, cause: Cause, edge: Any, sleep: Any = None) -> None:
    """Takes a failure for the files' before the trial has run: what it would have said is said at once."""
    start_elt(payload, cause, edge, sleep)
    run = HEAD.get(edge.documents).run
    if isinstance(payload, EltRunFailed) and run is not None and run.is_trial and not run.is_last:
        passed = EltPartSucceeded(
            batch=run.batch, epoch=run.epoch, part=run.part, trial=True, execution="none", invocation="none"
        )
        start_elt(passed, replace(cause, event_id=f"{cause.event_id}-at-once"), edge, sleep)


class ParksInSilence(SteppedPublisher):
    """Reports neither what was parked nor what is held."""

    def publish(self, envelope: Envelope) -> None:
        fact = envelope.fact
        if not (isinstance(fact, BronzeObjectsParked) or (isinstance(fact, RunStalled) and "flows/" in fact.stalled)):
            super().publish(envelope)


def forget_holds(now: Any, cause: Cause, edge: Any) -> None:
    """Wakes no flow that is held."""
    if not HEAD.get(edge.documents).holds:
        kick_waiting(now, cause, edge)

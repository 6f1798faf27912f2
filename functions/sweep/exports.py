"""Large exports of which nothing came for too long: the slices that did not come are asked for again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ripple.handling.stating import Cause, correlated, state_as
from ripple.ports.holders import StatingPorts
from ripple.state.export_plan import ExportPlan, expect_plan, find_missing, is_stalled
from ripple.state.export_slices import EXPORT_SLICES
from ripple.state.exports import EXPORTS, PLANNED
from ripple.wire.events import Fact, RunStalled, SalesSliceRequested

_AT_ONCE = 100
MOST_REQUESTS = 200
"""Slices asked for at a sweep: an export that is down must not be flooded with what it has not done."""
_NAMED = 10


def end_silent_exports(now: dt.datetime, cause: Cause, ports: StatingPorts) -> None:
    """A slice's message died, or its last handler did before it could look whether all are there."""
    for key, record in EXPORTS.find(ports.documents, _AT_ONCE, state=PLANNED):
        plan = expect_plan(key, record)
        records = [found for _, found in EXPORT_SLICES.find(ports.documents, plan.slices, export=key)]
        if is_stalled(plan, records, now):
            line = correlated(cause, plan.correlation_id, plan.replay_of)
            for fact in ask_again(plan, find_missing(plan, records)):
                ports.publisher.publish(state_as(fact, "sweep", line, now))
            EXPORTS.update(ports.documents, key, requested_at=now, requests=plan.requests + 1)


def ask_again(plan: ExportPlan, missing: Sequence[int]) -> list[Fact]:
    """That it stalled, and the requests that repair it: one for a slice that is there makes it look whether all are. Pure."""
    asked = missing[:MOST_REQUESTS] or [plan.slices - 1]
    return [describe_stalled(plan, missing), *(SalesSliceRequested(**plan.fields_of(number)) for number in asked)]


def describe_stalled(plan: ExportPlan, missing: Sequence[int]) -> RunStalled:
    """Pure."""
    named = ", ".join(map(str, missing[:_NAMED])) + (" and more" if len(missing) > _NAMED else "")
    lacking = f"missing: {named}; they are" if missing else "and nobody said that it finished; the last is"
    return RunStalled(
        stalled=EXPORTS.path(plan.key),
        expected="sales.export.finished.v1",
        of="export_sales",
        since=f"request {plan.requests}",
        reason=f"export of {plan.batch_id}: {plan.slices - len(missing)} of {plan.slices} slices are there, {lacking} asked for again",
    )

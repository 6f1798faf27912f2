"""Protocols of large exports that look right and are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from functions.export_sales.manifests import fetch_manifest
from functions.export_sales.slicing import close_plan, find_records, record, write_range
from functions.export_sales.stage import plan_batch
from functions.export_sales.stage import react as export_sales
from ripple.flows import load_contract
from ripple.handling.shell import Payload
from ripple.handling.stating import Cause, keep_in_outbox, send, state_as
from ripple.ports import Transaction
from ripple.state.export_plan import ExportPlan, describe_finished, expect_plan
from ripple.state.export_slices import EXPORT_SLICES, slice_id
from ripple.state.exports import EXPORTED, EXPORTS
from ripple.wire.events import Envelope, SalesSliceRequested
from ripple.wire.paths import split_uri

Finish = Callable[[ExportPlan, int, Cause, Any], None]


def finishing(finish: Finish) -> Callable[[Payload, Cause, Any], None]:
    """The shipped handler, which ends a slice in another way."""

    def react(payload: Payload, cause: Cause, edge: Any) -> None:
        if not isinstance(payload, SalesSliceRequested):
            export_sales(payload, cause, edge)
            return
        plan = expect_plan(payload.export, EXPORTS.expect(edge.documents, payload.export))
        if EXPORT_SLICES.get(edge.documents, slice_id(plan.key, payload.slice)) is None:
            written = write_range(plan, payload.slice, edge, load_contract("sales"))
            record(plan, payload.slice, *written, cause, edge)
        finish(plan, payload.slice, cause, edge)

    return react


def with_the_last_number(plan: ExportPlan, number: int, cause: Cause, edge: Any) -> None:
    """The slice of the highest number says that the export finished."""
    if number == plan.slices - 1:
        finished = describe_finished(plan, find_records(plan, edge))
        send(close_plan(plan, finished, "", cause, edge), edge.publisher, edge.documents)


def without_asking_whether_it_was(plan: ExportPlan, number: int, cause: Cause, edge: Any) -> None:
    """Whoever sees all records says that the export finished; two may."""
    records = find_records(plan, edge)
    if len(records) < plan.slices:
        return

    def decide(transaction: Transaction, now: dt.datetime) -> Envelope:
        EXPORTS.update(transaction, plan.key, state=EXPORTED)
        stated = state_as(describe_finished(plan, records), "export_sales", cause)
        keep_in_outbox(transaction, stated, now)
        return stated

    send([edge.documents.run(decide)], edge.publisher, edge.documents)


def plan_at_each_delivery(payload: Payload, cause: Cause, edge: Any) -> None:
    """Cuts a batch again for each of its slices, as if it were cut the same way every time."""
    known = EXPORTS.get(edge.documents, payload.export) if isinstance(payload, SalesSliceRequested) else None
    if known is not None and known.uri:
        ref = edge.objects.stat(*split_uri(known.uri)).ref
        cut = plan_batch(fetch_manifest(ref, edge), ref, cause, edge)
        EXPORTS.update(edge.documents, ref.key, bounds=cut.bounds, rows=cut.rows)
    export_sales(payload, cause, edge)

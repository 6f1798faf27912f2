"""Large exports: keep the plan, ask for its slices, export one of them, and say that all are there.

Record, then check: a slice records itself and then counts the records. Whoever comes last sees all the others, and of two
that both see all, the transaction that finds the plan still open decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Protocol

from functions.export_sales.exporting import PAGE_SIZE, STAGE, ExportSalesPorts, check_rows, note_ids
from functions.export_sales.writing import Slice, keep_slice, write_slice
from ripple.errors import PermanentError
from ripple.handling.stating import Cause, correlated, keep_in_outbox, send, state_as
from ripple.ports import Transaction
from ripple.ports.holders import BucketPorts, HasDocuments, HasSales, StatingPorts
from ripple.rows.checksums import IdSum
from ripple.rows.contracts import Contract
from ripple.state.export_plan import (
    ExportPlan,
    describe_finished,
    expect_plan,
    find_difference,
    find_missing,
    read_plan,
    record_plan,
)
from ripple.state.export_slices import EXPORT_SLICES, ExportSliceRecord, slice_id
from ripple.state.exports import EXPORTED, EXPORTS, PLANNED, REFUSED
from ripple.wire.events import Envelope, SalesExportFinished, SalesSliceExported, SalesSliceRequested
from ripple.wire.limits import fit


class SlicePorts(BucketPorts, HasSales, Protocol):
    """Where a slice comes from, and where it goes."""


def keep_plan(plan: ExportPlan, ports: HasDocuments) -> ExportPlan:
    """The plan that holds: this one, or the one that another delivery kept first."""

    def decide(transaction: Transaction, now: dt.datetime) -> ExportPlan:
        known = EXPORTS.get(transaction, plan.key)
        if known is not None:
            return expect_plan(plan.key, known)
        kept = replace(plan, planned_at=now)
        EXPORTS.set(transaction, plan.key, record_plan(kept))
        return kept

    return ports.documents.run(decide)


def request_slices(plan: ExportPlan, numbers: Iterable[int], cause: Cause, ports: StatingPorts) -> None:
    """A message for each. Who dies midway is called again and asks for all: the plan says that nobody noted the request."""
    for number in numbers:
        ports.publisher.publish(state_as(SalesSliceRequested(**plan.fields_of(number)), STAGE, cause, plan.planned_at))

    def note(transaction: Transaction, now: dt.datetime) -> None:
        known = EXPORTS.expect(transaction, plan.key)
        EXPORTS.update(transaction, plan.key, requested_at=now, requests=(known.requests or 0) + 1)

    ports.documents.run(note)


def find_records(plan: ExportPlan, ports: HasDocuments) -> Sequence[ExportSliceRecord]:
    return [found for _, found in EXPORT_SLICES.find(ports.documents, plan.slices, export=plan.key)]


def request_missing(plan: ExportPlan, cause: Cause, ports: StatingPorts) -> None:
    """Those that have no record; the last one, if only the word that all are there is missing."""
    missing = find_missing(plan, find_records(plan, ports))
    request_slices(plan, missing or [plan.slices - 1], cause, ports)


def export_slice(asked: SalesSliceRequested, cause: Cause, ports: ExportSalesPorts, contract: Contract) -> None:
    """Export the slice unless it has its record, and finish the export if it was the last."""
    known = EXPORTS.get(ports.documents, asked.export)
    plan = read_plan(asked.export, known) if known else None
    if plan is None or not 0 <= asked.slice < plan.slices:
        raise PermanentError("export_unknown", f"no plan {EXPORTS.path(asked.export)} has a slice {asked.slice}")
    if plan.state != PLANNED:
        return
    if EXPORT_SLICES.get(ports.documents, slice_id(plan.key, asked.slice)) is None:
        record(plan, asked.slice, *write_range(plan, asked.slice, ports, contract), cause, ports)
    finish_if_complete(plan, cause, ports)


def write_range(
    plan: ExportPlan, number: int, ports: SlicePorts, contract: Contract
) -> tuple[SalesSliceExported | None, str]:
    """`(the fact, the sum of ids)` of the slice's object in Bronze. No object, no fact: its documents all left for another window."""
    ids, wanted = IdSum(), plan.range_of(number)
    made = Slice(batch_id=plan.batch_id, number=number, of=plan.slices, day=plan.window_from)
    with closing(made):
        write_slice(made, note_ids(ports.sales.pages(wanted, PAGE_SIZE), ids.add), contract, ports.settings)
        check_rows(wanted, made.rows, plan.rows[number], ports)
        fact = keep_slice(made, plan.slices, ports.objects, ports.settings)[0] if made.rows else None
    return fact, ids.hexdigest()


def record(
    plan: ExportPlan, number: int, fact: SalesSliceExported | None, id_sum: str, cause: Cause, ports: StatingPorts
) -> None:
    """Keep and state what a slice came to, unless another delivery of it did."""
    id = slice_id(plan.key, number)

    def decide(transaction: Transaction, now: dt.datetime) -> list[Envelope]:
        if EXPORT_SLICES.get(transaction, id) is not None:
            return []
        EXPORT_SLICES.set(transaction, id, describe_slice(plan, number, fact, id_sum, now))
        stated = [state_as(fact, STAGE, cause, now)] if fact else []
        for envelope in stated:
            keep_in_outbox(transaction, envelope, now)
        return stated

    send(ports.documents.run(decide), ports.publisher, ports.documents)


def describe_slice(
    plan: ExportPlan, number: int, fact: SalesSliceExported | None, id_sum: str, now: dt.datetime
) -> ExportSliceRecord:
    """Pure."""
    return ExportSliceRecord(
        export=plan.key,
        slice=number,
        id_sum=id_sum,
        uri=fact.uri if fact else None,
        rows=fact.rows if fact else 0,
        rows_quarantined=fact.rows_quarantined if fact else 0,
        recorded_at=now,
    )


def finish_if_complete(plan: ExportPlan, cause: Cause, ports: StatingPorts) -> None:
    """Say that the export finished, on its own line. PermanentError, and so a dead letter, if it is not what was promised."""
    records = find_records(plan, ports)
    if len(records) < plan.slices:
        return
    difference = find_difference(plan, records)
    line = correlated(cause, plan.correlation_id, plan.replay_of)
    send(close_plan(plan, describe_finished(plan, records), difference, line, ports), ports.publisher, ports.documents)
    if difference:
        raise PermanentError("export_mismatch", difference)


def close_plan(
    plan: ExportPlan, finished: SalesExportFinished, difference: str, line: Cause, ports: HasDocuments
) -> list[Envelope]:
    """What is to be stated: by the one who closes it, nothing by whoever comes later."""

    def decide(transaction: Transaction, now: dt.datetime) -> list[Envelope]:
        current = EXPORTS.get(transaction, plan.key)
        if current is None or current.state != PLANNED:
            return []
        if difference:
            EXPORTS.update(transaction, plan.key, state=REFUSED, reason=fit(difference, 4096))
            return []
        EXPORTS.update(transaction, plan.key, state=EXPORTED, finished_at=now)
        stated = state_as(finished, STAGE, line, now)
        keep_in_outbox(transaction, stated, now)
        return [stated]

    return ports.documents.run(decide)

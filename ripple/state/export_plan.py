"""A large export: its plan, which is a record of `exports`, and what its slices, records of `export_slices`, add up to. Pure.

The plan is decided once and never changes; it is also what `sweep` asks for slices again from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ripple.errors import RetryableError
from ripple.ports import BatchRange, ChangeRange, SalesRange
from ripple.rows.checksums import IdSum
from ripple.state.export_slices import ExportSliceRecord
from ripple.state.exports import EXPORTS, PLANNED, ExportRecord, ExportState
from ripple.wire.events import SalesExportFinished

PROMISE = dt.timedelta(seconds=540)
"""Between one sign of life of an export and the next: what a function may take for a slice."""
_MOST_DOUBLINGS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """Slice `n` holds the documents from `bounds[n]` to `bounds[n + 1]`: ids of a batch, or moments of change.

    `rows` are the documents that each had when it was planned. `requests` is how often slices were asked for, the last time at
    `requested_at`; times are Firestore's, in UTC.
    """

    key: str
    batch_id: str
    collection: str
    window_from: str
    bounds: tuple[str, ...] | tuple[dt.datetime, ...]
    rows: tuple[int, ...]
    correlation_id: str
    uri: str | None = None
    generation: int | None = None
    id_sum: str | None = None
    replay_of: str | None = None
    state: ExportState = PLANNED
    planned_at: dt.datetime | None = None
    requested_at: dt.datetime | None = None
    requests: int = 0

    @property
    def slices(self) -> int:
        return len(self.rows)

    def range_of(self, number: int) -> SalesRange:
        begin, end = self.bounds[number], self.bounds[number + 1]
        if isinstance(begin, dt.datetime) and isinstance(end, dt.datetime):
            return ChangeRange(collection=self.collection, changed_from=begin, changed_to=end)
        return BatchRange(collection=self.collection, batch_id=self.batch_id, key_from=str(begin), key_to=str(end))

    def fields_of(self, number: int) -> dict[str, Any]:
        """What `sales.slice.requested.v1` says of a slice."""
        named = {"batch_id": self.batch_id, "export": self.key, "manifest_uri": self.uri}
        return named | {"slice": number, "slices": self.slices, "rows": self.rows[number]}


_FIELDS = tuple(name for name in ExportPlan.__dataclass_fields__ if name != "key")
_REQUIRED = ("batch_id", "collection", "window_from", "rows", "correlation_id")


def record_plan(plan: ExportPlan) -> ExportRecord:
    """As it is kept; its key is the record's id."""
    return ExportRecord(**{name: getattr(plan, name) for name in _FIELDS})


def read_plan(key: str, record: ExportRecord) -> ExportPlan | None:
    """The plan that a record holds; None if it only says what became of a batch that was exported in one call."""
    if record.bounds is None:
        return None
    lacking = [name for name in _REQUIRED if getattr(record, name) is None]
    if lacking:
        raise RetryableError(f"{EXPORTS.path(key)} has bounds, and is no plan without {', '.join(lacking)}")
    fields = {name: getattr(record, name) for name in _FIELDS}
    return ExportPlan(key=key, **{**fields, "requests": record.requests or 0})


def expect_plan(key: str, record: ExportRecord) -> ExportPlan:
    """As `read_plan`; RetryableError if it is none."""
    plan = read_plan(key, record)
    if plan is None:
        raise RetryableError(f"{EXPORTS.path(key)} is no plan: it was {record.state} in one call")
    return plan


def find_missing(plan: ExportPlan, records: Sequence[ExportSliceRecord]) -> list[int]:
    """The slices that have no record yet, in order."""
    return sorted(set(range(plan.slices)) - {record.slice for record in records})


def is_stalled(plan: ExportPlan, records: Sequence[ExportSliceRecord], now: dt.datetime) -> bool:
    """Whether it gave no sign for its promise; the promise doubles with every request, so that no queue grows."""
    signs = [plan.planned_at, plan.requested_at, *(record.recorded_at for record in records)]
    latest = max(sign for sign in signs if isinstance(sign, dt.datetime))
    doublings = min(max(plan.requests - 1, 0), _MOST_DOUBLINGS)
    return plan.state == PLANNED and now - latest > PROMISE * 2**doublings


def describe_finished(plan: ExportPlan, records: Sequence[ExportSliceRecord]) -> SalesExportFinished:
    """What the slices add up to."""
    ordered = sorted(records, key=lambda record: record.slice)
    return SalesExportFinished(
        batch_id=plan.batch_id,
        rows=sum(record.rows for record in ordered),
        rows_quarantined=sum(record.rows_quarantined for record in ordered),
        objects=[record.uri for record in ordered if record.uri],
        manifest_uri=plan.uri,
    )


def find_difference(plan: ExportPlan, records: Sequence[ExportSliceRecord]) -> str:
    """In what the slices differ from the manifest's promise; empty if in nothing. Each has been counted already."""
    if plan.id_sum is None:
        return ""
    total = IdSum()
    for record in records:
        total.add_sum(record.id_sum)
    if total.hexdigest() == plan.id_sum:
        return ""
    return f"the ids exported for {plan.batch_id} are not those of its manifest {plan.uri}, though as many"

"""A large export: the plan in `exports/{key}`, and its slices in `export_slices/{key}-{number}`. Pure.

The plan is decided once and never changes; it is also what `sweep` asks for slices again from. Slices record themselves in
documents of their own, since Firestore takes about one write a second of a document that all of them would share.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ripple.ports import BatchRange, ChangeRange, Document, SalesRange
from ripple.rows.checksums import IdSum
from ripple.wire.events import SalesExportFinished

EXPORTS = "exports"
SLICES = "export_slices"
PLANNED, EXPORTED, REFUSED = "planned", "exported", "refused"
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
    state: str = PLANNED
    planned_at: dt.datetime | None = None
    requested_at: dt.datetime | None = None
    requests: int = 0

    @property
    def path(self) -> str:
        return f"{EXPORTS}/{self.key}"

    @property
    def slices(self) -> int:
        return len(self.rows)

    def slice_path(self, number: int) -> str:
        return f"{SLICES}/{self.key}-{number:05d}"

    def range_of(self, number: int) -> SalesRange:
        begin, end = self.bounds[number], self.bounds[number + 1]
        if isinstance(begin, dt.datetime) and isinstance(end, dt.datetime):
            return ChangeRange(collection=self.collection, changed_from=begin, changed_to=end)
        return BatchRange(collection=self.collection, batch_id=self.batch_id, key_from=str(begin), key_to=str(end))

    def fields_of(self, number: int) -> dict[str, Any]:
        """What `sales.slice.requested.v1` says of a slice."""
        named = {"batch_id": self.batch_id, "export": self.key, "manifest_uri": self.uri}
        return named | {"slice": number, "slices": self.slices, "rows": self.rows[number]}

    def document(self) -> Document:
        """As it lies in Firestore; its key is the document's id."""
        named = {name: getattr(self, name) for name in _FIELDS}
        return named | {"bounds": list(self.bounds), "rows": list(self.rows)}


_FIELDS = tuple(name for name in ExportPlan.__dataclass_fields__ if name not in ("key", "bounds", "rows"))


def is_plan(record: Mapping[str, object] | None) -> bool:
    """Whether a document of `exports` is a plan, and not the word that a batch was exported in one call."""
    return record is not None and "bounds" in record


def read_plan(key: str, record: Mapping[str, object]) -> ExportPlan:
    fields = {name: record.get(name) for name in _FIELDS}
    return ExportPlan(key=key, bounds=tuple(record["bounds"]), rows=tuple(record["rows"]), **fields)  # type: ignore[arg-type]


def find_missing(plan: ExportPlan, records: Sequence[Mapping[str, object]]) -> list[int]:
    """The slices that have no record yet, in order."""
    return sorted(set(range(plan.slices)) - {int(str(record["slice"])) for record in records})


def is_stalled(plan: ExportPlan, records: Sequence[Mapping[str, object]], now: dt.datetime) -> bool:
    """Whether nothing was heard of it for its promise; the promise doubles with every request, so that no queue grows."""
    signs = [plan.planned_at, plan.requested_at, *(record["recorded_at"] for record in records)]
    heard = max(sign for sign in signs if isinstance(sign, dt.datetime))
    doublings = min(max(plan.requests - 1, 0), _MOST_DOUBLINGS)
    return plan.state == PLANNED and now - heard > PROMISE * 2**doublings


def describe_finished(plan: ExportPlan, records: Sequence[Document]) -> SalesExportFinished:
    """What the slices add up to."""
    ordered = sorted(records, key=lambda record: int(record["slice"]))
    return SalesExportFinished(
        batch_id=plan.batch_id,
        rows=sum(record["rows"] for record in ordered),
        rows_quarantined=sum(record["rows_quarantined"] for record in ordered),
        objects=[record["uri"] for record in ordered if record["uri"]],
        manifest_uri=plan.uri,
    )


def find_difference(plan: ExportPlan, records: Sequence[Document]) -> str:
    """In what the slices differ from the manifest's promise; empty if in nothing. Each has been counted already."""
    if plan.id_sum is None:
        return ""
    total = IdSum()
    for record in records:
        total.add_sum(record["id_sum"])
    if total.hexdigest() == plan.id_sum:
        return ""
    return f"the ids exported for {plan.batch_id} are not those of its manifest {plan.uri}, though as many"

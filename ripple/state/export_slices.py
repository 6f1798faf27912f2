"""`export_slices`: the slices of large exports that are in Bronze.

Each is a document of its own, since Firestore takes about one write a second of a document that all of them would share.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from ripple.state.collection import Collection
from ripple.state.records import STORED_NULL, Record

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSliceRecord(Record):
    """One slice; its id is `{export}-{slice}`, the slice in five digits."""

    export: str
    """Id of its export in `exports`."""
    slice: int
    """Its number, from 0."""
    id_sum: str
    """The sum over the ids of its documents, in hex."""
    uri: str | None = field(default=None, metadata=STORED_NULL)
    """Its object in Bronze; null if all its documents had left for another window."""
    rows: int
    """Documents that were read, quarantined ones included."""
    rows_quarantined: int
    """Documents that broke the contract."""
    recorded_at: dt.datetime
    """When it was recorded."""


EXPORT_SLICES = Collection(
    name="export_slices",
    record=ExportSliceRecord,
    version=VERSION,
    written_by=("export_sales",),
    read_by=("export_sales", "sweep", "the command"),
)


def slice_id(export: str, number: int) -> str:
    return f"{export}-{number:05d}"

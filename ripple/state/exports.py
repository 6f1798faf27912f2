"""`exports`: what became of each export of sales: the plan of a large one, or the word that a small one is done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from ripple.state.collection import Collection
from ripple.state.records import Record

VERSION = 1
ExportState = Literal["planned", "exported", "refused"]
PLANNED: Final = "planned"
EXPORTED: Final = "exported"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecord(Record):
    """One export; its id is the key of its manifest's object, or the batch id of a window. One with `bounds` is a plan."""

    state: ExportState
    """planned while slices are missing; exported; refused if it can never work."""
    uri: str | None = None
    """The manifest that promised the documents; absent for a window of a live source."""
    generation: int | None = None
    """Generation of the manifest."""
    batch_id: str | None = None
    """Names the slice of world time; absent if the manifest could not be read."""
    reason: str | None = None
    """Why it was refused."""
    finished_at: dt.datetime | None = None
    """When the last slice of a plan was there."""
    collection: str | None = None
    """Of a plan: the collection that the documents are in."""
    window_from: str | None = None
    """Of a plan: first day of world time, YYYY-MM-DD."""
    bounds: tuple[str, ...] | tuple[dt.datetime, ...] | None = None
    """Of a plan: slice n holds the documents from bounds[n] to bounds[n + 1]: ids of a batch, or moments of change."""
    rows: tuple[int, ...] | None = None
    """Of a plan: how many documents each slice had when it was planned."""
    correlation_id: str | None = None
    """Of a plan: what its slices are stated under."""
    id_sum: str | None = None
    """Of a plan: the sum over all ids that the manifest promised, in hex; absent for a window."""
    replay_of: str | None = None
    """Of a plan: the correlation id that a replay runs again."""
    planned_at: dt.datetime | None = None
    """Of a plan: when it was made."""
    requested_at: dt.datetime | None = None
    """Of a plan: when slices were asked for last."""
    requests: int | None = None
    """Of a plan: how often slices were asked for."""


EXPORTS = Collection(
    name="exports",
    record=ExportRecord,
    version=VERSION,
    written_by=("export_sales", "sweep"),
    read_by=("export_sales", "sweep", "the command"),
)

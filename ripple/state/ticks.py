"""`ticks`: one flow's part of each tick, and the generator job that it started."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from ripple.state.collection import Collection
from ripple.state.records import STORED_NULL, Record

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRecord(Record):
    """One flow's part of a tick; its id is the batch id."""

    flow: str
    """Name of the flow."""
    window_from: str
    """First day of the slice of world time, YYYY-MM-DD."""
    window_to: str
    """The day after its last."""
    scheduled_at: str
    """The tick's time, RFC 3339."""
    execution: str | None = field(default=None, metadata=STORED_NULL)
    """Resource name of the newest execution of the job; null until it has begun."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Options of the generator by name, as the tick gave them."""
    words: tuple[str, ...] = ()
    """The job's whole command line, to run it again."""
    attempts: int = 1
    """How often the job was run."""
    ended: bool = True
    """Whether nothing more is to be expected of the job."""
    failed: bool | None = None
    """True if it was given up; absent if not."""
    decided_at: dt.datetime | None = None
    """When it was recorded first, which is the time of its fact."""


TICKS = Collection(
    name="ticks",
    record=TickRecord,
    version=VERSION,
    written_by=("start_batch", "sweep"),
    read_by=("start_batch", "sweep", "the command"),
)

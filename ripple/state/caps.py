"""How many starts a window of time allows. Pure: starts and now are Firestore's read times, never a machine's clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from ripple.state.records import Record

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts(Record):
    """The newest starts, and the cap that the last of them knew."""

    noted: tuple[dt.datetime, ...] = ()
    """The newest starts, oldest first; none is kept beyond the cap."""
    most: int = 0
    """How many a window allowed when the last of them was noted; 0 is no cap."""


def note_start(starts: Starts, most: int, now: dt.datetime) -> Starts:
    """`now` joins the starts. No decision looks at more than the newest `most`, so none is kept beyond them."""
    # Sorted: a transaction asks the time before it reads, and may wait for one that asked later.
    return replace(starts, noted=tuple(sorted((*starts.noted, now)))[-most:] if most else (), most=most)


def rests_until(starts: Starts, most: int, window: dt.timedelta, now: dt.datetime) -> dt.datetime | None:
    """The moment before which nothing more may start; None if it may now."""
    if not most or len(starts.noted) < most:
        return None
    moment = starts.noted[-most] + window
    return moment if moment > now else None

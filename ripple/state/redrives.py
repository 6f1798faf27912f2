"""`redrives`: which dead letters went back, each once, and by which replay."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ripple.state.collection import Collection
from ripple.state.records import Record

VERSION = 1
MOST = 100_000
"""Read at once, where all that went back are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveRecord(Record):
    """One dead letter that a replay took; its id is the letter's."""

    replay: str
    """Id of the replay: no other one sends the letter."""
    at: dt.datetime
    """When the replay's command was delivered."""
    sent: bool
    """Whether it is known to be back; false if its sender crashed, whose retry sends it again."""
    event: str
    """Type of the event that died, or empty."""
    event_id: str
    """Id of the event that died, or empty."""


REDRIVES = Collection(
    name="redrives",
    record=RedriveRecord,
    version=VERSION,
    written_by=("replay",),
    read_by=("replay", "the command"),
)

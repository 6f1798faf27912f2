"""`replays`: the plan of each replay as it was made first, so that the same command twice is one replay."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from ripple.state.collection import Collection
from ripple.state.records import STORED_NULL, Record
from ripple.wire.events import ReplayRunPlanned

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRecord(Record):
    """One replay; its id is the replay's, with `-dry-run` behind it if it is one."""

    plan: ReplayRunPlanned
    """What it fires and changes, as it was stated."""
    replay_of: str | None = field(default=None, metadata=STORED_NULL)
    """The correlation id that it runs again, if it is one; null otherwise."""
    at: dt.datetime
    """When it was planned first, which is the time of its facts."""


REPLAYS = Collection(
    name="replays",
    record=ReplayRecord,
    version=VERSION,
    written_by=("replay",),
    read_by=("replay", "the command"),
)


def plan_id(replay_id: str, *, dry_run: bool) -> str:
    """A dry run and the run that follows are two plans under one name."""
    return f"{replay_id}-dry-run" if dry_run else replay_id

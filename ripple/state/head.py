"""`elt/head`: the one document that says whether an ELT run is live. Who changes it holds it in a transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from ripple.state.caps import Starts
from ripple.state.collection import Collection, SingleDocument
from ripple.state.records import STORED_NULL, Record

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EltRun(Record):
    """The one live run."""

    batch: int
    """Number of the batch that it runs."""
    epoch: int
    """Its fencing token: a finisher of a lower one is a zombie."""
    lease_until: dt.datetime
    """When `sweep` may ask what became of it."""
    cause: str
    """Id of the event that began it: the same event, delivered again, takes it up."""
    execution: str = ""
    """Not used: the batch names the execution."""
    decided_at: dt.datetime | None = None
    """When its epoch was given, which is the time of elt.run.started.v1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head(Record):
    """The live run or none, what comes next, and how many runs began lately."""

    run: EltRun | None = field(default=None, metadata=STORED_NULL)
    """The live run; null if there is none."""
    epoch: int = 0
    """The last epoch that was given."""
    next: int = 1
    """Number of the next new batch."""
    replays: tuple[int, ...] = ()
    """Batches that are to run again, in the order in which they were asked for."""
    starts: Starts = field(default_factory=Starts)
    """The newest starts of runs, for the cap on an hour's runs."""


HEAD = SingleDocument(
    Collection(
        name="elt",
        record=Head,
        version=VERSION,
        written_by=("start_elt",),
        read_by=("start_elt", "start_training", "replay", "sweep", "the command"),
    ),
    "head",
)

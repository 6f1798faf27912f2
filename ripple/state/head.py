"""`elt/head`: the one document that says whether an ELT run is live. Who changes it holds it in a transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from ripple.state.caps import Starts
from ripple.state.collection import Collection, SingleDocument
from ripple.state.holds import Holds
from ripple.state.parts import Part
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
    part: int = 0
    """Number of the run within its batch's incident, from 1; 0 for a run of the whole batch."""
    takes: Part | None = None
    """Of a run of an incident: its part of the batch's files, or the flows of a trial; absent for the whole batch."""
    is_trial: bool = False
    """Whether it takes none of the batch's files: it tries the SQL without them."""
    is_last: bool = True
    """Whether the batch is done if it succeeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFile(Record):
    """The file by which a flow's SQL is tried: the smallest of the last run that published some."""

    flow: str
    """Name of the flow."""
    file: str
    """Its id in `files`."""


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
    incidents: tuple[int, ...] = ()
    """Batches that failed and of which parts are still to run, in the order in which they failed."""
    holds: Holds = ()
    """Flows whose files wait, as their SQL fails whatever the files are."""
    trial_files: tuple[TrialFile, ...] = ()
    """Of each flow that was published, the file that a trial takes."""


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

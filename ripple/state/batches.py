"""`batches`: the ELT batches, numbered from 1 without gaps: which files each claimed and how far its run has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ripple.state.collection import Collection
from ripple.state.head import TrialFile
from ripple.state.incidents import Incident
from ripple.state.records import Record
from ripple.wire.events import EltRunSucceeded

VERSION = 1
BatchState = Literal["claimed", "running", "split", "done", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord(Record):
    """One ELT batch; its id is its number."""

    epoch: int
    """Fencing token of its newest run; a newer run of any batch has a higher one."""
    state: BatchState
    """claimed until its execution is named, running, split while parts of it are still to run, then done; parked if a replay of a
    batch that was done has used up its attempts."""
    execution: str
    """Resource name of the workflow execution of its newest run; empty until Workflows has answered."""
    attempts: int
    """How often its run has failed of what passes, one time after the other."""
    files: int
    """How many Bronze objects it claimed; 0 until they are listed."""
    flows: tuple[str, ...]
    """Flows that it has files of, in order; none until they are listed."""
    dt_from: str
    """First day of world time of its files, YYYY-MM-DD; empty until they are listed."""
    dt_to: str
    """Last day of world time of its files, YYYY-MM-DD; empty until they are listed."""
    correlation_id: str
    """What brought its one file, or its own name if it has several."""
    correlation_ids: tuple[str, ...]
    """What brought its files, at most 50 of them, in order."""
    cause: str
    """Id of the event that claimed it first."""
    listed: bool = True
    """Whether its list is frozen and each file of it is marked; a run of it begins only then."""
    replays: tuple[str, ...] = ()
    """Ids of the replays that asked for it again."""
    replay: str | None = None
    """The replay that its newest run belongs to; absent if it was never replayed."""
    reason: str | None = None
    """Why its last failed run failed; absent if none did."""
    dataset_version: str | None = None
    """Hash of the content of the snapshot that it made; absent until it is done."""
    snapshot_uri: str | None = None
    """Folder of that snapshot; absent until it is done."""
    succeeded: EltRunSucceeded | None = None
    """What its last run that succeeded stated; absent until it is done."""
    stall_told: str | None = None
    """`since` of the last run.stalled.v1 about it, so that each stall is stated once."""
    parked: int = 0
    """How many of its files were parked, and left it."""
    incident: Incident | None = None
    """What is still to be done about its failure; absent if it did not fail, or if all is done."""
    ran: tuple[str, ...] = ()
    """Flows of its newest run, in order, with those that it only takes unsettled files out of."""
    smallest: tuple[TrialFile, ...] = ()
    """Of each flow of its newest run, the smallest file with accepted rows."""


BATCHES = Collection(
    name="batches",
    record=BatchRecord,
    version=VERSION,
    written_by=("start_elt", "sweep"),
    read_by=("start_elt", "replay", "sweep", "the command"),
)

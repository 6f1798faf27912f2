"""`trainings`: whether the dataset of each ELT batch is trained on, why, under which job, and how that ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ripple.state.collection import Collection
from ripple.state.records import Record
from ripple.wire.events import EltRunSucceeded

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord(Record):
    """The decision on one batch's dataset; its id is the batch's number."""

    train: bool
    """Whether a job was decided on."""
    reason: str
    """Why, or why not, in a sentence."""
    run: EltRunSucceeded
    """What the ELT run stated of the dataset."""
    superseded: bool = False
    """Not trained on, because a newer dataset was on its way; comes back if that does not arrive."""
    deferred: bool = False
    """Not trained on, because the day has had its jobs; comes back when the day allows one."""
    job: str | None = None
    """Name of the newest job; absent if none was decided on."""
    attempts: int | None = None
    """Which try the newest job is, from 1."""
    spec_digest: str | None = None
    """SHA-256 of the pipeline spec that the newest job runs, in lower hex."""
    decided_at: dt.datetime | None = None
    """When the newest job was decided on."""
    ended: bool | None = None
    """Whether the newest job has ended; absent if none was decided on."""
    outcome: str | None = None
    """promoted, kept_champion, failed or cancelled; absent until a job has ended for good."""
    ending: str | None = None
    """Why it ended so, in a sentence."""
    failure: str | None = None
    """Why the attempt before the newest failed."""
    failed_job: str | None = None
    """Name of the job of that attempt."""
    replays: tuple[str, ...] = ()
    """Ids of the newest replays that asked to train again."""
    stall_told: str | None = None
    """`since` of the last run.stalled.v1 about it, so that each stall is stated once."""

    @property
    def is_under_way(self) -> bool:
        """Whether a job was decided on for the dataset and nobody has said how it ended."""
        return self.train and self.ended is False


TRAININGS = Collection(
    name="trainings",
    record=TrainingRecord,
    version=VERSION,
    written_by=("start_training", "sweep"),
    read_by=("start_training", "replay", "sweep", "the command"),
)

"""`files`: what became of each generation of each Bronze object. `land_object` claims it before it checks it."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import Any, Literal

from ripple.flows import list_flows
from ripple.state.collection import Collection, Readable
from ripple.state.records import STORED_NULL, Record
from ripple.wire.events import BronzeContractDrifted, BronzeObjectLanded, BronzeObjectRejected

VERSION = 1
PARKED = 0
"""As a batch: the file was parked, and waits for a replay."""
FileState = Literal["claimed", "landed", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking(Record):
    """Why a file was parked."""

    batch: int
    """The batch that it left."""
    epoch: int
    """The run after which it left."""
    action: str
    """The statement that failed of it."""
    message: str
    """What that said, without what rows say."""
    files: int
    """How many files were parked as one set: of several it is not known which is the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord(Record):
    """One generation of a Bronze object; its id is `ObjectRef.key`."""

    uri: str
    """The object, gs://BUCKET/NAME."""
    generation: int
    """Generation of the object, as Cloud Storage numbers it."""
    state: FileState
    """claimed while it is checked; then landed or rejected, by its flow's contract."""
    correlation_id: str
    """The batch of the generator or the replay that brought it."""
    claimed_at: datetime | None = None
    """When its first delivery began."""
    fact: Mapping[str, Any] | None = None
    """Data of the fact that was stated of it, bronze.object.landed.v1 or bronze.object.rejected.v1; absent while claimed."""
    drift: BronzeContractDrifted | None = None
    """What it holds that its contract does not foresee; absent if nothing."""
    flow: str | None = None
    """Its flow; absent unless landed."""
    dt: str | None = None
    """First day of world time that it holds, YYYY-MM-DD; absent unless landed."""
    batch: int | None = field(default=None, metadata=STORED_NULL)
    """Number of the ELT batch that claimed it; null until one does, by which files that wait are found; 0 if it was parked."""
    decided_at: datetime | None = None
    """When its verdict was decided, which is the time of the fact; absent while claimed."""
    parking: Parking | None = None
    """Why it was parked last; absent if it never was."""

    @property
    def landed(self) -> BronzeObjectLanded:
        """The fact of a landed file; PermanentError for any other."""
        return BronzeObjectLanded.from_data(self.fact)

    @property
    def verdict(self) -> BronzeObjectLanded | BronzeObjectRejected:
        """The fact of a file that was checked; PermanentError for one that was not."""
        return self.landed if self.state == "landed" else BronzeObjectRejected.from_data(self.fact)


FILES = Collection(
    name="files",
    record=FileRecord,
    version=VERSION,
    written_by=("land_object", "start_elt"),
    read_by=("land_object", "start_elt", "start_training", "replay", "sweep", "the command"),
)

_LOOKED_AT = 10
"""Waiting files, for one whose record can be read."""


def is_any_waiting(store: Readable, held: Names[str] = ()) -> bool:
    """Whether a landed file waits for a batch, of a flow that is not held."""
    return find_first_waiting(store, held) is not None


def find_first_waiting(store: Readable, held: Names[str] = ()) -> FileRecord | None:
    """A landed file that no batch has claimed, of a flow that is not held, or None."""
    return next((file for _, file in find_waiting(store, _LOOKED_AT, held)), None)


def find_waiting(store: Readable, limit: int, held: Names[str] = ()) -> Iterator[tuple[str, FileRecord]]:
    """Landed files that no batch has claimed, with their ids, in the order of these, at most `limit`.

    Those of held flows are left out, and those of flows that this release does not have: both wait. One whose record this release
    cannot read waits for another release or a person: it must not hold back the others.
    """
    # By flow, so that the many files of one do not stand in the way of the others'.
    flows = [flow for flow in list_flows() if flow not in held]
    found = (FILES.find_readable(store, limit, state="landed", batch=None, flow=flow) for flow in flows)
    return islice(sorted(chain.from_iterable(found), key=lambda pair: pair[0]), limit)

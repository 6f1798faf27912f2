"""`sweeps`: how far the listing of each bucket has come."""

from __future__ import annotations

from dataclasses import dataclass

from ripple.state.collection import Collection
from ripple.state.records import Record

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord(Record):
    """One listing; its id is the bucket's short name, bronze or landing, or bronze-FLOW for the newest days of a flow."""

    after: str = ""
    """The object after whose name the next sweep goes on; empty to begin again."""


SWEEPS = Collection(name="sweeps", record=SweepRecord, version=VERSION, written_by=("sweep",), read_by=("sweep",))

"""`tombstones`: what was asked to be forgotten. Every run obeys them, for ever: what they name is in no table after it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ripple.state.collection import Collection, Readable
from ripple.state.records import STORED_NULL, Record

VERSION = 1
MOST_KEYS = 100_000
"""Of a flow: a run compares each of its keys with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TombstoneRecord(Record):
    """One generation of an object, or one key of a flow; its id is a function of that."""

    kind: Literal["object", "key"]
    """What is forgotten."""
    flow: str
    """The flow of the object, or of the key."""
    uri: str | None = field(default=None, metadata=STORED_NULL)
    """The object, gs://BUCKET/NAME; null of a key."""
    generation: int | None = field(default=None, metadata=STORED_NULL)
    """Its generation; null of a key."""
    key_hash: str | None = field(default=None, metadata=STORED_NULL)
    """SHA-256 of the key, in lower hex: the key itself stands nowhere in the state; null of an object."""
    asked_at: dt.datetime
    """When that was asked for, by Firestore's clock."""
    replay: str
    """The request: it is a replay, by its id."""

    @property
    def id(self) -> str:
        what = f"{self.uri}#{self.generation}" if self.kind == "object" else f"{self.flow}:{self.key_hash}"
        return hashlib.sha256(f"{self.kind} {what}".encode()).hexdigest()


TOMBSTONES: Collection[TombstoneRecord] = Collection(
    name="tombstones",
    record=TombstoneRecord,
    version=VERSION,
    written_by=("replay",),
    read_by=("start_elt", "replay", "the command"),
)


def hash_key(key: str) -> str:
    """As SQL has it: TO_HEX(SHA256(key))."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_keys(store: Readable, flows: Sequence[str]) -> Iterator[tuple[str, str]]:
    """`(flow, key_hash)` of every key of the flows that is forgotten, in order."""
    for flow in flows:
        found = TOMBSTONES.find(store, MOST_KEYS, kind="key", flow=flow)
        yield from sorted((flow, str(stone.key_hash)) for _, stone in found)


def find_objects(store: Readable, flows: Sequence[str]) -> frozenset[tuple[str, int]]:
    """`(uri, generation)` of every object of the flows that is forgotten."""
    found = (stone for flow in flows for _, stone in TOMBSTONES.find(store, MOST_KEYS, kind="object", flow=flow))
    return frozenset((str(stone.uri), int(stone.generation or 0)) for stone in found)

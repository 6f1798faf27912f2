"""Objects whose event was lost, or whose handler died: they are announced again.

Each flow's newest days are looked through a page at a sweep, and so is all of a bucket, each from where the last sweep
stopped: a lake of a million objects costs no more at a time than one of five thousand, what is new is not found a day
late, and what comes late into an old day's folder is found within a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ripple.errors import RetryableError
from ripple.flows import list_flows
from ripple.handling.stating import Cause, send, state_as
from ripple.ports import StoredObject
from ripple.ports.holders import BucketPorts, HasDocuments, StatingPorts
from ripple.state.collection import Collection
from ripple.state.exports import EXPORTS, ExportRecord
from ripple.state.files import FILES, FileRecord
from ripple.state.sweeps import SWEEPS, SweepRecord
from ripple.wire.events import Fact, ReplayRunStarted, RunStalled
from ripple.wire.events.upkeep import UPKEEP

PROMISE = dt.timedelta(seconds=540)
"""Between an object and its record: what its handler may take."""
PAGE = 5000
NEWEST = dt.timedelta(days=2)
"""Of world time, before the clock's: what is later than that counts as new."""
_NAMED = 10
MOST_AT_ONCE = 200
"""Announced at a sweep: a stage that is down or slow must not be flooded with what it has not done."""
_OF: Mapping[str, tuple[Collection[Any], str, str, str]] = {
    "bronze": (FILES, "object", "bronze.object.landed.v1", "land_object"),
    "landing": (EXPORTS, "manifest", "sales.export.finished.v1", "export_sales"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a bucket, by the short name of that: names with a prefix, after `first`; `place` says in `sweeps` where it goes on."""

    place: str
    bucket: str
    prefix: str = ""
    first: str = ""


class ArrivalPorts(StatingPorts, BucketPorts, Protocol):
    """Buckets, and the word that something is in them."""


def land_unannounced(now: dt.datetime, cause: Cause, ports: ArrivalPorts) -> None:
    """A finalize event may be lost for good; nothing that is in a bucket is. RetryableError names records that cannot be read."""
    announced: set[str] = set()
    broken: list[str] = []
    for part in list_parts(now):
        broken += _look_through(part, announced, now, cause, ports)
    if broken:
        raise RetryableError("; ".join(broken[:_NAMED]))


def list_parts(now: dt.datetime) -> list[Part]:
    """What a sweep looks through a page of: each flow's newest days, and then all there is, in turns. Pure."""
    day = (now - NEWEST).date()
    newest = [
        Part(place=f"bronze-{flow}", bucket="bronze", prefix=f"{flow}/", first=f"{flow}/dt={day.isoformat()}")
        for flow in list_flows()
    ]
    return [*newest, *(Part(place=bucket, bucket=bucket) for bucket in _OF)]


def _look_through(
    part: Part, announced: set[str], now: dt.datetime, cause: Cause, ports: ArrivalPorts
) -> Iterable[str]:
    """Announce what is silent on the part's next page, unless this sweep has; why records could not be read."""
    collection, kind, expected, stage = _OF[part.bucket]
    after = (SWEEPS.get(ports.documents, part.place) or SweepRecord()).after
    bucket = ports.settings.bucket(part.bucket)
    page = list(ports.objects.list(bucket, part.prefix, max(after, part.first), PAGE))
    records, broken = collection.get_readable(ports.documents, [stored.ref.key for stored in page])
    looked_at = [stored for stored in page if stored.ref.key not in broken]
    silent = find_silent(looked_at, records, now)
    for stored, what in silent:
        if stored.ref.key not in announced:
            facts = announce(stored, kind, expected, stage, what)
            send([state_as(fact, "sweep", cause, now) for fact in facts], ports.publisher, ports.documents)
            announced.add(stored.ref.key)
    following = next_place(page, [stored for stored, _ in silent])
    if following != after:
        _keep_place(part.place, following, ports)
    return broken.values()


def find_silent(
    page: Sequence[StoredObject], records: Mapping[Any, FileRecord | ExportRecord], now: dt.datetime
) -> list[tuple[StoredObject, str]]:
    """Objects that are to be announced, and why; not more than a stage should be asked for at once. Pure."""
    reasons = [decide_stalled(stored, records.get(stored.ref.key), now) for stored in page]
    return [(stored, what) for stored, what in zip(page, reasons, strict=True) if what][:MOST_AT_ONCE]


def next_place(page: Sequence[StoredObject], announced: Sequence[StoredObject]) -> str:
    """The name after which the next sweep goes on; empty to begin again. Pure."""
    if len(announced) == MOST_AT_ONCE:
        return announced[-1].ref.name
    return page[-1].ref.name if len(page) == PAGE else ""


def _keep_place(bucket: str, name: str, ports: HasDocuments) -> None:
    ports.documents.run(lambda transaction, _now: SWEEPS.set(transaction, bucket, SweepRecord(after=name)))


def decide_stalled(stored: StoredObject, record: FileRecord | ExportRecord | None, now: dt.datetime) -> str:
    """Why an object counts as stalled; empty if it is recorded, or young. Pure."""
    if now - stored.created <= PROMISE or (record is not None and record.state != "claimed"):
        return ""
    return "never claimed" if record is None else "claimed, not landed"


def announce(stored: StoredObject, kind: str, expected: str, stage: str, what: str) -> list[Fact]:
    """That it stalled, and the replay that repairs it. The same loss is the same facts at every sweep. Pure."""
    ref = stored.ref
    stalled = RunStalled(
        stalled=ref.uri,
        expected=expected,
        of=stage,
        since=str(ref.generation),
        reason=f"{ref.name} is {what}; it is announced again",
    )
    return [stalled, ReplayRunStarted(replay_id=f"{UPKEEP}{ref.key[:12]}", kind=kind, targets=[ref.uri])]

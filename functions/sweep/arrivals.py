"""Objects whose event was lost, or whose handler died: they are announced again.

A bucket is listed a page at a sweep, from where the last sweep stopped, so that a lake of a million objects costs no
more at a time than one of five thousand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

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
MOST_AT_ONCE = 200
"""Announced at a sweep: a stage that is down or slow must not be flooded with what it has not done."""
_OF: Mapping[str, tuple[Collection[Any], str, str, str]] = {
    "bronze": (FILES, "object", "bronze.object.landed.v1", "land_object"),
    "landing": (EXPORTS, "manifest", "sales.export.finished.v1", "export_sales"),
}


class ArrivalPorts(StatingPorts, BucketPorts, Protocol):
    """Buckets, and the word that something is in them."""


def land_unannounced(now: dt.datetime, cause: Cause, ports: ArrivalPorts) -> None:
    """A finalize event may be lost for good; nothing that is in a bucket is."""
    for bucket, (collection, kind, expected, stage) in _OF.items():
        after = (SWEEPS.get(ports.documents, bucket) or SweepRecord()).after
        page = list(ports.objects.list(ports.settings.bucket(bucket), "", after, PAGE))
        silent = _find_silent(page, collection, now, ports)
        for stored, what in silent:
            facts = announce(stored, kind, expected, stage, what)
            send([state_as(fact, "sweep", cause, now) for fact in facts], ports.publisher, ports.documents)
        following = next_place(page, [stored for stored, _ in silent])
        if following != after:
            _keep_place(bucket, following, ports)


def _find_silent(
    page: Sequence[StoredObject], collection: Collection[Any], now: dt.datetime, ports: HasDocuments
) -> list[tuple[StoredObject, str]]:
    records = collection.get_many(ports.documents, [stored.ref.key for stored in page])
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

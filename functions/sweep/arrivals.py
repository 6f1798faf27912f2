"""Objects whose event was lost, or whose handler died: they are announced again.

A bucket is listed a page at a sweep, from where the last sweep stopped, so that a lake of a million objects costs no
more at a time than one of five thousand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from ripple.handling.stating import Cause, send, state_as
from ripple.ports import Document, StoredObject
from ripple.ports.holders import BucketPorts, HasDocuments, StatingPorts
from ripple.wire.events import Fact, ReplayRunStarted, RunStalled
from ripple.wire.events.upkeep import UPKEEP

PROMISE = dt.timedelta(seconds=540)
"""Between an object and its record: what its handler may take."""
PAGE = 5000
MOST_AT_ONCE = 200
"""Announced at a sweep: a stage that is down or slow must not be buried under what it has not done."""
_OF = {
    "bronze": ("files", "object", "bronze.object.landed.v1", "land_object"),
    "landing": ("exports", "manifest", "sales.export.finished.v1", "export_sales"),
}


class ArrivalPorts(StatingPorts, BucketPorts, Protocol):
    """Buckets, and the word that something is in them."""


def hear_unheard(now: dt.datetime, cause: Cause, edge: ArrivalPorts) -> None:
    """A finalize event may be lost for good; nothing that lies in a bucket is."""
    for bucket, (collection, kind, expected, stage) in _OF.items():
        place = f"sweeps/{bucket}"
        after = str((edge.documents.get(place) or {}).get("after", ""))
        page = list(edge.objects.list(edge.settings.bucket(bucket), "", after, PAGE))
        silent = _find_silent(page, collection, now, edge)
        for stored, what in silent:
            facts = announce(stored, kind, expected, stage, what)
            send([state_as(fact, "sweep", cause) for fact in facts], edge.publisher, edge.documents)
        following = next_place(page, [stored for stored, _ in silent])
        if following != after:
            _keep_place(place, following, edge)


def _find_silent(
    page: Sequence[StoredObject], collection: str, now: dt.datetime, edge: HasDocuments
) -> list[tuple[StoredObject, str]]:
    paths = [f"{collection}/{stored.ref.key}" for stored in page]
    records = edge.documents.get_many(paths)
    reasons = [decide_stalled(stored, records.get(path), now) for stored, path in zip(page, paths, strict=True)]
    return [(stored, what) for stored, what in zip(page, reasons, strict=True) if what][:MOST_AT_ONCE]


def next_place(page: Sequence[StoredObject], announced: Sequence[StoredObject]) -> str:
    """The name after which the next sweep goes on; empty to begin anew. Pure."""
    if len(announced) == MOST_AT_ONCE:
        return announced[-1].ref.name
    return page[-1].ref.name if len(page) == PAGE else ""


def _keep_place(place: str, name: str, edge: HasDocuments) -> None:
    edge.documents.run(lambda transaction, _now: transaction.set(place, {"after": name}))


def decide_stalled(stored: StoredObject, record: Document | None, now: dt.datetime) -> str:
    """Why an object counts as stalled; empty if it is recorded, or young. Pure."""
    if now - stored.created <= PROMISE or (record is not None and record["state"] != "claimed"):
        return ""
    return "never claimed" if record is None else "claimed, not landed"


def announce(stored: StoredObject, kind: str, expected: str, stage: str, what: str) -> list[Fact]:
    """That it stalled, and the replay that mends it. The same loss is the same facts at every sweep. Pure."""
    ref = stored.ref
    stalled = RunStalled(
        stalled=ref.uri,
        expected=expected,
        of=stage,
        since=str(ref.generation),
        reason=f"{ref.name} is {what}; it is announced again",
    )
    return [stalled, ReplayRunStarted(replay_id=f"{UPKEEP}{ref.key[:12]}", kind=kind, targets=[ref.uri])]

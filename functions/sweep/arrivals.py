"""Objects whose event was lost, or whose handler died: they are announced again.

A bucket is listed a page at a sweep, from where the last sweep stopped, so that a lake of a million objects costs no
more at a time than one of five thousand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ripple.events import Fact, ReplayRunStarted, RunStalled
from ripple.gateways.edge import Edge
from ripple.ports import Document, StoredObject
from ripple.stating import Cause, send, state_as

PROMISE = dt.timedelta(seconds=540)
"""Between an object and its record: what its handler may take."""
PAGE = 5000
_OF = {
    "bronze": ("files", "object", "bronze.object.landed.v1", "land_object"),
    "landing": ("exports", "manifest", "sales.export.finished.v1", "export_sales"),
}


def hear_unheard(now: dt.datetime, cause: Cause, edge: Edge) -> None:
    """A finalize event may be lost for good; nothing that lies in a bucket is."""
    for bucket, (collection, kind, expected, stage) in _OF.items():
        for stored, record in _turn_page(bucket, collection, edge):
            what = decide_stalled(stored, record, now)
            if what:
                facts = announce(stored, kind, expected, stage, what)
                send([state_as(fact, "sweep", cause) for fact in facts], edge.publisher, edge.documents)


def _turn_page(bucket: str, collection: str, edge: Edge) -> Iterator[tuple[StoredObject, Document | None]]:
    """The next page of objects with their records; the place is kept in `sweeps/{bucket}`."""
    place = f"sweeps/{bucket}"
    after = str((edge.documents.get(place) or {}).get("after", ""))
    page = list(edge.objects.list(edge.settings.bucket(bucket), "", after, PAGE))
    records = edge.documents.get_many([f"{collection}/{stored.ref.key}" for stored in page])
    for stored in page:
        yield stored, records.get(f"{collection}/{stored.ref.key}")
    following = page[-1].ref.name if len(page) == PAGE else ""
    if following != after:
        edge.documents.run(lambda transaction, _now: transaction.set(place, {"after": following}))


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
    return [stalled, ReplayRunStarted(replay_id=f"sweep-{ref.key[:12]}", kind=kind, targets=[ref.uri])]

"""Land objects that a replay names: what is landed is announced again, what was rejected is checked again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

from ripple.errors import PermanentError
from ripple.handling.stating import Cause, correlated, keep_in_outbox, state_as
from ripple.ports import DocumentStore, Transaction
from ripple.ports.holders import FilePorts, HasSettings
from ripple.state.files import FILES
from ripple.wire.events import BronzeObjectLanded, Fact
from ripple.wire.limits import OBJECT_NAME_BYTES
from ripple.wire.paths import ObjectRef, split_uri

P = TypeVar("P", bound=FilePorts)


def replay_objects(uris: Sequence[str], land: Callable[[ObjectRef, Cause, P], None], cause: Cause, ports: P) -> None:
    """Every object that is there; PermanentError names those that are gone when all others are done."""
    gone = []
    for uri in uris:
        try:
            bucket, name = expect_bronze(uri, ports)
            ref = ports.objects.stat(bucket, name).ref
        except PermanentError as error:
            if error.code not in ("object_missing", "bucket_unexpected"):
                raise
            gone.append(uri)
            continue
        known = FILES.get(ports.documents, ref.key)
        first = known.correlation_id if known else uri
        # A file that a replay landed first has the replay's own correlation id, which repeats nothing.
        line = cause if first == cause.correlation_id else correlated(cause, cause.correlation_id, first)
        land(ref, line, ports)
    if gone:
        raise PermanentError("object_missing", f"not in Bronze any more: {', '.join(gone)}"[:2000])


def expect_bronze(uri: str, ports: HasSettings) -> tuple[str, str]:
    """`(bucket, name)` of a Bronze object; PermanentError for any other."""
    bucket, name = split_uri(uri)
    if bucket != ports.settings.bucket("bronze") or len(name.encode()) > OBJECT_NAME_BYTES:
        raise PermanentError("bucket_unexpected", f"{uri!r:.200} is no object of {ports.settings.bucket('bronze')}")
    return bucket, name


def reconsider(facts: Sequence[Fact], ref: ObjectRef, stage: str, cause: Cause, documents: DocumentStore) -> None:
    """Record a rejected file that today's contract takes as if it had just come. A file that is still refused stays as it is."""

    def decide(transaction: Transaction, now: dt.datetime) -> None:
        current = FILES.get(transaction, ref.key)
        if current is None or current.state != "rejected" or not isinstance(facts[-1], BronzeObjectLanded):
            return
        FILES.update(transaction, ref.key, decided_at=now, **describe_verdict(facts))
        for fact in facts:
            keep_in_outbox(transaction, state_as(fact, stage, cause, now), now)

    documents.run(decide)


def describe_verdict(facts: Sequence[Fact]) -> dict[str, object]:
    """What a file's record gains by its facts, of which the verdict is the last and drift may be the first. Pure."""
    verdict = facts[-1]
    is_landed = isinstance(verdict, BronzeObjectLanded)
    # A batch that is null, and not one that is missing, is what waiting files are found by.
    changed = {"state": "landed" if is_landed else "rejected", "fact": verdict.data(), "batch": None}
    flow = {"flow": verdict.flow, "dt": verdict.dt} if isinstance(verdict, BronzeObjectLanded) else {}
    return changed | flow | ({"drift": facts[0]} if len(facts) > 1 else {})

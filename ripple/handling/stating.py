"""State facts: build envelopes, keep what a transaction decided in the outbox until it is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from ripple.handling import log_records
from ripple.ports import Document, DocumentStore, Publisher, Transaction
from ripple.wire.events import CATALOGUE, Envelope, Fact
from ripple.wire.limits import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What a handler reacts to: the event's id, the batch or replay that began it all, the correlation id of what a replay repeats."""

    event_id: str
    correlation_id: str
    time: dt.datetime
    traceparent: str | None = None
    replay_of: str | None = None


def state_as(fact: Fact, stage: str, cause: Cause) -> Envelope:
    """The fact as `stage` states it because of `cause`; its time is the cause's delivery."""
    return Envelope(
        fact=fact,
        source=f"//ripple/functions/{stage}",
        time=cause.time,
        correlation_id=cause.correlation_id,
        causation_id=cause.event_id,
        traceparent=cause.traceparent,
        replay_of=cause.replay_of,
    )


def outbox_path(envelope: Envelope) -> str:
    """A function of the whole id: cut without its hash, two generations of a long name would share a document."""
    return "outbox/" + fit(quote(envelope.fact.id, safe=""), 1400)


def keep_in_outbox(transaction: Transaction, envelope: Envelope, now: dt.datetime) -> None:
    """Part of the transaction that decides the fact, read at `now`: a crash after it leaves the fact for `sweep` to send."""
    document: Document = {
        "kept_at": now,
        "type": envelope.fact.TYPE,
        "data": envelope.fact.data(),
        "source": envelope.source,
        "time": envelope.time,
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "traceparent": envelope.traceparent,
        "replay_of": envelope.replay_of,
    }
    transaction.set(outbox_path(envelope), document)


def read_outbox(document: Document) -> Envelope:
    fact = CATALOGUE[document["type"]].from_data(document["data"])
    rest = {name: document[name] for name in ("source", "time", "correlation_id", "causation_id", "traceparent")}
    # An outbox that an older version filled has no `replay_of`.
    return Envelope(fact=fact, replay_of=document.get("replay_of"), **rest)


def send(envelopes: Iterable[Envelope], publisher: Publisher, documents: DocumentStore) -> None:
    """Publish, then forget: sent twice is harmless (same id), sent never is not."""
    for envelope in envelopes:
        publisher.publish(envelope)
        log_records.write("stated", envelope.source.rpartition("/")[2], envelope.fact, envelope.correlation_id)
        documents.delete(outbox_path(envelope))


def correlated(cause: Cause, correlation_id: str, replay_of: str | None = None) -> Cause:
    return replace(cause, correlation_id=correlation_id, replay_of=replay_of)

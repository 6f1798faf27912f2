"""State facts: build envelopes, keep what a transaction decided in the outbox until it is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from ripple.handling import log_records
from ripple.ports import DocumentStore, Publisher, Transaction
from ripple.state.outbox import OUTBOX, pack_envelope
from ripple.wire.events import Envelope, Fact
from ripple.wire.limits import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What a handler reacts to: the event's id, the batch or replay that began it all, the correlation id of what a replay repeats."""

    event_id: str
    correlation_id: str
    time: dt.datetime
    traceparent: str | None = None
    replay_of: str | None = None


def state_as(fact: Fact, stage: str, cause: Cause, at: dt.datetime | None = None) -> Envelope:
    """The fact as `stage` states it because of `cause`; its time is when it was decided, `at`.

    A record keeps that time, so that the fact bears it too when it is stated again. Without one it is the time of the cause.
    """
    return Envelope(
        fact=fact,
        source=f"//ripple/functions/{stage}",
        time=at or cause.time,
        correlation_id=cause.correlation_id,
        causation_id=cause.event_id,
        traceparent=cause.traceparent,
        replay_of=cause.replay_of,
    )


def outbox_id(envelope: Envelope) -> str:
    """A function of the whole id: cut without its hash, two generations of a long name would share a document."""
    return fit(quote(envelope.fact.id, safe=""), 1400)


def keep_in_outbox(transaction: Transaction, envelope: Envelope, now: dt.datetime) -> None:
    """Part of the transaction that decides the fact, read at `now`: a crash after it leaves the fact for `sweep` to send."""
    OUTBOX.set(transaction, outbox_id(envelope), pack_envelope(envelope, now))


def send(envelopes: Iterable[Envelope], publisher: Publisher, documents: DocumentStore) -> None:
    """Publish, then forget: sent twice is harmless (same id), sent never is not."""
    for envelope in envelopes:
        publisher.publish(envelope)
        log_records.write("stated", envelope.source.rpartition("/")[2], envelope.fact, envelope.correlation_id)
        OUTBOX.delete(documents, outbox_id(envelope))


def correlated(cause: Cause, correlation_id: str, replay_of: str | None = None) -> Cause:
    return replace(cause, correlation_id=correlation_id, replay_of=replay_of)

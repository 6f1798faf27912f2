"""`outbox`: facts that a transaction decided and that are not known to be published yet. `sweep` sends what stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ripple.state.collection import Collection
from ripple.state.records import STORED_NULL, Record
from ripple.wire.events import Envelope, decode_fact

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRecord(Record):
    """One fact with its CloudEvent context; its id is the fact's, percent-encoded and cut to what Firestore takes."""

    kept_at: dt.datetime
    """When the transaction decided it."""
    type: str
    """Type of the fact, such as bronze.object.landed.v1."""
    data: Mapping[str, Any]
    """The fact's payload."""
    source: str
    """The stage that states it, as the CloudEvent has it."""
    time: dt.datetime
    """When it was decided."""
    correlation_id: str
    """The batch or replay that began it all."""
    causation_id: str
    """Id of the event that was reacted to."""
    traceparent: str | None = field(default=None, metadata=STORED_NULL)
    """W3C trace context; null if the cause had none."""
    replay_of: str | None = field(default=None, metadata=STORED_NULL)
    """The correlation id that a replay runs again; null if it is no replay's."""

    def envelope(self) -> Envelope:
        """As it is to be published; PermanentError for a fact that this release does not know."""
        return Envelope(
            fact=decode_fact(self.type, self.data),
            source=self.source,
            time=self.time,
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
            traceparent=self.traceparent,
            replay_of=self.replay_of,
        )


OUTBOX = Collection(
    name="outbox",
    record=OutboxRecord,
    version=VERSION,
    written_by=("land_object", "export_sales", "start_elt", "every stage that states a fact deletes it here"),
    read_by=("sweep",),
)


def pack_envelope(envelope: Envelope, now: dt.datetime) -> OutboxRecord:
    """The record of a fact that was decided at `now`."""
    return OutboxRecord(
        kept_at=now,
        type=envelope.fact.TYPE,
        data=envelope.fact.data(),
        source=envelope.source,
        time=envelope.time,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        traceparent=envelope.traceparent,
        replay_of=envelope.replay_of,
    )

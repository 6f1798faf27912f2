"""How a fact travels on Pub/Sub: as a CloudEvent, in attributes and a body."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from ripple.wire.events.fact import Fact
from ripple.wire.limits import fit_header


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A fact with its CloudEvent context. `time` is UTC; `correlation_id` is the batch or replay that began it.

    `replay_of` is the correlation id of the events that a replay repeats.
    """

    fact: Fact
    source: str
    time: dt.datetime
    correlation_id: str
    causation_id: str
    traceparent: str | None = None
    replay_of: str | None = None

    def attributes(self) -> dict[str, str]:
        """Pub/Sub message attributes that an unwrapped push turns into a CloudEvent in HTTP binary mode."""
        named = {
            "ce-specversion": "1.0",
            "ce-id": self.fact.id,
            "ce-type": self.fact.TYPE,
            "ce-source": self.source,
            "ce-subject": self.fact.subject,
            "ce-time": self.time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "ce-correlationid": self.correlation_id,
            "ce-causationid": self.causation_id,
            "content-type": "application/json",
        }
        optional = {"ce-traceparent": self.traceparent, "ce-replayof": self.replay_of}
        named |= {name: value for name, value in optional.items() if value}
        return {name: fit_header(value) for name, value in named.items()}

    def body(self) -> bytes:
        """The message data: the fact's payload as JSON."""
        return json.dumps(self.fact.data(), separators=(",", ":"), sort_keys=True).encode()

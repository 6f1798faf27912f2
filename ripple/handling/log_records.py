"""A JSON record in the log for every fact that is stated or received: Cloud Logging reads it as `jsonPayload`, and metrics count it.

A record says which fact, of what and how many. Never a reason or a message: those may quote a row.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

from ripple.wire.events import Fact

LOGGER = logging.getLogger("ripple")
_WORDS = frozenset({"flow", "state", "outcome", "code", "kind", "expected"})
"""Fields of facts that metrics part by: each has a handful of values."""


def describe(action: str, stage: str, fact: Fact, correlation_id: str) -> dict[str, Any]:
    """The fields of a record: what `stage` did (`stated`, `received`), the fact's identity, its counts and its words. Pure."""
    data = fact.data()
    counts = {name: value for name, value in data.items() if isinstance(value, int) and not isinstance(value, bool)}
    words = {name: value for name, value in data.items() if name in _WORDS}
    known = {"action": action, "stage": stage, "type": fact.TYPE, "id": fact.id, "subject": fact.subject}
    return counts | words | known | {"correlation_id": correlation_id}


def write(action: str, stage: str, fact: Fact, correlation_id: str) -> None:
    """Log that `stage` stated or received `fact`."""
    if LOGGER.isEnabledFor(logging.INFO):
        fields = describe(action, stage, fact, correlation_id)
        LOGGER.info("%s %s %s of %s", stage, action, fact.TYPE, fact.subject, extra={"fields": fields})


class JsonRecord(logging.Formatter):
    """A record as Cloud Logging's structured JSON: `severity`, `message`, and the fields that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        return json.dumps({**fields, "severity": record.levelname, "message": message})


def write_to_stdout() -> None:
    """From here on this process logs JSON records. Only once: a second handler would count every fact twice."""
    if not LOGGER.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonRecord())
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False

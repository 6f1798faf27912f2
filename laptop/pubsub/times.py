"""Times and spans as the client types hand them out: the stubs name the messages, the values are Python's own."""

from __future__ import annotations

import datetime as dt
from typing import Any


def moment(value: Any) -> dt.datetime:
    """A message's timestamp as an aware datetime in UTC."""
    return dt.datetime.fromtimestamp(value.timestamp(), dt.UTC)


def rfc3339(value: Any) -> str:
    return moment(value).isoformat().replace("+00:00", "Z")


def seconds(value: Any) -> float:
    """A duration in seconds."""
    return float(value.total_seconds())

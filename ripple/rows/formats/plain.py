"""Values of typed formats as JSON would have them, so that one contract reads them all. Pure."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ripple.rows.contracts import Contract
from ripple.rows.tagged_json import Unsupported


def to_plain(record: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    """A record's values as JSON would have them; those that it has no word for by their kind; bytes in a text are Base64."""
    has_moments = any("timestamp" in rule.get("grammar", ()) for rule in contract.kinds.values())
    texts = {name for name, rule in contract.kinds.items() if rule["kind"] == "string"}
    return {
        name: base64.b64encode(value).decode()
        if isinstance(value, bytes) and name in texts
        else _to_plain(value, has_moments)
        for name, value in record.items()
    }


def _to_plain(value: Any, has_moments: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _to_plain(held, has_moments) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(held, has_moments) for held in value]
    if isinstance(value, dt.datetime) and has_moments:
        return value
    write = next((write for kind, write in _WRITERS if isinstance(value, kind)), None)
    return write(value) if write else value


def _to_number(value: decimal.Decimal) -> Any:
    """An integer or a float if it is that exactly; else its text, which no check of a number takes."""
    if value == value.to_integral_value():
        return int(value)
    return float(value) if decimal.Decimal(repr(float(value))) == value else str(value)


_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (dt.date | dt.time, lambda value: value.isoformat()),
    (decimal.Decimal, _to_number),
    (uuid.UUID, str),
    (bytes, lambda value: Unsupported("bytes", value)),
)
"""Of Avro's logical types, what stands for a value in JSON. A datetime is a date."""

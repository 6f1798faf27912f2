"""Documents that drifted and may: what the contract holds of them, and the rest as JSON text."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ripple.contracts import Contract
from ripple.contracts.cutting import plant, write_parts
from ripple.contracts.evolution import Path
from ripple.contracts.validation import RESCUED_COLUMN


class UntellableError(Exception):
    """A value that no JSON text can hold without loss: GeoPoint, Reference, Bytes, Vector."""


def rescue(row: Mapping[str, Any], paths: Iterable[Path], contract: Contract) -> dict[str, Any]:
    """The contract's fields, those that it can't hold as None, and all it does not foresee in `_rescued`. UntellableError."""
    text = write_parts(plant(paths), row, _members, write_value)
    return hold(row, contract) | {RESCUED_COLUMN: text}


def _members(place: Any) -> dict[str | int, Any]:
    return dict(enumerate(place)) if isinstance(place, list) else dict(place)


def hold(row: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    """What the contract's types hold of a row exactly: 10.0 is the integer 10, 10.5 is none."""
    held: dict[str, Any] = {}
    for field, check in contract.checks.items():
        value = row.get(field)
        if value is None or check(value) is None:
            held[field] = value
        elif field in contract.records:
            held[field] = [hold(item, contract.records[field]) for item in value]
        else:
            held[field] = int(value) if isinstance(value, float) and value.is_integer() else None
    return held


def write_value(value: Any) -> str:
    """JSON text; what JSON has no value for is an object with one key: `{"$timestamp": RFC 3339}`, `{"$double": "NaN"}`."""
    if isinstance(value, dt.datetime):
        return _dump({"$timestamp": value.isoformat().replace("+00:00", "Z")})
    if isinstance(value, float) and not math.isfinite(value):
        return _dump({"$double": {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")})
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_dump(key)}:{write_value(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write_value, value)) + "]"
    if value is None or isinstance(value, str | int | float):
        return _dump(value)
    raise UntellableError(repr(value))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

"""Read tagged JSON back: that nothing is lost is shown by the value that comes back."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

from ripple.rows.tagged_json import Unsupported


def read_tagged(text: str) -> Any:
    """The value that `write_tagged` wrote."""
    return _untag(json.loads(text))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "$map": lambda inner: {name: _untag(held) for name, held in inner.items()},
    "$int": int,
    "$double": float,
    "$timestamp": dt.datetime.fromisoformat,
    "$bytes": lambda text: Unsupported("bytes", base64.b64decode(text)),
    "$geo_point": lambda parts: Unsupported("geo_point", tuple(_untag(part) for part in parts)),
}


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(held) for held in value]
    if not isinstance(value, dict):
        return value
    (name, inner), *more = value.items() or [("", None)]
    if more or not name.startswith("$"):
        return {name: _untag(held) for name, held in value.items()}
    return _READERS[name](inner) if name in _READERS else Unsupported(name[1:], inner)

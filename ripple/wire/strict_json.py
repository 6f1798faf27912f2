"""JSON read without guessing: what a lenient parser would coerce, keep half of or choke on later is refused here. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 64
MAX_VALUES = 250_000
"""Ten megabytes of `[],` are three million arrays, and half a gigabyte of memory."""
_INT64 = range(-(2**63), 2**63)


def read_json(data: bytes) -> Any:
    """The value of UTF-8 JSON. ValueError says what is wrong.

    Refused: a byte order mark, UTF-16, NaN and Infinity, numbers past 64 bits or a double, equal keys in an object, lone
    surrogates, nesting over 64, and more than 250,000 values.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise ValueError(f"more than {MAX_VALUES} values")
    try:
        # Bytes would let the parser guess UTF-16 and UTF-32.
        value = json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_int64,
        )
    except RecursionError:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from None
    _check(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is larger than a double holds")
    return number


def _int64(text: str) -> int:
    # Python itself refuses to read an integer of more than 4,300 digits.
    number = int(text) if len(text) <= 20 else 2**63
    if number not in _INT64:
        raise ValueError("an integer does not fit 64 bits")
    return number


def _check(value: Any) -> None:
    """By levels, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        below: list[Any] = []
        for held in level:
            if isinstance(held, str):
                _check_text(held)
            elif isinstance(held, Mapping):
                below += held.keys()
                below += held.values()
            elif isinstance(held, list):
                below += held
        level = below


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a surrogate pair") from None

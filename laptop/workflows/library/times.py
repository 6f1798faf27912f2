"""`time.*`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from laptop.workflows.errors import tagged
from laptop.workflows.operators import is_number, type_name

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def format_time(seconds: Any, timezone: Any = "UTC") -> str:
    """RFC 3339 text with microseconds, of seconds since 1970."""
    if not is_number(seconds):
        raise tagged("TypeError", f"time.format needs a number, got {type_name(seconds)}")
    try:
        moment = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError, TypeError) as error:
        raise tagged("ValueError", f"time.format: {error}") from error
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(value: Any) -> float:
    """Seconds since 1970 of RFC 3339 text."""
    if not isinstance(value, str):
        raise tagged("TypeError", f"time.parse needs a string, got {type_name(value)}")
    if not _RFC3339.fullmatch(value):
        raise tagged("ValueError", f"time.parse: not RFC 3339: {value!r}")
    try:
        return datetime.fromisoformat(value.upper().replace(" ", "T")).timestamp()
    except ValueError as error:
        raise tagged("ValueError", f"time.parse: {error}") from error


FUNCTIONS: dict[str, Callable[..., Any]] = {"time.format": format_time, "time.parse": parse_time}

"""What a tick may say to a generator job: its options by name, and the values that each takes. `generators/job.py` reads them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Option:
    """`takes` reads a value's text, ValueError if it is none; `says` names in words what it takes."""

    takes: Callable[[str], object]
    says: str


def _integer(low: int, high: int) -> Option:
    def take(text: str) -> int:
        if not re.fullmatch(r"\d{1,20}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return Option(take, f"an integer from {low} to {high}")


def _share(most: float) -> Option:
    def take(text: str) -> float:
        if not 0 <= float(text) <= most:  # NaN is none either
            raise ValueError(text)
        return float(text)

    return Option(take, f"a number from 0 to {most}")


OPTIONS: Mapping[str, Option] = {
    "customers": _integer(1, 2**63 - 1),
    "startups": _integer(1, 2**63 - 1),
    "seed": _integer(0, 2**64 - 1),
    "dirt": _share(0.2),
    "world-from": Option(dt.date.fromisoformat, "a day as YYYY-MM-DD"),
    "firestore-ops-per-second": _integer(1, 2**31 - 1),
}
"""Of every generator. Not where it writes, nor the batch and its window: those are the tick's own, and its fact states them."""


def find_misfit(name: str, value: object) -> str:
    """What the option takes, in words, if `value` is not it; else nothing."""
    option = OPTIONS[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return option.says
    try:
        option.takes(str(value))
    except ValueError:
        return option.says
    return ""

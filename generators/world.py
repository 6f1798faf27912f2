"""The one world: its parameters, its calendar and its streams of random numbers.

Everything is a function of `(seed, customers, startups, dirt, since)`. Time is milliseconds since 1970 UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS

ORDER_SHAPE = 1.2
"""`r`: shape of the gamma law of order rates."""
DROP_A, DROP_B = 0.5, 10.0
"""Beta law of the chance that a repeat order is a customer's last."""
SESSIONS_PER_ORDER = 3.0
"""`c`: a living customer's sessions come at `c` times the order rate, independently of the orders."""
STAGES = ("bootstrapped", "seed", "series_a", "series_b", "series_c")
ALPHA_DAYS = (52.0, 42.0, 32.0, 26.0, 21.0)
"""`alpha_z` by the stage of the customer's startup when the customer was acquired; it never changes afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`customers` are acquired every 365 days, evenly and without end; `startups` exist when the world starts.

    `dirt` is the share of rows that are not as they should be. ValueError for what cannot be simulated.
    """

    seed: int = 1
    customers: int = 5000
    startups: int = 500
    dirt: float = 0.02
    since: dt.date = dt.date(2025, 11, 1)

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed {self.seed} is not in 0..2^64-1")
        if self.customers < 1 or self.startups < 1:
            raise ValueError("a world needs at least one customer and one startup")
        if not 0 <= self.dirt <= 0.2:
            raise ValueError(f"dirt {self.dirt} is not in 0..0.2")

    @property
    def since_ms(self) -> int:
        return date_ms(self.since)


class Purpose(IntEnum):
    """What a stream of random numbers is for: no two purposes share one."""

    PEOPLE = 1
    CONTACTS = 2
    ORDER_TIMES = 3
    BASKETS = 4
    SESSION_TIMES = 5
    CLICKS = 6
    COMPANIES = 7
    ROUNDS = 8
    CATALOGUE = 9
    DIRT_SALES = 10
    DIRT_CLICKSTREAM = 11
    DIRT_STARTUPS = 12


def open_stream(world: World, purpose: Purpose, block: int = 0, month: int = 0) -> np.random.Generator:
    """The stream of one purpose in one block and month: counter-based, so that none depends on another's use."""
    key = (int(purpose) << 56) | (month << 36) | block
    return np.random.Generator(np.random.Philox(key=np.array([world.seed, key], dtype=np.uint64)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month UTC: `[start_ms, end_ms)`; `number` is `12 * year + month - 1`."""

    number: int
    start_ms: int
    end_ms: int


def month_of(number: int) -> Month:
    start, end = (dt.date(n // 12, n % 12 + 1, 1) for n in (number, number + 1))
    return Month(number=number, start_ms=date_ms(start), end_ms=date_ms(end))


def months_over(start_ms: int, end_ms: int) -> Iterator[Month]:
    """The calendar months that share at least a moment with `[start_ms, end_ms)`, in order."""
    if end_ms > start_ms:
        for number in range(_month_number(start_ms), _month_number(end_ms - 1) + 1):
            yield month_of(number)


def date_ms(day: dt.date) -> int:
    """The day's first millisecond, UTC."""
    return (day - dt.date(1970, 1, 1)).days * DAY_MS


def day_of(moment_ms: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=moment_ms // DAY_MS)


def _month_number(moment_ms: int) -> int:
    day = day_of(moment_ms)
    return day.year * 12 + day.month - 1

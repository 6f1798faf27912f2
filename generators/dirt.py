"""What real feeds have: duplicates, late rows, broken lines, drifted fields. Decided per row, block and day of the world.

A file is a union of (block, day) groups, so a cap per group holds for any slicing and any number of shards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import numpy as np

from generators.arrays import Ints
from generators.world import DAY_MS

Row = TypeVar("Row")
Expected = Literal["kept", "quarantined", "duplicate"]

MOST_QUARANTINED = 0.04
"""No more of any (block, day): the lander refuses a file above 5 %."""
_REDELIVERY_MS = 3 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Row]):
    """One kind of dirt: how a row becomes so (the integer is a draw), what must become of it, and the quarantine code."""

    name: str
    weight: float
    expected: Expected
    change: Callable[[Row, int], Row]
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A dirty row: its index among the dirty rows, what was done to it and what must become of it."""

    index: int
    kind: str
    expected: Expected
    code: str | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyRows(Generic[Row]):
    """Rows with their dirt: the extra copies stand after all others. `at_ms` is the moment that puts a row into a slice."""

    rows: list[Row]
    at_ms: Ints
    marks: list[Mark]


def add_defects(
    rows: list[Row],
    at_ms: Ints,
    keys: Callable[[int], str],
    kinds: Sequence[Kind[Row]],
    rate: float,
    stream: np.random.Generator,
) -> DirtyRows[Row]:
    """Change about `rate` of the rows in place, and append the copies; a copy arrives up to three days after its original."""
    chosen, which = _choose(at_ms, kinds, rate, stream)
    draws = stream.integers(0, 2**31, len(chosen)).tolist()
    delays = stream.integers(0, _REDELIVERY_MS, len(chosen)) * stream.integers(0, 2, len(chosen))
    marks, copied = [], []
    for order, (row, number, draw) in enumerate(zip(chosen.tolist(), which.tolist(), draws, strict=True)):
        kind, index = kinds[number], row
        if kind.expected == "duplicate":
            index = len(rows)
            rows.append(kind.change(rows[row], draw))
            copied.append(order)
        else:
            rows[row] = kind.change(rows[row], draw)
        marks.append(Mark(index=index, kind=kind.name, expected=kind.expected, code=kind.code, key=keys(row)))
    arrived = at_ms[chosen[copied]] + delays[copied]
    return DirtyRows(rows=rows, at_ms=np.concatenate([at_ms, arrived]), marks=marks)


def _choose(at_ms: Ints, kinds: Sequence[Kind[Row]], rate: float, stream: np.random.Generator) -> tuple[Ints, Ints]:
    """Indices of the rows to change and the kind of each, with the quarantined ones capped in each day."""
    chosen = np.flatnonzero(stream.random(len(at_ms)) < rate)
    weights = np.cumsum([kind.weight for kind in kinds])
    which = np.searchsorted(weights, stream.random(len(chosen)) * weights[-1], side="right")
    bad = np.array([kind.expected == "quarantined" for kind in kinds])[which]
    day = at_ms // DAY_MS
    allowed = (np.bincount(day - day.min()) * MOST_QUARANTINED).astype(np.int64) if len(day) else np.zeros(1, np.int64)
    kept = np.ones(len(chosen), dtype=np.bool_)
    bad_day = day[chosen[bad]] - (day.min() if len(day) else 0)
    kept[bad] = _rank_in_day(bad_day) < allowed[bad_day]
    return chosen[kept], which[kept].astype(np.int64)


def _rank_in_day(day: Ints) -> Ints:
    """How many earlier elements are of the same day."""
    order = np.argsort(day, kind="stable")
    grouped = day[order]
    ranks = np.empty(len(day), np.int64)
    ranks[order] = np.arange(len(day)) - np.searchsorted(grouped, grouped)
    return ranks

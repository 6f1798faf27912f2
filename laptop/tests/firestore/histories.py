"""Histories of transactions, and whether one after the other they could have read what they read.

A transaction's place is its commit time, a read-only one's its read time: a serial order to be proven, not assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Row = tuple[int, int]
"""A document as `(group, stamp)`; every write has a stamp of its own."""


@dataclass(slots=True, kw_only=True)
class Recorded:
    """What one committed transaction saw and did. `began` and `ended` are real times around it, in seconds."""

    at: float
    began: float = 0.0
    ended: float = 0.0
    reads: dict[str, Row | None] = field(default_factory=dict)
    groups: dict[int, dict[str, Row]] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    writes: dict[str, Row | None] = field(default_factory=dict)


def find_violation(history: Sequence[Recorded], last: Mapping[str, Row]) -> str:
    """The first read that the serial order contradicts, or an order that real time does; "" if there is none. Pure."""
    state: dict[str, Row] = {}
    ordered = sorted(history, key=lambda one: one.at)
    latest_begin = float("-inf")
    for number, one in enumerate(ordered):
        if one.ended < latest_begin:
            return f"transaction {number} ended before one that stands before it began"
        latest_begin = max(latest_begin, one.began)
        wrong = _contradiction(one, state)
        if wrong:
            return f"transaction {number} at {one.at}: {wrong}"
        for name, row in one.writes.items():
            if row is None:
                state.pop(name, None)
            else:
                state[name] = row
    return "" if state == dict(last) else f"in the end there is {last}, not {state}"


def _contradiction(one: Recorded, state: Mapping[str, Row]) -> str:
    for name, row in one.reads.items():
        if row != state.get(name):
            return f"read {name} as {row}, which was {state.get(name)}"
    for group, rows in one.groups.items():
        there = {name: row for name, row in state.items() if row[0] == group}
        if rows != there:
            return f"found {rows} in group {group}, where there was {there}"
    for group, count in one.counts.items():
        there_are = sum(row[0] == group for row in state.values())
        if count != there_are:
            return f"counted {count} in group {group}, where there were {there_are}"
    return ""

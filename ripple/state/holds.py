"""Flows that are held: their SQL fails whatever the files are, so their files wait, and nothing of them is parked. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from ripple.state.records import Record

_FIRST = dt.timedelta(minutes=5)
_LONGEST = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Record):
    """A flow whose files wait."""

    flow: str
    """Its name."""
    since: dt.datetime
    """When it was held."""
    again_at: dt.datetime
    """From when on it is tried again."""
    tries: int
    """How often it was tried since, and failed."""
    reason: str
    """The statement that failed last and what it said, without what rows say."""


Holds = tuple[Hold, ...]


def hold(holds: Holds, flow: str, reason: str, now: dt.datetime) -> Holds:
    """The flow is held; one that is held already waits twice as long as before, an hour at most."""
    known = next((one for one in holds if one.flow == flow), None)
    tries = known.tries + 1 if known else 0
    again_at = now + min(_FIRST * 2 ** min(tries, 10), _LONGEST)
    since = known.since if known else now
    new = Hold(flow=flow, since=since, again_at=again_at, tries=tries, reason=reason)
    return (*release(holds, (flow,)), new)


def release(holds: Holds, flows: Collection[str]) -> Holds:
    return tuple(one for one in holds if one.flow not in flows)


def try_now(holds: Holds, flows: Collection[str], now: dt.datetime) -> Holds:
    """As `ripple resume` asks: the holds of these flows are due, and wait for as long as the first time if that fails."""
    return tuple(replace(one, again_at=now, tries=-1) if one.flow in flows else one for one in holds)


def held_flows(holds: Iterable[Hold]) -> frozenset[str]:
    return frozenset(one.flow for one in holds)


def due_flows(holds: Iterable[Hold], now: dt.datetime) -> frozenset[str]:
    return frozenset(one.flow for one in holds if one.again_at <= now)

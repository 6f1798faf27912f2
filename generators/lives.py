"""The BG/NBD process month by month: order times with drop-out, and sessions while alive.

Splitting a Poisson process at month ends changes nothing in law, and lets any month be drawn from its own stream. What a month
needs of the past is only who is still alive, which orders alone decide: past sessions are never drawn for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.arrays import Bools, Ints, within_groups
from generators.people import BLOCK, Block
from generators.world import DAY_MS, SESSIONS_PER_ORDER, Month, Purpose, World, months_over, open_stream

FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfOrders:
    """Orders of one block and month, by customer and then time: position in the block, moment, whether it is the first.

    `alive` are those alive at the month's start; `died_ms` is when each dropped out in this month, or FOREVER.
    """

    month: Month
    customer: Ints
    at_ms: Ints
    is_first: Bools
    alive: Bools
    died_ms: Ints


def live_through(world: World, block: Block, until_ms: int) -> Iterator[MonthOfOrders]:
    """The block's orders, month by month, from its first acquisition to the month that holds `until_ms - 1`."""
    alive = np.ones(BLOCK, dtype=np.bool_)
    for month in months_over(int(block.acquired_ms[0]), until_ms):
        orders = _draw_orders(world, block, month, alive)
        yield orders
        alive = alive & (orders.died_ms == FOREVER)


def draw_sessions(world: World, block: Block, lives: MonthOfOrders) -> tuple[Ints, Ints]:
    """Sessions begun in the month: position in the block and moment, by customer and then time."""
    stream = open_stream(world, Purpose.SESSION_TIMES, block.index, lives.month.number)
    customer, at_ms = _draw_moments(stream, block, lives.month, lives.alive, SESSIONS_PER_ORDER)
    seen = at_ms < lives.died_ms[customer]
    return customer[seen], at_ms[seen]


def _draw_orders(world: World, block: Block, month: Month, alive: Bools) -> MonthOfOrders:
    stream = open_stream(world, Purpose.ORDER_TIMES, block.index, month.number)
    customer, at_ms = _draw_moments(stream, block, month, alive, 1.0)
    drops = stream.random(len(customer)) < block.drop_chance[customer]
    died_ms = np.full(BLOCK, FOREVER)
    np.minimum.at(died_ms, customer[drops], at_ms[drops])
    kept = at_ms <= died_ms[customer]
    joined = np.flatnonzero((block.acquired_ms >= month.start_ms) & (block.acquired_ms < month.end_ms))
    customer = np.concatenate([joined, customer[kept]])
    at_ms = np.concatenate([block.acquired_ms[joined], at_ms[kept]])
    is_first = np.arange(len(customer)) < len(joined)
    order = np.lexsort((at_ms, ~is_first, customer))
    return MonthOfOrders(
        month=month,
        customer=customer[order],
        at_ms=at_ms[order],
        is_first=is_first[order],
        alive=alive,
        died_ms=died_ms,
    )


def _draw_moments(
    stream: np.random.Generator, block: Block, month: Month, alive: Bools, factor: float
) -> tuple[Ints, Ints]:
    """Poisson moments at `factor` times each living customer's order rate, after acquisition, in the month."""
    start = np.maximum(block.acquired_ms + 1, month.start_ms)
    exposed = np.where(alive, np.maximum(month.end_ms - start, 0), 0)
    counts = stream.poisson(block.order_rate * factor * exposed / DAY_MS)
    customer = np.repeat(np.arange(BLOCK), counts)
    at_ms = start[customer] + (stream.random(len(customer)) * exposed[customer]).astype(np.int64)
    return customer, at_ms[np.lexsort((at_ms, customer))]


def number_within_customer(customer: Ints) -> Ints:
    """0, 1, 2 ... within each customer of a column sorted by customer."""
    return within_groups(np.bincount(customer, minlength=BLOCK).astype(np.int64))

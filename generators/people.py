"""Customers in blocks: who they are to the world (rates, startup, acquisition), apart from who they are to themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generators.arrays import Floats, Ints
from generators.companies import count_founded, found_companies, stage_at
from generators.world import (
    ALPHA_DAYS,
    DROP_A,
    DROP_B,
    ORDER_SHAPE,
    YEAR_MS,
    Purpose,
    World,
    open_stream,
)

BLOCK = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """BLOCK customers, in order of acquisition: columns by position. Rates are per day of life."""

    index: int
    acquired_ms: Ints
    startup: Ints
    country: Ints
    alpha_days: Floats
    order_rate: Floats
    drop_chance: Floats

    @property
    def first_number(self) -> int:
        return self.index * BLOCK

    def ids(self) -> list[str]:
        return [customer_id(self.first_number + position) for position in range(BLOCK)]


def customer_id(number: int) -> str:
    return f"cus_{number:09d}"


def count_blocks(world: World, until_ms: int) -> int:
    """Blocks that hold every customer acquired before `until_ms`."""
    customers = int((until_ms - world.since_ms) * world.customers / YEAR_MS) + 1
    return -(-customers // BLOCK)


def build_block(world: World, index: int) -> Block:
    """The block's customers; a customer's startup is one of those that exist when the customer is acquired."""
    stream = open_stream(world, Purpose.PEOPLE, index)
    numbers = np.arange(index * BLOCK, (index + 1) * BLOCK)
    acquired = world.since_ms + ((numbers + stream.random(BLOCK)) * (YEAR_MS / world.customers)).astype(np.int64)
    startup = (stream.random(BLOCK) * count_founded(world, acquired)).astype(np.int64)
    companies = found_companies(world, int(acquired[-1]) + 1)
    alpha = np.array(ALPHA_DAYS)[stage_at(companies, startup, acquired)]
    return Block(
        index=index,
        acquired_ms=acquired,
        startup=startup,
        country=companies.country[startup],
        alpha_days=alpha,
        order_rate=stream.gamma(ORDER_SHAPE, 1.0, BLOCK) / alpha,
        drop_chance=stream.beta(DROP_A, DROP_B, BLOCK),
    )

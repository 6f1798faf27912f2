"""Startups: when each was founded, when each funding round came, and the stage at any moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from generators.arrays import Floats, Ints
from generators.pools import COUNTRIES, SECTORS
from generators.world import DAY_MS, STAGES, YEAR_MS, Purpose, World, open_stream

HISTORY_MS = 6 * YEAR_MS
"""The startups of the world's first day were founded evenly over this long before it; later ones follow at the same rate."""
BLOCK = 1024
_ROUNDS = len(STAGES) - 1
_TYPICAL_CENTS = np.array([0.0, 2e8, 1e9, 4e9, 1.2e10])


@dataclass(frozen=True, slots=True, kw_only=True)
class Companies:
    """Columns by startup number: `event_ms[i]` (founded, then four rounds), amounts (cents), employees at each, name draws."""

    event_ms: Ints
    amount_cents: Ints
    employees: Ints
    sector: Ints
    country: Ints
    name: Ints
    investors: Ints


@cache
def found_companies(world: World, until_ms: int) -> Companies:
    """Every startup that may be founded before `until_ms`: whole blocks, a few of them later than that."""
    blocks = int((until_ms - _origin(world)) // _spacing(world)) // BLOCK + 1
    parts = [_found_block(world, number) for number in range(blocks)]
    return Companies(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in Companies.__slots__})


def count_founded(world: World, moment_ms: Ints) -> Ints:
    """How many startups are sure to exist at each moment; they are numbered in order of founding."""
    return ((moment_ms - _origin(world)) / _spacing(world)).astype(np.int64)


def stage_at(companies: Companies, startup: Ints, moment_ms: Ints) -> Ints:
    """Index into STAGES at each moment, for startups that exist by then."""
    stages: Ints = (companies.event_ms[startup, 1:] <= moment_ms[:, None]).sum(axis=1)
    return stages


def _found_block(world: World, block: int) -> Companies:
    stream = open_stream(world, Purpose.COMPANIES, block)
    numbers = np.arange(block * BLOCK, (block + 1) * BLOCK)
    founded = _origin(world) + ((numbers + stream.random(BLOCK)) * _spacing(world)).astype(np.int64)
    gaps = (stream.uniform(420, 840, (BLOCK, _ROUNDS)) * DAY_MS).astype(np.int64)
    event_ms = founded[:, None] + np.concatenate([np.zeros((BLOCK, 1), np.int64), np.cumsum(gaps, axis=1)], axis=1)
    spread: Floats = stream.lognormal(0.0, 0.5, (BLOCK, _ROUNDS + 1))
    growth = np.cumsum(stream.lognormal(2.6, 0.7, (BLOCK, _ROUNDS + 1)) * np.arange(1, _ROUNDS + 2), axis=1)
    return Companies(
        event_ms=event_ms,
        amount_cents=(spread * _TYPICAL_CENTS).astype(np.int64) // 100_000 * 100_000,
        employees=1 + growth.astype(np.int64),
        sector=stream.integers(0, len(SECTORS), BLOCK),
        country=stream.integers(0, len(COUNTRIES), BLOCK),
        name=stream.integers(0, 2**31, BLOCK),
        investors=stream.integers(0, 2**31, (BLOCK, _ROUNDS + 1)),
    )


def _origin(world: World) -> int:
    return world.since_ms - HISTORY_MS


def _spacing(world: World) -> float:
    return HISTORY_MS / world.startups

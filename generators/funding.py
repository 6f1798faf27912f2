"""Startups as events: one row a founding or a funding round."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from generators.arrays import Ints
from generators.companies import BLOCK, Companies, found_companies
from generators.pools import COUNTRIES, SECTORS, fill_businesses
from generators.world import STAGES, Month, Purpose, World, day_of, open_stream


def startup_id(number: int) -> str:
    return f"sup_{number:06d}"


def draw_month(world: World, block: int, month: Month) -> tuple[list[dict[str, Any]], Ints]:
    """The block's funding events of a month, in order of time, and the moment each belongs to.

    What happened before the world began appears on its first day: `occurred_at` is then older than the slice.
    """
    companies = found_companies(world, month.end_ms)
    own = slice(block * BLOCK, (block + 1) * BLOCK)
    shown_ms = np.maximum(companies.event_ms[own], world.since_ms)
    startup, nth = np.nonzero((shown_ms >= month.start_ms) & (shown_ms < month.end_ms))
    order = np.lexsort((nth, companies.event_ms[own][startup, nth]))
    startup, nth = startup[order], nth[order]
    lags = open_stream(world, Purpose.ROUNDS, block, month.number).integers(60_000, 7_200_000, len(startup)).tolist()
    moments = shown_ms[startup, nth]
    rows = [
        _make_row(
            world, companies, block * BLOCK + s, n, min(shown + lag, shown // 86_400_000 * 86_400_000 + 86_399_999)
        )
        for s, n, shown, lag in zip(startup.tolist(), nth.tolist(), moments.tolist(), lags, strict=True)
    ]
    return rows, moments


def _make_row(world: World, companies: Companies, number: int, nth: int, ingested_ms: int) -> dict[str, Any]:
    pool = fill_businesses(world.seed)
    founded_ms, at_ms = (int(companies.event_ms[number, n]) for n in (0, nth))
    draw = int(companies.investors[number, nth])
    investors = [pool.investors[(draw >> shift) % len(pool.investors)] for shift in (0, 8, 16)[: 1 + draw % 3]]
    return {
        "event_id": f"{startup_id(number)}-{nth}",
        "startup_id": startup_id(number),
        "event_type": "funding_round" if nth else "founded",
        "occurred_at": text_of(at_ms),
        "ingested_at": text_of(ingested_ms),
        "name": pool.companies[int(companies.name[number]) % len(pool.companies)],
        "sector": SECTORS[int(companies.sector[number])],
        "country": COUNTRIES[int(companies.country[number])],
        "founded_date": day_of(founded_ms).isoformat(),
        "stage": STAGES[nth],
        "amount_cents": int(companies.amount_cents[number, nth]),
        "currency": "USD",
        "investors": sorted(set(investors)) if nth else [],
        "employee_count": int(companies.employees[number, nth]),
    }


def text_of(moment_ms: int) -> str:
    """`2026-01-02T03:04:05.678Z`."""
    moment = dt.datetime.fromtimestamp(moment_ms // 1000, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment_ms % 1000:03d}Z"

"""A small BG/NBD world: customers of known probability, as snapshot and truth Parquet. Seeded: always the same."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

R, A, B, SESSIONS_PER_ORDER, DAYS, HORIZON = 0.6, 0.8, 2.5, 4.0, 365, 90
STAGES = {"bootstrapped": 32.0, "seed": 26.0, "series_a": 20.0, "series_b": 16.0, "series_c": 14.0}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CUTOFFS = {"train": DAYS - 2 * HORIZON, "test": DAYS - HORIZON, "score": DAYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Times in days since the world began; the first order is the acquisition."""

    customer_id: str
    stage: str
    orders: np.ndarray
    sessions: np.ndarray


def make_customers(count: int, seed: int) -> list[Customer]:
    random = np.random.default_rng(seed)
    return [_make_customer(random, number) for number in range(count)]


def _make_customer(random: np.random.Generator, number: int) -> Customer:
    stage = list(STAGES)[random.integers(len(STAGES))]
    rate, dropout = random.gamma(R, 1 / STAGES[stage]) + 1e-9, random.beta(A, B)
    orders, end = [random.uniform(0, DAYS - 60)], float(DAYS)
    while (following := orders[-1] + random.exponential(1 / rate)) < DAYS:
        orders.append(following)
        if random.random() < dropout:
            end = following
            break
    visits = random.poisson(SESSIONS_PER_ORDER * rate * (end - orders[0]))
    sessions = np.sort(random.uniform(orders[0], end, visits))
    return Customer(customer_id=f"c{number:06d}", stage=stage, orders=np.array(orders), sessions=sessions)


def make_snapshot(customers: list[Customer]) -> dict[str, bytes]:
    """`{split}-000.parquet` to bytes, as the ELT exports them."""
    return {f"{split}-000.parquet": make_parquet(describe_split(customers, split)) for split in CUTOFFS}


def make_truth(customers: list[Customer]) -> bytes:
    cutoff = CUTOFFS["test"]
    known = [customer for customer in customers if customer.orders[0] < cutoff]
    rows = [
        {"customer_id": c.customer_id, "cutoff_at": BEGIN + timedelta(days=cutoff), "p_star": find_p_star(c, cutoff)}
        for c in known
    ]
    return make_parquet(rows)


def make_parquet(rows: list[dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer, coerce_timestamps="us")
    return buffer.getvalue()


def describe_split(customers: list[Customer], split: str) -> list[dict[str, Any]]:
    cutoff = CUTOFFS[split]
    rows = [_describe(customer, cutoff) for customer in customers if customer.orders[0] < cutoff]
    return [{k: v for k, v in row.items() if k != "label"} for row in rows] if split == "score" else rows


def _describe(customer: Customer, cutoff: int) -> dict[str, Any]:
    orders = customer.orders[customer.orders < cutoff]
    sessions = customer.sessions[customer.sessions < cutoff]
    later = customer.orders[customer.orders > cutoff]
    return {
        "customer_id": customer.customer_id,
        "cutoff_at": BEGIN + timedelta(days=cutoff),
        "frequency": len(orders) - 1,
        "recency_days": float(orders[-1] - orders[0]),
        "age_days": float(cutoff - orders[0]),
        **{f"orders_{days}d": int((orders >= cutoff - days).sum()) for days in (30, 90)},
        "net_cents_total": 5000 * len(orders),
        "net_cents_mean": 5000.0,
        "discount_rate_mean": 0.1,
        **{f"sessions_{days}d": int((sessions >= cutoff - days).sum()) for days in (7, 30, 90)},
        "sessions_total": len(sessions),
        "sessions_since_last_order": int((sessions > orders[-1]).sum()),
        "days_since_last_order": float(cutoff - orders[-1]),
        "days_since_last_session": float(cutoff - sessions[-1]) if len(sessions) else None,
        "cart_rate": 0.2,
        "stage": customer.stage,
        "days_since_funding": 100.0,
        "label": int((later <= cutoff + HORIZON).any()),
    }


def find_p_star(customer: Customer, cutoff: int) -> float:
    """The true probability of an order within the horizon, given all that happened before the cutoff."""
    orders = customer.orders[customer.orders < cutoff]
    sessions = customer.sessions[customer.sessions < cutoff]
    x, last, age = len(orders) - 1, orders[-1] - orders[0], cutoff - orders[0]
    alpha, k, shape = STAGES[customer.stage], 1 + SESSIONS_PER_ORDER, R + x + len(sessions)
    silent = x > 0 and not (sessions > orders[-1]).any()
    odds_dead = silent * A / (B + x - 1) * ((alpha + k * age) / (alpha + k * last)) ** shape
    return float((1 - ((alpha + k * age) / (alpha + k * age + HORIZON)) ** shape) / (1 + odds_dead))

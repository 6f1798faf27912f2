"""The best that any model can do: the chance of an order within the horizon, given all that was observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generators.arrays import Floats, Ints
from generators.lives import draw_sessions, live_through
from generators.people import BLOCK, Block
from generators.world import DAY_MS, DROP_A, DROP_B, ORDER_SHAPE, SESSIONS_PER_ORDER, World

HORIZON_DAYS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a block's customers acquired before a cutoff have shown by then: columns by customer; ages in days.

    `number` is the customer's number, `x` the repeat orders, `t_x_days` first to last order, `sessions` all of them,
    `quiet` whether none came after the last order.
    """

    number: Ints
    x: Ints
    t_x_days: Floats
    sessions: Ints
    quiet: Ints
    age_days: Floats
    alpha_days: Floats


def observe(world: World, block: Block, cutoff_ms: int) -> Observed:
    x, sessions = np.zeros(BLOCK, np.int64), np.zeros(BLOCK, np.int64)
    last_order, last_session = block.acquired_ms.copy(), block.acquired_ms.copy()
    for lives in live_through(world, block, cutoff_ms):
        repeat = (lives.at_ms < cutoff_ms) & ~lives.is_first
        x += np.bincount(lives.customer[repeat], minlength=BLOCK)
        np.maximum.at(last_order, lives.customer[repeat], lives.at_ms[repeat])
        visitor, at_ms = draw_sessions(world, block, lives)
        visitor, at_ms = visitor[at_ms < cutoff_ms], at_ms[at_ms < cutoff_ms]
        sessions += np.bincount(visitor, minlength=BLOCK)
        np.maximum.at(last_session, visitor, at_ms)
    known = np.flatnonzero(block.acquired_ms < cutoff_ms)
    return Observed(
        number=block.first_number + known,
        x=x[known],
        t_x_days=(last_order - block.acquired_ms)[known] / DAY_MS,
        sessions=sessions[known],
        quiet=(last_session <= last_order)[known].astype(np.int64),
        age_days=(cutoff_ms - block.acquired_ms)[known] / DAY_MS,
        alpha_days=block.alpha_days[known],
    )


def p_star(seen: Observed, horizon_days: float = HORIZON_DAYS) -> Floats:
    """The Bayes chance of at least one order in the `horizon_days` after the cutoff. No model can rank better."""
    k = 1.0 + SESSIONS_PER_ORDER
    shape = ORDER_SHAPE + seen.x + seen.sessions
    to_now, to_last = seen.alpha_days + k * seen.age_days, seen.alpha_days + k * seen.t_x_days
    may_be_dead = (seen.x > 0) & (seen.quiet > 0)
    ratio = np.where(may_be_dead, to_now / to_last, 1.0) ** shape
    odds_dead: Floats = np.where(may_be_dead, DROP_A / (DROP_B + np.maximum(seen.x, 1) - 1) * ratio, 0.0)
    orders: Floats = 1.0 - (to_now / (to_now + horizon_days)) ** shape
    return orders / (1.0 + odds_dead)


def auc_star(chances: Floats) -> float:
    """The AUC to expect of ranking by the true chances themselves; NaN if there are none."""
    values, group = np.unique(chances, return_inverse=True)
    wins, losses = np.bincount(group, chances), np.bincount(group, 1.0 - chances)
    below = np.cumsum(losses) - losses
    total = chances.sum() * (1.0 - chances).sum()
    return float((wins * (below + losses / 2.0)).sum() / total) if len(values) else float("nan")

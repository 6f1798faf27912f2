"""Sessions as events: pages, products, carts and checkouts, in columns."""

from __future__ import annotations

import numpy as np
import polars as pl

from generators.arrays import Floats, Ints, sums_before, within_groups
from generators.people import Block
from generators.pools import DEVICES, PAGES, PRODUCTS, REFERRERS
from generators.world import DAY_MS, Month, Purpose, World, open_stream

EVENT_TYPES = ("page_view", "product_view", "add_to_cart", "checkout")
_BOUNCE = 0.25
_DEPTHS = (0.55, 0.83)
"""Quantiles of the sessions that go no further than looking, and no further than a cart; the rest check out."""


def expand_sessions(
    world: World, block: Block, month: Month, customer: Ints, began_ms: Ints, visitors: tuple[pl.Series, pl.Series]
) -> tuple[pl.DataFrame, Ints]:
    """The events of a month's sessions in the row schema of clickstream, and each event's moment.

    A session ends at midnight UTC, as in classic web analytics, so that a slice of whole days holds whole sessions.
    """
    stream = open_stream(world, Purpose.CLICKS, block.index, month.number)
    length, depth = _draw_lengths(stream, len(customer))
    session, sequence = np.repeat(np.arange(len(customer)), length), within_groups(length)
    dwell_ms = np.minimum(stream.lognormal(9.9, 1.1, len(session)), 3_600_000).astype(np.int64)
    at_ms = began_ms[session] + sums_before(dwell_ms, sequence == 0)
    same_day = at_ms // DAY_MS == began_ms[session] // DAY_MS
    kind = _draw_kinds(stream, sequence, length[session], depth[session])
    product, page = stream.integers(0, PRODUCTS, len(session)), stream.integers(0, len(PAGES), len(session))
    lag_ms = stream.integers(200, 60_000, len(session))
    events = pl.DataFrame(
        {"session": session, "sequence": sequence, "kind": kind, "product": product, "page": page,
         "dwell_ms": dwell_ms, "at_ms": at_ms, "lag_ms": lag_ms}
    ).filter(same_day)  # fmt: skip
    sessions = _session_columns(stream, block, month, customer, visitors)
    return _as_rows(events, sessions), events["at_ms"].to_numpy()


def _draw_lengths(stream: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """Events of each session and how far it goes: 0 looks, 1 has a cart, 2 checks out. A bounce is one event."""
    depth = np.searchsorted(np.array(_DEPTHS), stream.random(count)).astype(np.int64)
    bounce = stream.random(count) < _BOUNCE
    looked = 1 + stream.poisson(2.5, count)
    return np.where(bounce, 1, 1 + looked + depth), np.where(bounce, 0, depth)


def _draw_kinds(stream: np.random.Generator, sequence: Ints, length: Ints, depth: Ints) -> Ints:
    """Index into EVENT_TYPES: a session ends in the cart or at the till if it goes that far."""
    left = length - 1 - sequence
    looking = np.where(sequence == 0, 0, (stream.random(len(sequence)) < 0.65).astype(np.int64))
    carted = np.where((depth == 1) & (left == 0) | (depth == 2) & (left == 1), 2, looking)
    kinds: Ints = np.where((depth == 2) & (left == 0), 3, carted)
    return kinds


def _session_columns(
    stream: np.random.Generator, block: Block, month: Month, customer: Ints, visitors: tuple[pl.Series, pl.Series]
) -> pl.DataFrame:
    tokens, prefixes = visitors
    shares: Floats = np.cumsum([0.3, 0.3, 0.15, 0.12, 0.08, 0.05])
    ordinal = np.arange(len(customer))
    number = (month.number << 44) | (block.index << 24) | ordinal
    return pl.DataFrame(
        {
            "session_id": pl.Series(number.astype(np.int64)),
            "visitor_token": tokens.gather(customer),
            "ip_prefix": prefixes.gather(customer),
            "referrer": pl.Series(REFERRERS).gather(_pick(stream, shares, len(customer))),
            "device": pl.Series(DEVICES).gather(_pick(stream, np.array([0.5, 0.92, 1.0]), len(customer))),
        }
    ).with_columns(session_id=pl.concat_str(pl.lit("ses_"), "session_id"))


def _pick(stream: np.random.Generator, shares: Floats, count: int) -> Ints:
    """Indices by cumulative shares."""
    return np.minimum(np.searchsorted(shares, stream.random(count), side="right"), len(shares) - 1).astype(np.int64)


def _as_rows(events: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    own = sessions[events["session"]]
    sku = pl.concat_str(pl.lit("sku_"), pl.col("product").cast(pl.String).str.zfill(4))
    is_product = pl.col("kind").is_in([1, 2])
    page = pl.Series("pages", PAGES).gather(events["page"])
    return pl.concat([events, own], how="horizontal").select(
        pl.concat_str("session_id", pl.lit("-"), "sequence").alias("event_id"),
        "session_id",
        "visitor_token",
        _text_of("at_ms").alias("occurred_at"),
        _text_of(pl.col("at_ms") + pl.col("lag_ms")).alias("ingested_at"),
        pl.Series("event_type", EVENT_TYPES).gather(events["kind"]),
        "sequence",
        pl.when(pl.col("kind") == 3).then(pl.lit("/checkout")).when(is_product)
        .then(pl.concat_str(pl.lit("/products/"), sku)).otherwise(page).alias("page"),
        pl.when(is_product).then(sku).alias("product_id"),
        "referrer",
        "device",
        "dwell_ms",
        "ip_prefix",
    )  # fmt: skip


def _text_of(moment: str | pl.Expr) -> pl.Expr:
    column = pl.col(moment) if isinstance(moment, str) else moment
    return column.cast(pl.Datetime("ms")).dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")

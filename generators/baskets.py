"""Orders as rich records: items, discount, tax, shipping, payment, and what follows from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from generators.arrays import Floats, Ints
from generators.contacts import Contact, contact_tokens, visitor_token
from generators.funding import startup_id
from generators.lives import MonthOfOrders, number_within_customer
from generators.people import Block, customer_id
from generators.pools import COUNTRIES, PRODUCTS, Catalogue, fill_catalogue
from generators.world import DAY_MS, Purpose, World, open_stream
from ripple.rows.pii import Pepper

METHODS = {
    "card": "card",
    "apple_pay": "wallet",
    "google_pay": "wallet",
    "invoice": "account",
    "bank_transfer": "account",
}
_DISCOUNTS = (0.0, 0.05, 0.1, 0.15, 0.2)
_TAX = 0.08
_MOST_ITEMS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """What turns draws into records: the block, its people, the pepper, the catalogue and the batch they are written in."""

    block: Block
    contacts: list[Contact]
    pepper: Pepper
    catalogue: Catalogue
    batch_id: str


def make_orders(world: World, seller: Seller, lives: MonthOfOrders) -> list[dict[str, Any]]:
    """The month's orders in the row schema of sales, by customer and then time."""
    draws = _draw(world, seller.block, lives).to_dicts()
    tokens: dict[int, dict[str, str]] = {}
    return [
        _make_order(seller, draw, tokens, items)
        for draw, items in zip(draws, _items(world, seller, lives), strict=True)
    ]


def _draw(world: World, block: Block, lives: MonthOfOrders) -> pl.DataFrame:
    stream, count = open_stream(world, Purpose.BASKETS, block.index, lives.month.number), len(lives.customer)
    shares: Floats = np.cumsum([0.62, 0.13, 0.1, 0.1])
    nth = number_within_customer(lives.customer)
    return pl.DataFrame(
        {
            "customer": lives.customer,
            "at_ms": lives.at_ms,
            "is_first": lives.is_first,
            "order_id": _order_numbers(block.first_number + lives.customer, lives.month.number, nth),
            "method": np.searchsorted(shares, stream.random(count), side="right"),
            "discount": stream.choice(_DISCOUNTS, count, p=(0.6, 0.12, 0.14, 0.08, 0.06)),
            "refunded": stream.random(count) < 0.03,
            "lag_ms": stream.integers(500, 120_000, count),
        }
    )


def _items(world: World, seller: Seller, lives: MonthOfOrders) -> Iterator[list[dict[str, Any]]]:
    stream = open_stream(world, Purpose.BASKETS, seller.block.index, lives.month.number | 1 << 19)
    shape, goods = (len(lives.customer), _MOST_ITEMS), seller.catalogue
    counts = np.minimum(1 + stream.poisson(0.8, shape[0]), _MOST_ITEMS).tolist()
    products, quantities = stream.integers(0, PRODUCTS, shape).tolist(), (1 + stream.poisson(0.4, shape)).tolist()
    for count, row, numbers in zip(counts, products, quantities, strict=True):
        yield [
            {
                "sku": goods.skus[p],
                "category": goods.categories[p],
                "quantity": q,
                "unit_price_cents": goods.price_cents[p],
            }
            for p, q in zip(row[:count], numbers[:count], strict=True)
        ]


def _order_numbers(customer: Ints, month: int, nth: Ints) -> list[str]:
    """Ids that never collide and spread over the key space: a bijective mix of customer, month and order in the month."""
    mixed = ((customer << 25) | ((month & 0x7FFF) << 10) | nth).astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return [f"ord_{number:016x}" for number in (mixed ^ (mixed >> np.uint64(31))).tolist()]


def _make_order(
    seller: Seller, draw: dict[str, Any], tokens: dict[int, dict[str, str]], items: list[dict[str, Any]]
) -> dict[str, Any]:
    customer, at_ms = draw["customer"], draw["at_ms"]
    if customer not in tokens:
        tokens[customer] = _tokens_of(seller, customer)
    acquired_ms = int(seller.block.acquired_ms[customer])
    method = list(METHODS)[draw["method"]]
    written_at = utc(at_ms + draw["lag_ms"])
    return {
        "order_id": draw["order_id"],
        "batch_id": seller.batch_id,
        **tokens[customer],
        "startup_id": startup_id(int(seller.block.startup[customer])),
        "ordered_at": utc(at_ms),
        "ingested_at": written_at,
        "updated_at": written_at,
        "customer_acquired_at": utc(acquired_ms),
        "status": "refunded" if draw["refunded"] else "paid",
        "currency": "USD",
        "country": COUNTRIES[int(seller.block.country[customer])],
        "items": items,
        **_amounts(items, draw["discount"]),
        "payment_method": method,
        "payment_category": METHODS[method],
        "is_weekend": utc(at_ms).weekday() >= 5,
        "is_first_order": draw["is_first"],
        "customer_age_days": round((at_ms - acquired_ms) / DAY_MS, 6),
    }


def _tokens_of(seller: Seller, customer: int) -> dict[str, str]:
    identifier = customer_id(seller.block.first_number + customer)
    email, phone = contact_tokens(seller.pepper, seller.contacts[customer])
    visitor = visitor_token(seller.pepper, identifier)
    return {"customer_id": identifier, "visitor_token": visitor, "email_token": email, "phone_token": phone}


def _amounts(items: list[dict[str, Any]], discount_rate: float) -> dict[str, Any]:
    gross = sum(item["quantity"] * item["unit_price_cents"] for item in items)
    discount = round(gross * discount_rate)
    tax, shipping = round((gross - discount) * _TAX), 0 if gross >= 5000 else 499
    return {
        "item_count": len(items),
        "basket_size": sum(item["quantity"] for item in items),
        "gross_cents": gross,
        "discount_cents": discount,
        "discount_rate": discount_rate,
        "tax_cents": tax,
        "shipping_cents": shipping,
        "net_cents": gross - discount + tax + shipping,
    }


def utc(moment_ms: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=moment_ms)


def open_seller(world: World, block: Block, contacts: list[Contact], pepper: Pepper, batch_id: str) -> Seller:
    return Seller(block=block, contacts=contacts, pepper=pepper, catalogue=fill_catalogue(world), batch_id=batch_id)

"""Rows that keep to each flow's contract."""

from __future__ import annotations

import datetime as dt
from typing import Any

TOKEN = "k1:" + "A" * 52 + "===="
AT = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)


def a_click(**changed: Any) -> dict[str, Any]:
    row = {
        "event_id": "e-1",
        "session_id": "s-1",
        "visitor_token": TOKEN,
        "occurred_at": "2026-01-02T03:04:05.678Z",
        "ingested_at": "2026-01-02T03:04:06.000Z",
        "event_type": "page_view",
        "sequence": 0,
        "page": "/",
        "product_id": None,
        "referrer": "direct",
        "device": "desktop",
        "dwell_ms": 10,
        "ip_prefix": "203.0.113.0/24",
    }
    return row | changed


def a_startup(**changed: Any) -> dict[str, Any]:
    row = {
        "event_id": "e-1",
        "startup_id": "st-1",
        "event_type": "founded",
        "occurred_at": "2026-01-02T03:04:05.678Z",
        "ingested_at": 1767323045678,
        "name": "Acme",
        "sector": "fintech",
        "country": "DE",
        "founded_date": "2026-01-02",
        "stage": "bootstrapped",
        "amount_cents": 0,
        "currency": "USD",
        "investors": [],
        "employee_count": 3,
    }
    return row | changed


def an_order(**changed: Any) -> dict[str, Any]:
    row = {
        "order_id": "o-1",
        "batch_id": "b-1",
        "customer_id": "c-1",
        "visitor_token": TOKEN,
        "email_token": TOKEN,
        "phone_token": TOKEN,
        "startup_id": "st-1",
        "ordered_at": AT,
        "ingested_at": AT,
        "updated_at": AT,
        "customer_acquired_at": AT,
        "status": "paid",
        "currency": "USD",
        "country": "DE",
        "items": [{"sku": "p-1", "category": "books", "quantity": 2, "unit_price_cents": 500}],
        "item_count": 1,
        "basket_size": 2,
        "gross_cents": 1000,
        "discount_cents": 100,
        "discount_rate": 0.1,
        "tax_cents": 90,
        "shipping_cents": 0,
        "net_cents": 990,
        "payment_method": "card",
        "payment_category": "card",
        "is_weekend": False,
        "is_first_order": True,
        "customer_age_days": 0.0,
    }
    return row | changed


GOOD = {"clickstream": a_click, "startups": a_startup, "sales": an_order}
"""What makes a good row of each flow."""

"""`python -m tests.bench.exporting_ways fill|ours|obvious COUNT`: one JSON line with the seconds it took."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import sys
import tempfile
import time
from email.utils import format_datetime
from typing import Any

from google.cloud import firestore

from functions.export_sales.exporting import PAGE_SIZE
from functions.export_sales.writing import Slice, write_slice
from ripple.deployment.settings import Settings
from ripple.flows import load_contract
from ripple.gateways.sales import FirestoreSales
from ripple.ports import BatchRange

_COUNTS = (20_000, 100_000)
_FIRST = dt.datetime(2026, 1, 1, 9, 30, tzinfo=dt.UTC)
_WRITERS = (dt.datetime.isoformat, format_datetime, lambda at: at, lambda at: int(at.timestamp()))


def make_order(number: int) -> dict[str, Any]:
    """An order whose time is written in four ways in turn."""
    at = _FIRST + dt.timedelta(seconds=37 * number)
    token = "v1:" + base64.b32encode(hashlib.sha256(str(number).encode()).digest()).decode()
    return {
        "order_id": f"ord_{number:08}",
        "batch_id": "bench",
        "customer_id": f"c-{number % 5000}",
        "visitor_token": token,
        "email_token": token,
        "phone_token": token,
        "startup_id": f"st-{number % 500}",
        "ordered_at": _WRITERS[number % 4](at),
        "ingested_at": at,
        "updated_at": at,
        "customer_acquired_at": at,
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
        "is_weekend": at.weekday() >= 5,
        "is_first_order": number % 3 == 0,
        "customer_age_days": float(number % 400),
    }


def fill(client: firestore.Client, _count: int) -> None:
    for count in _COUNTS:
        collection = client.collection(f"sales{count}")
        for start in range(0, count, 500):
            batch = client.batch()
            for number in range(start, start + 500):
                order = make_order(number)
                batch.set(collection.document(order["order_id"]), order)
            batch.commit()


def ours(client: firestore.Client, count: int) -> None:
    """As `export_sales` does it, up to the file that goes into Bronze."""
    pages = FirestoreSales(client).pages(BatchRange(collection=f"sales{count}", batch_id="bench"), PAGE_SIZE)
    made = Slice(batch_id="bench", number=0, day="2026-01-01")
    write_slice(made, pages, load_contract("sales"), Settings(project="bench"))
    if (made.rows, made.rows_quarantined) != (count, 0):
        raise AssertionError(f"{made.rows} of {count} rows, {made.rows_quarantined} refused")
    made.close()


def obvious(client: firestore.Client, count: int) -> None:
    """As one would first write it."""
    import pandas as pd

    rows = [found.to_dict() for found in client.collection(f"sales{count}").stream()]
    frame = pd.DataFrame(rows)
    frame["ordered_at"] = [
        pd.to_datetime(value, utc=True, unit="s" if isinstance(value, int) else None) for value in frame["ordered_at"]
    ]
    for name in ("ingested_at", "updated_at", "customer_acquired_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    with tempfile.TemporaryFile() as file:
        frame.to_parquet(file)


def main() -> None:
    way, count = sys.argv[1], int(sys.argv[2])
    client = firestore.Client()
    begun = time.perf_counter()
    {"fill": fill, "ours": ours, "obvious": obvious}[way](client, count)
    print(json.dumps({"seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()

"""Small Bronze files of the three flows, with what the lander and the starter of ELT leave beside them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ripple.rows.contracts import load_contract
from ripple.rows.sales_schema import arrow_schema
from tests.sql.project import VARS

Row = dict[str, Any]
Write = Callable[[str, str, bytes], None]
DAY0 = datetime(2026, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def token(text: str) -> str:
    return "k1:" + (text.upper().replace("-", "") + "A" * 52)[:52]


def click(event_id: str, customer: str, day: float, **changes: Any) -> Row:
    at = DAY0 + timedelta(days=day)
    row = {
        "event_id": event_id,
        "session_id": f"s-{customer}-{int(day)}",
        "visitor_token": token(customer),
        "occurred_at": stamp(at),
        "ingested_at": stamp(at + timedelta(minutes=1)),
        "event_type": "page_view",
        "sequence": 0,
        "page": "/",
        "product_id": None,
        "referrer": "direct",
        "device": "desktop",
        "dwell_ms": 1000,
        "ip_prefix": "203.0.113.0/24",
    }
    return row | changes


def funding(event_id: str, startup: str, day: float, **changes: Any) -> Row:
    at = DAY0 + timedelta(days=day)
    row = {
        "event_id": event_id,
        "startup_id": startup,
        "event_type": "funding_round",
        "occurred_at": stamp(at),
        "ingested_at": stamp(at + timedelta(minutes=1)),
        "name": startup.title(),
        "sector": "ai",
        "country": "DE",
        "founded_date": "2025-05-05",
        "stage": "seed",
        "amount_cents": 100_000_00,
        "currency": "USD",
        "investors": ["North", "South"],
        "employee_count": 7,
    }
    return row | changes


def order(order_id: str, customer: str, day: float, **changes: Any) -> Row:
    at = DAY0 + timedelta(days=day)
    row = {
        "order_id": order_id,
        "batch_id": "sales-1",
        "customer_id": customer,
        **{name: token(customer) for name in ("visitor_token", "email_token", "phone_token")},
        "startup_id": "acme",
        "ordered_at": at,
        "ingested_at": at + timedelta(minutes=1),
        "updated_at": at + timedelta(minutes=1),
        "customer_acquired_at": DAY0,
        "status": "paid",
        "currency": "USD",
        "country": "DE",
        "items": [
            {"sku": "a", "category": "books", "quantity": 2, "unit_price_cents": 400},
            {"sku": "b", "category": "games", "quantity": 1, "unit_price_cents": 200},
        ],
        "item_count": 2,
        "basket_size": 3,
        **{"gross_cents": 1000, "discount_cents": 100, "discount_rate": 0.1},
        **{"tax_cents": 90, "shipping_cents": 10, "net_cents": 1000},
        **{"payment_method": "card", "payment_category": "card", "is_weekend": False, "is_first_order": False},
        "customer_age_days": day,
    }
    return row | changes


@dataclass(slots=True, kw_only=True)
class Batch:
    """Objects of one batch; `finish` writes its file list."""

    number: int
    write: Write
    files: list[Row] = field(default_factory=list)

    def lines(self, flow: str, name: str, good: Sequence[Row | str], bad: Sequence[str] = ()) -> str:
        """A JSONL object whose `bad` lines are in quarantine. Returns its URI."""
        path = f"{flow}/dt=2026-01-01/{name}.jsonl"
        texts = [row if isinstance(row, str) else json.dumps(row) for row in good]
        body = "\n".join([*texts[:1], "", *bad, "   ", *texts[1:]]) + "\n"
        self.write("bronze", path, body.encode())
        self._list(flow, path, len(texts) + len(bad), [(text, _hash(text)) for text in bad])
        return self.files[-1]["uri"]  # type: ignore[no-any-return]

    def parquet(self, name: str, rows: Sequence[Row], bad_documents: Sequence[str] = ()) -> str:
        path = f"sales/dt=2026-01-01/{name}.parquet"
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows), arrow_schema(load_contract("sales"))), sink)
        self.write("bronze", path, sink.getvalue())
        bad = [(json.dumps({"order_id": 1}), _hash(document)) for document in bad_documents]
        self._list("sales", path, len(rows) + len(bad), bad)
        return self.files[-1]["uri"]  # type: ignore[no-any-return]

    def _list(self, flow: str, path: str, rows: int, bad: list[tuple[str, str]]) -> None:
        uri, quarantine = f"gs://{VARS['bronze_bucket']}/{path}", None
        if bad:
            name = f"{path.split('.', maxsplit=1)[0]}-1.jsonl"
            quarantine = f"gs://{VARS['quarantine_bucket']}/{name}"
            self.write("quarantine", name, _quarantined(flow, uri, bad))
        self.files.append({
            "batch": self.number, "epoch": 1, "flow": flow, "uri": uri, "generation": 1, "dt": "2026-01-01",
            "rows": rows, "rows_quarantined": len(bad), "quarantine_uri": quarantine,
        })  # fmt: skip

    def finish(self) -> None:
        data = "".join(json.dumps(file) + "\n" for file in self.files)
        self.write("control", f"batches/batch={self.number}/files.jsonl", data.encode())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()


def _quarantined(flow: str, uri: str, bad: list[tuple[str, str]]) -> bytes:
    records = [
        {"flow": flow, "object": uri, "generation": 1, "line": at, "offset": 0, "code": "wrong_type",
         "field": "dwell_ms", "message": "not a number", "raw": raw, "line_hash": line_hash}
        for at, (raw, line_hash) in enumerate(bad, 1)
    ]  # fmt: skip
    return "".join(json.dumps(record) + "\n" for record in records).encode()

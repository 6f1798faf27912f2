"""Small checked objects of the three flows, with the lists that the starter of ELT makes of a run."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ripple.flows import load_contract
from ripple.rows.sales_schema import arrow_schema
from ripple.rows.timestamps import parse_timestamp
from ripple.state.tombstones import hash_key
from tests.sql.project import VARS

Row = dict[str, Any]
Write = Callable[[str, str, bytes], None]
DAY0 = datetime(2026, 1, 1, tzinfo=UTC)
ARRIVED = datetime(2027, 1, 1, tzinfo=UTC)
DELIVERY = [
    pa.field("_rescued", pa.string()),
    pa.field("corrects_line", pa.int64()),
    pa.field("source_uri", pa.string()),
    pa.field("source_generation", pa.int64()),
    pa.field("source_offset", pa.int64()),
    pa.field("arrived_at", pa.timestamp("us", tz="UTC")),
    pa.field("line_hash", pa.string()),
]
"""Columns of a checked object beside the contract's."""


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
    """One run of checked and quarantine objects; `finish` writes its lists."""

    number: int
    write: Write
    epoch: int = 1
    part: int = 0
    files: list[Row] = field(default_factory=list)
    delivered: list[Row] = field(default_factory=list)
    keys: list[Row] = field(default_factory=list)

    def add(
        self,
        flow: str,
        name: str,
        good: Sequence[Row],
        bad: Sequence[str] = (),
        *,
        generation: int = 1,
        arrived_at: datetime = ARRIVED,
        **changes: Any,
    ) -> str:
        """A landed object of a flow, with the accepted rows `good` and the refused lines or document ids `bad`. Returns its URI."""
        suffix = load_contract(flow).format
        path = f"{flow}/dt=2026-01-01/{name}"
        uri = f"gs://{VARS['bronze_bucket']}/{path}.{suffix}"
        checked = f"data/{flow}/{_hash(uri)[:16]}-{generation}.parquet" if good else None
        if checked:
            rows = checked_rows(flow, uri, good, generation, arrived_at)
            self.delivered += [{"flow": flow, **row} for row in rows]
            self.write("checked", checked, _parquet(flow, rows))
        quarantine = f"{path}-{generation}.jsonl" if bad else None
        if quarantine:
            self.write("quarantine", quarantine, _quarantined(flow, uri, generation, bad))
        self.files.append({
            "batch": self.number, "epoch": self.epoch, "part": self.part, "flow": flow, "uri": uri, "generation": generation,
            "dt": "2026-01-01", "rows": len(good) + len(bad), "rows_quarantined": len(bad), "rows_checked": len(good),
            "quarantine_uri": quarantine and f"gs://{VARS['quarantine_bucket']}/{quarantine}", "corrects_uri": None,
            "arrived_at": stamp(arrived_at), "checked_uri": checked and f"gs://{VARS['checked_bucket']}/{checked}",
            "is_withdrawn": False, "is_tried": False, "count_forgotten": 0,
        } | changes)  # fmt: skip
        return uri

    def withdraw(self, file: Row) -> None:
        """The run takes the object of another batch out of silver, as the starter of ELT lists it."""
        nothing = {"rows": 0, "rows_quarantined": 0, "rows_checked": 0, "quarantine_uri": None, "checked_uri": None}
        self.files.append(file | self._place() | nothing | {"is_withdrawn": True})

    def forget(self, file: Row) -> None:
        """The run publishes the object of a batch without its rows."""
        nothing = {"rows_quarantined": 0, "rows_checked": 0, "quarantine_uri": None, "checked_uri": None}
        self.files.append(file | self._place() | nothing | {"count_forgotten": file["rows"]})

    def forget_key(self, flow: str, key: str) -> None:
        """The run leaves out a key, and takes it out of what others published."""
        self.keys.append(self._place() | {"flow": flow, "key_hash": hash_key(key)})

    def attempt(self, file: Row) -> None:
        """The run tries the object of another batch, and rolls that back."""
        self.files.append(file | self._place() | {"is_tried": True})

    @property
    def is_trial(self) -> bool:
        return any(file.get("is_tried") for file in self.files)

    def _place(self) -> Row:
        return {"batch": self.number, "epoch": self.epoch, "part": self.part}

    def finish(self) -> dict[str, list[str]]:
        """Writes the run's lists; returns those of its flows that are vars of its compilation."""
        folder = f"batch={self.number}/epoch={self.epoch}/part={self.part}"
        data = "".join(json.dumps(file) + "\n" for file in (*self.files, *self.keys))
        self.write("control", f"batches/{folder}/files.jsonl", data.encode())
        lists = {"flows": sorted({file["flow"] for file in self.files})}
        lists["forgotten"] = sorted({stone["flow"] for stone in self.keys})
        for name, bucket, column in (
            ("checked", "checked", "checked_uri"),
            ("quarantined", "quarantine", "quarantine_uri"),
        ):
            listed = {flow: self._uris(flow, column) for flow in lists["flows"]}
            lists[name] = [flow for flow, uris in listed.items() if uris]
            for flow in lists[name]:
                self.write(
                    bucket, f"manifests/{folder}/{flow}.txt", "".join(f"{uri}\n" for uri in listed[flow]).encode()
                )
        return lists

    def _uris(self, flow: str, column: str) -> list[str]:
        return sorted({file[column] for file in self.files if file["flow"] == flow and file[column]})


def checked_rows(flow: str, uri: str, rows: Sequence[Row], generation: int, arrived_at: datetime) -> list[Row]:
    """Accepted rows, as landing writes them into a checked object."""
    kinds = load_contract(flow).kinds
    return [
        {name: _typed(row[name], rule) for name, rule in kinds.items()}
        | {"_rescued": row.get("_rescued"), "corrects_line": row.get("corrects_line")}
        | {"source_uri": uri, "source_generation": generation, "source_offset": at, "arrived_at": arrived_at}
        | {"line_hash": _hash(json.dumps(row, default=str, sort_keys=True))}
        for at, row in enumerate(rows)
    ]


def _parquet(flow: str, rows: Sequence[Row]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), pa.schema([*arrow_schema(load_contract(flow)), *DELIVERY])), sink)
    return sink.getvalue()


def _typed(value: Any, rule: Mapping[str, Any]) -> Any:
    if rule["kind"] == "date" and value is not None:
        return date.fromisoformat(value)
    if rule["kind"] != "timestamp" or isinstance(value, datetime):
        return value
    micros = parse_timestamp(value, rule["grammar"])
    assert isinstance(micros, int)
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()


def _quarantined(flow: str, uri: str, generation: int, bad: Sequence[str]) -> bytes:
    records = [
        {"flow": flow, "object": uri, "generation": generation, "line": at, "offset": 0, "code": "wrong_type",
         "field": "dwell_ms", "message": "not a number", "raw": raw, "line_hash": _hash(raw)}
        for at, raw in enumerate(bad, 1)
    ]  # fmt: skip
    return "".join(json.dumps(record) + "\n" for record in records).encode()

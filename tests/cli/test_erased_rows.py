"""A row of a forgotten key keeps its place in a kept object and loses what it said; every other row stays as it is."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.erased_rows import empty_checked, empty_quarantine
from ripple.state.tombstones import hash_key

SCHEMA = pa.schema(
    [
        pa.field("order_id", pa.string()),
        pa.field("items", pa.list_(pa.struct([pa.field("sku", pa.string())]))),
        pa.field("net_cents", pa.int64()),
        pa.field("source_uri", pa.string()),
        pa.field("source_generation", pa.int64()),
        pa.field("line_hash", pa.string()),
    ]
)


def a_row(key: str, **changes: Any) -> dict[str, Any]:
    place = {"source_uri": "gs://b/x", "source_generation": 7, "line_hash": "h"}
    return {"order_id": key, "items": [{"sku": "a"}], "net_cents": 5, **place, **changes}


def as_parquet(*rows: dict[str, Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), sink)
    return sink.getvalue()


def a_record(raw: str, **changes: Any) -> dict[str, Any]:
    known = {"flow": "sales", "object": "gs://b/x", "generation": 7, "line": 1, "code": "wrong_type"}
    return known | {"message": "m", "raw": raw, "line_hash": "h"} | changes


def test_a_checked_row_of_the_key_keeps_only_where_it_is_from() -> None:
    found = empty_checked(as_parquet(a_row("a"), a_row("b")), "order_id", "a")
    assert found is not None
    table = pq.read_table(io.BytesIO(found.content))
    assert table.schema.equals(SCHEMA)
    erased = a_row("forgotten:" + hash_key("a"), items=None, net_cents=None, line_hash=None)
    assert table.to_pylist() == [a_row("b"), erased]
    assert found.sources == {("gs://b/x", 7)}


def test_erasing_again_finds_nothing() -> None:
    found = empty_checked(as_parquet(a_row("a")), "order_id", "a")
    assert found is not None
    assert empty_checked(found.content, "order_id", "a") is None


@pytest.mark.parametrize(
    "raw", ['{"order_id": "o-1"}', '{"order_id": "o-1", broken', "x,o-1,y", '{"order_id": "o-1\\u']
)
def test_a_refused_row_loses_its_text_wherever_the_key_is(raw: str) -> None:
    other = a_record("other")
    lines = "".join(json.dumps(each) + "\n" for each in (a_record(raw), other))
    found = empty_quarantine(lines.encode(), "o-1")
    assert found is not None
    records = [json.loads(line) for line in found.content.splitlines()]
    assert records == [a_record(raw) | {"raw": None, "message": None, "line_hash": None}, other]
    assert found.sources == {("gs://b/x", 7)}


@pytest.mark.parametrize("raw", ['{"order_id": "o-12"}', "xo-1", "{}"])
def test_a_key_that_only_begins_so_stays(raw: str) -> None:
    assert empty_quarantine(json.dumps(a_record(raw)).encode(), "o-1") is None

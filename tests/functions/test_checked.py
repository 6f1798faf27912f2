"""What is accepted of an object is kept as Parquet of our own, and holds what its check read."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from functions.land_object.keeping import checked_schema
from functions.land_object.stage import react
from ripple.flows import load_contract
from ripple.handling.shell import Finalized
from ripple.rows.sales_schema import arrow_schema
from tests.functions.checked_objects import read_checked
from tests.functions.fakes import FakeEdge, cause
from tests.ripple.rows.sample_rows import a_click, a_startup, an_order

DAY = "dt=2026-01-01"


def land(data: bytes, name: str, edge: FakeEdge | None = None) -> tuple[FakeEdge, Any]:
    edge = edge or FakeEdge()
    stored = edge.objects.put(edge.settings.bucket("bronze"), name, data)
    react(Finalized(ref=stored.ref, size=stored.size, metadata={}), cause(), edge)
    return edge, edge.publisher.sent[-1].fact


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_every_accepted_line_is_there_with_where_it_is_from() -> None:
    first, second = lines(a_click(event_id="e-1")), lines(a_click(event_id="e-2"))
    edge, landed = land(first + b"\n" + second, f"clickstream/{DAY}/a.jsonl")
    rows = read_checked(edge, landed.checked_uri)
    assert [(row["event_id"], row["source_offset"]) for row in rows] == [("e-1", 0), ("e-2", len(first) + 1)]
    assert {(row["source_uri"], row["source_generation"]) for row in rows} == {(landed.uri, landed.generation)}
    assert rows[0]["arrived_at"] == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    assert landed.arrived_at == "2026-03-01T12:00:00Z"
    assert landed.rows_checked == 2


def test_a_value_is_what_its_check_read() -> None:
    rows = [
        a_startup(event_id="iso", occurred_at="2026-01-02T05:04:05.678912345+02:00"),
        a_startup(event_id="millis", occurred_at=1767323045678, founded_date="2025-02-28", investors=["N", "S"]),
    ]
    edge, landed = land(lines(*rows), f"startups/{DAY}/a.jsonl")
    iso, millis = read_checked(edge, landed.checked_uri)
    assert iso["occurred_at"] == dt.datetime(2026, 1, 2, 3, 4, 5, 678912, tzinfo=dt.UTC)
    assert millis["occurred_at"] == dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)
    assert (millis["founded_date"], millis["investors"]) == (dt.date(2025, 2, 28), ["N", "S"])


def test_its_columns_are_the_contract_s_typed_and_nullable() -> None:
    edge, landed = land(lines(a_click()), f"clickstream/{DAY}/a.jsonl")
    bucket, name = landed.checked_uri.removeprefix("gs://").split("/", 1)
    found = pq.read_schema(io.BytesIO(edge.objects.live[bucket, name][1]))
    assert found.equals(checked_schema(load_contract("clickstream")))


def test_a_bad_line_is_left_out_and_its_neighbours_are_kept() -> None:
    edge, landed = land(
        lines(*[a_click(event_id=f"e-{n}") for n in range(30)]) + b"no row\n", f"clickstream/{DAY}/a.jsonl"
    )
    assert (landed.rows, landed.rows_quarantined, landed.rows_checked) == (31, 1, 30)
    assert len(read_checked(edge, landed.checked_uri)) == 30


def test_what_is_rejected_is_not_kept() -> None:
    edge, rejected = land(b"no row\n", f"clickstream/{DAY}/a.jsonl")
    assert rejected.TYPE == "bronze.object.rejected.v1"
    assert not [place for place in edge.objects.live if place[0].endswith("-checked")]


def test_a_line_in_gzip_is_found_by_its_offset_in_the_text() -> None:
    data = lines(a_click(event_id="e-1"), a_click(event_id="e-2"))
    edge, landed = land(gzip.compress(data), f"clickstream/{DAY}/a.jsonl.gz")
    assert [row["source_offset"] for row in read_checked(edge, landed.checked_uri)] == [0, len(data) // 2]


def test_the_rows_of_parquet_are_kept_with_their_numbers() -> None:
    sink = io.BytesIO()
    orders = [an_order(order_id=f"o-{n}") for n in range(3)]
    pq.write_table(pa.Table.from_pylist(orders, arrow_schema(load_contract("sales"))), sink)
    edge, landed = land(sink.getvalue(), f"sales/{DAY}/a.parquet")
    rows = read_checked(edge, landed.checked_uri)
    assert [(row["order_id"], row["source_offset"]) for row in rows] == [("o-0", 0), ("o-1", 1), ("o-2", 2)]
    assert rows[0]["items"] == orders[0]["items"]
    assert len({row["line_hash"] for row in rows}) == 3


def test_the_same_rows_of_one_generation_have_one_name_and_another_generation_another() -> None:
    edge, first = land(lines(a_click()), f"clickstream/{DAY}/a.jsonl")
    _, second = land(lines(a_click()), f"clickstream/{DAY}/a.jsonl", edge)
    assert first.checked_uri != second.checked_uri
    assert first.checked_uri.rsplit("-", 1)[1] == second.checked_uri.rsplit("-", 1)[1]
    assert f"-{second.generation}-{second.contract_digest}-" in second.checked_uri


def test_more_rows_than_a_page_are_all_kept() -> None:
    data = lines(*[a_click(event_id=f"e-{n}") for n in range(10_001)])
    edge, landed = land(data, f"clickstream/{DAY}/a.jsonl")
    assert len(read_checked(edge, landed.checked_uri)) == landed.rows_checked == 10_001

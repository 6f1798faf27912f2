"""Parquet from any writer lands as the rows that it holds: logical types decide, and what cannot be a value of the flow is set apart."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ripple.flows.reading import read_flow
from ripple.rows.contracts import Contract, read_contract
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.functions.checked_objects import read_checked
from tests.functions.test_formats import land

AT = dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)
ROWS = [
    {"id": f"r-{at}", "at": AT, "n": at, "x": at / 4, "ok": at % 2 == 0, "day": dt.date(2026, 1, 2)} for at in range(40)
]
WANTED = [(f"r-{at}", AT, at, at / 4, at % 2 == 0, dt.date(2026, 1, 2)) for at in range(40)]
FLOW = """
kind: DataContract
apiVersion: v3.2.0
id: clickstream
name: clickstream
version: '1'
schema:
  - name: clicks
    properties:
      - {name: id, logicalType: string, required: true, primaryKey: true}
      - {name: at, logicalType: timestamp, customProperties: [{property: formats, value: FORMATS}]}
      - {name: n, logicalType: integer, logicalTypeOptions: {minimum: 0}}
      - {name: x, logicalType: number}
      - {name: ok, logicalType: boolean}
      - {name: day, logicalType: date}
      - {name: tags, logicalType: array, items: {logicalType: integer}}
      - name: place
        logicalType: object
        properties: [{name: lat, logicalType: number}, {name: name, logicalType: string}]
      - {name: more, logicalType: object}
customProperties:
  - {property: format, value: parquet}
"""


def contract(formats: str = "[timestamp]") -> Contract:
    return read_contract(read_flow(FLOW.replace("FORMATS", formats), "clickstream").contract, "clickstream")


def by_arrow(table: pa.Table, **options: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(table, held, **options)
    return held.getvalue()


def by_duckdb(folder: Path) -> bytes:
    known = pl.DataFrame(ROWS).to_arrow()  # noqa: F841 - DuckDB finds it by its name.
    duckdb.connect().execute(f"SET TimeZone='UTC'; COPY (SELECT * FROM known) TO '{folder}/x.parquet' (FORMAT parquet)")
    return (folder / "x.parquet").read_bytes()


def by_polars(_folder: Path) -> bytes:
    held = io.BytesIO()
    pl.DataFrame(ROWS).write_parquet(held)
    return held.getvalue()


def by_pandas(_folder: Path) -> bytes:
    held = io.BytesIO()
    pd.DataFrame(ROWS).to_parquet(held)
    return held.getvalue()


def of_other_types(_folder: Path) -> bytes:
    """As Spark and others write: INT96, decimals, small integers, dictionaries, large texts, another order."""
    table = pa.table(
        {
            "day": pa.array([row["day"] for row in ROWS], pa.date64()),
            "n": pa.array([Decimal(str(row["n"])) for row in ROWS], pa.decimal128(10, 2)),
            "x": pa.array([row["x"] for row in ROWS], pa.float32()),
            "id": pa.array([row["id"] for row in ROWS], pa.large_string()).dictionary_encode(),
            "at": pa.array([AT] * 40, pa.timestamp("ns", "+00:00")),
            "ok": pa.array([row["ok"] for row in ROWS]),
        }
    )
    return by_arrow(table, use_deprecated_int96_timestamps=False, row_group_size=7)


WRITERS: Mapping[str, Callable[[Path], bytes]] = {
    "duckdb": by_duckdb, "polars": by_polars, "pandas": by_pandas, "other types": of_other_types,
}  # fmt: skip


def landed_rows(data: bytes, known: Contract) -> tuple[list[dict[str, Any]], BronzeObjectLanded]:
    edge, fact = land(data, "parquet", known)
    assert isinstance(fact, BronzeObjectLanded), fact
    return sorted(read_checked(edge, fact.checked_uri), key=lambda row: int(row["source_offset"])), fact


@pytest.mark.parametrize("writer", WRITERS)
def test_rows_land_alike_whoever_wrote_them(writer: str, tmp_path: Path) -> None:
    rows, fact = landed_rows(WRITERS[writer](tmp_path), contract())
    assert [(row["id"], row["at"], row["n"], row["x"], row["ok"], row["day"]) for row in rows] == WANTED
    assert (fact.rows, fact.rows_quarantined) == (40, 0)


def test_int96_and_nanoseconds_are_microseconds_where_nothing_is_lost() -> None:
    whole = 1_767_323_045_678_901_000
    at = pa.array([whole] * 39 + [whole + 1], pa.timestamp("ns", "UTC"))
    rows, fact = landed_rows(by_arrow(pa.table({"id": [f"r-{n}" for n in range(40)], "at": at})), contract())
    assert ({row["at"] for row in rows}, len(rows), fact.rows_quarantined) == ({AT}, 39, 1)
    table = pa.table({"id": [f"r-{n}" for n in range(9)], "at": pa.array([AT] * 9)})
    rows, fact = landed_rows(by_arrow(table, use_deprecated_int96_timestamps=True), contract())
    assert {row["at"] for row in rows} == {AT}


def test_a_time_without_a_zone_is_read_in_the_declared_one_or_set_apart() -> None:
    table = pa.table(
        {"id": [f"r-{n}" for n in range(9)], "at": pa.array([AT.replace(tzinfo=None)] * 9, pa.timestamp("us"))}
    )
    rows, _ = landed_rows(by_arrow(table), contract("[iso_naive, {zone: Europe/Berlin}]"))
    assert {row["at"] for row in rows} == {AT - dt.timedelta(hours=1)}
    _, fact = land(by_arrow(table), "parquet", contract())
    assert isinstance(fact, BronzeObjectRejected)
    assert "timestamp_without_zone" in fact.reason


def test_nested_values_and_lists_land_and_bad_ones_are_set_apart() -> None:
    good = {"id": "a", "tags": [1, 2], "place": {"lat": 1.5, "name": "x"}, "more": {"b": [1, 2]}}
    rows, fact = landed_rows(by_arrow(pa.Table.from_pylist([{**good, "id": f"r-{n}"} for n in range(20)])), contract())
    assert (rows[0]["tags"], rows[0]["place"]) == ([1, 2], {"lat": 1.5, "name": "x"})
    assert rows[0]["more"] == '{"b":[1,2]}'
    holes = [{**good, "id": f"r-{n}", "tags": [1, None] if n == 3 else [1]} for n in range(40)]
    rows, fact = landed_rows(by_arrow(pa.Table.from_pylist(holes)), contract())
    assert (len(rows), fact.rows_quarantined) == (39, 1)


def test_a_new_column_is_rescued_and_a_required_one_that_lacks_refuses_the_file() -> None:
    table = pa.table({"id": ["a", "b"], "extra": [1, 2]})
    rows, _ = landed_rows(by_arrow(table), contract())
    assert [row["_rescued"] for row in rows] == ['{"extra":1}', '{"extra":2}']
    _, fact = land(by_arrow(pa.table({"n": [1]})), "parquet", contract())
    assert (fact.code, "missing: id" in fact.reason) == ("schema_mismatch", True)


def test_bytes_in_a_text_are_base64() -> None:
    rows, _ = landed_rows(by_arrow(pa.table({"id": pa.array([b"\x00\xff", b"ab"])})), contract())
    assert [row["id"] for row in rows] == ["AP8=", "YWI="]


def test_whole_numbers_in_a_column_of_floats_are_integers() -> None:
    held = io.BytesIO()
    pd.DataFrame({"id": [f"r-{n}" for n in range(30)], "n": [None, *range(1, 30)]}).to_parquet(held)
    rows, _ = landed_rows(held.getvalue(), contract())
    assert [row["n"] for row in rows] == [None, *range(1, 30)]

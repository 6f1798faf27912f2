"""What no row of a contract can hold is found in a column, and a file is refused by name in the process that reads it."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from functions.land_object.parquet_values import find_wrong
from ripple.rows.sales_schema import DRIFT_KEY, QUARANTINE_KEY, QUARANTINED_KEY, ROWS_KEY
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.functions.checked_objects import read_checked
from tests.functions.exported import left_out
from tests.functions.fakes import FakeEdge
from tests.functions.junk.parquets import HOSTILE, orders, repeated, replaced, write
from tests.functions.test_drift import finalize
from tests.functions.test_land_object import SALES, deliver, land, put

UTC = pa.timestamp("us", tz="UTC")
TEXT = {"kind": "string", "max": 3}
CENTS = {"kind": "integer", "min": -1, "max": 4}
RATE = {"kind": "float", "min": 0, "max": 1}
MOMENT = {"kind": "timestamp", "grammar": ["timestamp"]}
COLUMNS: dict[str, tuple[pa.Array, dict[str, Any], bool, list[int]]] = {
    "no rule": (pa.array([None, "x" * 9999]), {}, False, []),
    "nulls": (pa.array(["a", None]), TEXT, False, [1]),
    "nulls where they may be": (pa.array(["a", None]), TEXT, True, []),
    "nothing but nulls": (pa.array([None, None], pa.string()), TEXT, True, []),
    "nothing": (pa.array([], pa.string()), TEXT, False, []),
    "texts": (pa.array(["", "abc", "éàü"]), TEXT, False, []),
    "a long text": (pa.array(["a", "abcd"]), TEXT, False, [1]),
    "a text of the most": (pa.array(["x" * 4096]), {"kind": "string"}, False, []),
    "a text of more": (pa.array(["x" * 4097]), {"kind": "string"}, False, [0]),
    "a coded text": (pa.array(["a", "a"]).dictionary_encode(), TEXT, False, []),
    "a long coded text": (pa.array(["a", "abcd"]).dictionary_encode(), TEXT, False, [1]),
    "a pattern": (pa.array(["ab"]), TEXT | {"pattern": "^[a-z]+$"}, False, []),
    "another pattern": (pa.array(["ab", "a1"]), TEXT | {"pattern": "^[a-z]+$"}, False, [1]),
    "a pattern and a length": (pa.array(["abcd"]), TEXT | {"pattern": "^[a-z]+$"}, False, [0]),
    "a listed text": (pa.array(["a", "b"]), {"kind": "string", "enum": ["b", "a"]}, False, []),
    "an unlisted text": (pa.array(["a", "c"]), {"kind": "string", "enum": ["b", "a"]}, False, [1]),
    "a listed text of some length": (pa.array(["abcd"]), {"kind": "string", "enum": ["abcd"], "max": 3}, False, []),
    "integers": (pa.array([-1, 4]), CENTS, False, []),
    "a low integer": (pa.array([-2, 4]), CENTS, False, [0]),
    "a high integer": (pa.array([0, 5]), CENTS, False, [1]),
    "no integers": (pa.array([None], pa.int64()), CENTS, True, []),
    "numbers": (pa.array([0.0, 0.5, 1.0]), RATE, False, []),
    "a high number": (pa.array([0.5, 1.5]), RATE, False, [1]),
    "no number": (pa.array([0.5, float("nan")]), RATE, False, [1]),
    "infinity": (pa.array([float("inf")]), RATE | {"max": float("inf")}, False, [0]),
    "moments": (
        pa.array([dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)], UTC),
        MOMENT,
        False,
        [],
    ),
    "a moment in the year 10,000": (
        pa.array([0, 253_402_300_800_000_000]).cast(UTC),
        MOMENT,
        False,
        [1],
    ),
    "truths": (pa.array([True]), {"kind": "boolean"}, False, []),
    "days": (pa.array([dt.date(1, 1, 1)]), {"kind": "date"}, False, []),
}  # fmt: skip


@pytest.mark.parametrize("what", COLUMNS)
def test_the_values_that_a_contract_refuses_are_found_in_a_column(what: str) -> None:
    column, rule, nullable, wrong = COLUMNS[what]
    assert np.flatnonzero(find_wrong(column, rule, nullable)).tolist() == wrong


SMALL = (
    "nothing but the magic",
    "encrypted",
    "wrong magic",
    "one byte",
    "a footer of 2 GB",
    "a footer of no bytes",
    "no footer",
    "no rows",
    "no columns",
    "nested fifty deep",
    "a null where none may be",
    "NaN",
    "past 2**53",
    "an id with a line feed",
    "an unknown status",
    "bytes that are no UTF-8",
    "a value of 8 MB",
    "a footer that promises more rows than its pages",
    "a footer that promises fewer",
)


@pytest.mark.parametrize("what", SMALL)
def test_a_hostile_file_is_rejected_by_the_process_that_reads_it(what: str) -> None:
    make, code = HOSTILE[what]
    _, fact = land(make(), SALES)
    assert (type(fact), fact.code) == (BronzeObjectRejected, code)


def with_footer(size: int, length: int) -> bytes:
    """So many bytes, of which the last eight say how long the footer before them is."""
    return bytes(size - 8) + length.to_bytes(4, "little") + b"PAR1"


@pytest.mark.parametrize(
    ("data", "is_read"),
    [
        (with_footer(1000, 992), True),
        (with_footer(1000, 993), False),
        (with_footer(1000, 0)[:-1] + b"2", False),
        (with_footer(17 * 1024**2, 16 * 1024**2), True),
        (with_footer(17 * 1024**2, 16 * 1024**2 + 1), False),
        (b"PAR1", False),
    ],
    ids=["all of it", "more than all", "another mark", "as long as may be", "longer", "four bytes"],
)
def test_a_footer_is_read_if_it_is_there_and_no_longer_than_may_be(data: bytes, is_read: bool) -> None:
    assert ("no Parquet footer at its end" in reason_of(data)) is not is_read


def reason_of(data: bytes, **metadata: str) -> str:
    _, fact = land(data, SALES, **metadata)
    assert isinstance(fact, BronzeObjectRejected)
    return fact.reason


def test_a_file_of_too_many_wrong_values_names_their_columns() -> None:
    reason = reason_of(write(replaced(orders(2), "net_cents", pa.array([1, -5]))))
    assert reason.endswith("landing found 1 by their values of net_cents, first in row 2")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("net_cents", -5, "out_of_range"),
        ("status", "lost", "not_in_enum"),
        ("order_id", "o-1\n", "out_of_range"),
        ("order_id", None, "missing_field"),
        ("discount_rate", float("nan"), "wrong_type"),
        ("ordered_at", dt.datetime(1999, 1, 1, tzinfo=dt.UTC), "implausible_time"),
    ],
)
def test_a_row_that_its_contract_refuses_is_set_apart_alone(column: str, value: object, code: str) -> None:
    table = repeated(60)
    values = table.column(column).to_pylist()
    values[41] = value
    edge, fact = land(write(replaced(table, column, pa.array(values, table.schema.field(column).type))), SALES)
    assert isinstance(fact, BronzeObjectLanded), fact
    assert (fact.rows, fact.rows_quarantined, fact.rows_checked) == (60, 1, 59)
    (record,) = edge.objects.lines(str(fact.quarantine_uri))
    assert (record["code"], record["field"], record["line"], record["offset"]) == (code, column, 42, 41)
    assert len(read_checked(edge, fact.checked_uri)) == 59


def test_all_that_is_wrong_with_the_columns_is_named_at_once() -> None:
    table = (
        orders(2)
        .drop_columns(["status"])
        .append_column("extra", pa.array([1, 2]))
        .append_column("sku", pa.array([1, 2]))
    )
    table = table.append_column("currency", pa.array(["USD", "USD"]))
    reason = reason_of(write(table))
    assert "columns missing: status; unknown: extra, sku; twice: currency" in reason


def test_a_rescued_column_that_stands_twice_is_named_as_that() -> None:
    text = pa.array([None, None], pa.string())
    table = orders(2).append_column("_rescued", text).append_column("_rescued", text)
    assert "columns twice: _rescued" in reason_of(write(table))


@pytest.mark.parametrize(
    ("rows", "quarantined", "code"),
    [
        ("2", "0", None),
        (None, None, None),
        ("41", "39", "too_many_bad_rows"),
        ("40", "2", "count_mismatch"),
        ("3", "0", "count_mismatch"),
    ],
)
def test_the_rows_that_were_promised_are_there(rows: str | None, quarantined: str | None, code: str | None) -> None:
    edge = FakeEdge()
    uri = left_out(edge, range(3, 3 + int(quarantined or 0)))
    counts = {
        ROWS_KEY: rows,
        QUARANTINED_KEY: quarantined,
        QUARANTINE_KEY: uri if quarantined not in (None, "0") else None,
    }
    stored = put(edge, write(orders(2)), SALES, **{name: held for name, held in counts.items() if held is not None})
    fact = deliver(edge, stored)
    assert getattr(fact, "code", None) == code


def test_a_file_says_where_the_documents_are_that_were_left_out() -> None:
    edge = FakeEdge()
    uri = left_out(edge, [7])
    counts = {ROWS_KEY: "41", QUARANTINED_KEY: "1", QUARANTINE_KEY: uri}
    fact = deliver(edge, put(edge, write(orders(40)), SALES, **counts))
    assert isinstance(fact, BronzeObjectLanded)
    assert (fact.rows, fact.rows_quarantined, fact.rows_checked, fact.quarantine_uri) == (41, 1, 40, uri)


def test_a_wide_value_that_was_rescued_is_null_in_its_column() -> None:
    """Only where the contract lets it evolve."""
    table = replaced(orders(2), "net_cents", pa.array([1, None], pa.int64()))
    assert [type(fact) for fact in finalize(FakeEdge(), write(table), SALES)] == [BronzeObjectLanded]
    assert "values of net_cents, first in row 2" in reason_of(write(table))
    text = replaced(orders(2), "status", pa.array(["paid", None]))
    (fact,) = finalize(FakeEdge(), write(text), SALES)
    assert "values of status, first in row 2" in fact.reason


def test_rows_of_several_groups_are_all_looked_at() -> None:
    table = replaced(orders(6), "net_cents", pa.array([1, 1, 1, 1, 1, -5]))
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=2)
    assert "values of net_cents, first in row 6" in reason_of(sink.getvalue())


def test_a_footer_without_drift_beside_other_metadata_lands() -> None:
    table = orders(2).replace_schema_metadata({"other": "x"})
    assert DRIFT_KEY not in (table.schema.metadata or {})
    _, fact = land(write(table), SALES)
    assert isinstance(fact, BronzeObjectLanded)

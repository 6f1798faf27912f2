"""Rows of the REST API: every type that is inserted, what is refused, pages."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import (
    SchemaField,
    Table,
)

from laptop.tests.bigquery.conftest import Cloud


def rows_of(count: int) -> str:
    return (
        f"SELECT x AS n, CONCAT('n', CAST(x AS STRING)) AS name FROM UNNEST(GENERATE_ARRAY(1, {count})) AS x ORDER BY x"
    )


SCHEMA = (  # of every type
    SchemaField("i", "INT64"),
    SchemaField("f", "FLOAT64"),
    SchemaField("b", "BOOL"),
    SchemaField("n", "NUMERIC"),
    SchemaField("s", "STRING"),
    SchemaField("y", "BYTES"),
    SchemaField("d", "DATE"),
    SchemaField("t", "TIME"),
    SchemaField("e", "DATETIME"),
    SchemaField("z", "TIMESTAMP"),
    SchemaField("j", "JSON"),
    SchemaField("l", "INT64", mode="REPEATED"),
    SchemaField("r", "RECORD", fields=[SchemaField("x", "INT64")]),
)


@pytest.mark.parametrize(
    ("column", "sent", "stored"),
    [
        ("i", 5, 5),
        ("i", "5", 5),
        ("i", -(2**63), -(2**63)),
        ("f", 1.5, 1.5),
        ("f", "1e3", 1000.0),
        ("b", True, True),
        ("b", "false", False),
        ("n", "1.25", decimal.Decimal("1.25")),
        ("n", 3, decimal.Decimal(3)),
        ("s", 'é\n"', 'é\n"'),
        ("s", "", ""),
        ("y", "AP8=", b"\x00\xff"),
        ("d", "2026-01-31", dt.date(2026, 1, 31)),
        ("t", "01:02:03.5", dt.time(1, 2, 3, 500000)),
        ("e", "2026-01-31T01:02:03", dt.datetime.fromisoformat("2026-01-31T01:02:03")),
        ("z", "2026-01-01 00:00:00 UTC", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("z", "2026-01-01T02:00:00+02:00", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("z", 1767225600, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("z", "1767225600.5", dt.datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=dt.UTC)),
        ("j", {"a": [1, None]}, {"a": [1, None]}),
        ("l", [1, 2], [1, 2]),
        ("l", [], []),
        ("l", None, []),
        ("r", {"x": 1}, {"x": 1}),
        ("r", None, None),
        ("s", None, None),
    ],
    ids=str,
)
def test_a_value_is_stored_as_its_type(cloud: Cloud, name: str, column: str, sent: Any, stored: Any) -> None:
    table = cloud.bigquery.create_table(Table(name, schema=list(SCHEMA)))
    assert cloud.bigquery.insert_rows_json(table, [{column: sent}]) == []
    assert next(iter(cloud.bigquery.list_rows(table)))[column] == stored


@pytest.mark.parametrize(
    ("column", "sent"),
    [
        ("i", "x"),
        ("i", 1.5),
        ("f", "much"),
        ("b", "maybe"),
        ("d", "2026-02-30"),
        ("t", "25:00"),
        ("n", "x"),
        ("z", "soon"),
    ],
)
def test_a_value_of_another_type_is_refused_and_nothing_stored(cloud: Cloud, name: str, column: str, sent: Any) -> None:
    table = cloud.bigquery.create_table(Table(name, schema=list(SCHEMA)))
    errors = cloud.bigquery.insert_rows_json(table, [{column: sent}])
    assert [error["errors"][0]["reason"] for error in errors] == ["invalid"]
    assert cloud.bigquery.get_table(name).num_rows == 0


def test_unknown_fields_are_left_out_if_asked(cloud: Cloud, name: str) -> None:
    table = cloud.bigquery.create_table(Table(name, schema=[SchemaField("a", "INT64")]))
    assert cloud.bigquery.insert_rows_json(table, [{"a": 1, "b": 2}], ignore_unknown_values=True) == []
    assert cloud.rows(f"SELECT * FROM `{name}`") == [(1,)]


def test_rows_of_a_view_are_neither_inserted_nor_listed(cloud: Cloud) -> None:
    cloud.bigquery.query_and_wait("CREATE OR REPLACE VIEW shop.looked AS SELECT 1 AS a")
    with pytest.raises(BadRequest, match="Cannot add rows"):
        cloud.bigquery.insert_rows_json("shop.looked", [{"a": 1}])
    with pytest.raises(BadRequest, match="Cannot list a table of type VIEW"):
        list(
            cloud.bigquery.list_rows(
                cloud.bigquery.get_table("shop.looked"), selected_fields=[SchemaField("a", "INT64")]
            )
        )


def test_rows_are_listed_from_a_place_on(cloud: Cloud, name: str) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS {rows_of(10)}")
    table = cloud.bigquery.get_table(name)
    assert [row.n for row in cloud.bigquery.list_rows(table, start_index=7)] == [8, 9, 10]
    assert [row.n for row in cloud.bigquery.list_rows(table, start_index=2, max_results=2)] == [3, 4]
    assert list(cloud.bigquery.list_rows(table, start_index=10)) == []


def test_a_timestamp_is_float_seconds_unless_micros_are_asked_for(base: str, cloud: Cloud, name: str) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS SELECT TIMESTAMP '2026-01-01 00:00:00.25+00' AS at")
    url = f"{base}/datasets/shop/tables/{name.rsplit('.', maxsplit=1)[-1]}/data"
    cells = [
        requests.get(url, params=more, timeout=5).json()["rows"][0]["f"][0]["v"]
        for more in ({}, {"formatOptions.useInt64Timestamp": "true"})
    ]
    assert cells == ["1767225600.250000", "1767225600250000"]

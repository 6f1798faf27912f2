"""Tables of the REST API: schemas and their changes, metadata, what is refused."""

from __future__ import annotations

import pytest
import requests
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud.bigquery import (
    SchemaField,
    Table,
    TimePartitioning,
)

from laptop.tests.bigquery.conftest import PROJECT, Cloud


def rows_of(count: int) -> str:
    return (
        f"SELECT x AS n, CONCAT('n', CAST(x AS STRING)) AS name FROM UNNEST(GENERATE_ARRAY(1, {count})) AS x ORDER BY x"
    )


def test_its_tables_are_listed_by_name_with_their_type(cloud: Cloud) -> None:
    cloud.bigquery.create_dataset("listed")
    for table in ("b", "a"):
        cloud.bigquery.create_table(Table(f"{PROJECT}.listed.{table}", schema=[SchemaField("id", "INT64")]))
    cloud.bigquery.query_and_wait("CREATE VIEW listed.c AS SELECT 1 AS one")
    found = [(item.table_id, item.table_type) for item in cloud.bigquery.list_tables("listed")]
    assert found == [("a", "TABLE"), ("b", "TABLE"), ("c", "VIEW")]


def test_tables_of_a_dataset_that_is_not_there(cloud: Cloud) -> None:
    with pytest.raises(NotFound):
        list(cloud.bigquery.list_tables("nowhere"))


def test_it_counts_its_rows(cloud: Cloud, name: str) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS {rows_of(7)}")
    assert cloud.bigquery.get_table(name).num_rows == 7


def test_its_description_changes_and_its_rows_stay(cloud: Cloud, name: str) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS SELECT 1 AS id")
    table = cloud.bigquery.get_table(name)
    table.description, table.labels = "new", {"k": "v"}
    cloud.bigquery.update_table(table, ["description", "labels"])
    found = cloud.bigquery.get_table(name)
    assert (found.description, found.labels, found.num_rows) == ("new", {"k": "v"}, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([SchemaField("a", "INT64")], "columns are missing"),
        ([SchemaField("a", "STRING"), SchemaField("b", "STRING")], "field a has changed type"),
        (
            [SchemaField("a", "INT64"), SchemaField("b", "STRING"), SchemaField("c", "INT64", mode="REQUIRED")],
            "Cannot add required column c",
        ),
        ([SchemaField("a", "INT64", mode="REPEATED"), SchemaField("b", "STRING")], "field a has changed type"),
    ],
)
def test_a_schema_change_that_would_lose_rows_is_refused(
    cloud: Cloud, name: str, fields: list[SchemaField], said: str
) -> None:
    table = cloud.bigquery.create_table(Table(name, schema=[SchemaField("a", "INT64"), SchemaField("b", "STRING")]))
    table.schema = fields
    with pytest.raises(BadRequest, match=said):
        cloud.bigquery.update_table(table, ["schema"])
    assert [field.name for field in cloud.bigquery.get_table(name).schema] == ["a", "b"]


def test_added_columns_may_be_lists_and_records(cloud: Cloud, name: str) -> None:
    table = cloud.bigquery.create_table(Table(name, schema=[SchemaField("a", "INT64")]))
    cloud.bigquery.insert_rows_json(table, [{"a": 1}])
    more = [
        SchemaField("tags", "STRING", mode="REPEATED"),
        SchemaField("r", "RECORD", fields=[SchemaField("x", "DATE")]),
    ]
    table.schema = [*table.schema, *more]
    cloud.bigquery.update_table(table, ["schema"])
    assert cloud.rows(f"SELECT a, tags, r FROM `{name}`") == [(1, [], None)]


def test_it_is_deleted_and_its_name_free(cloud: Cloud, name: str) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS SELECT 1 AS id")
    cloud.bigquery.delete_table(name)
    with pytest.raises(NotFound):
        cloud.bigquery.delete_table(name)
    cloud.bigquery.create_table(Table(name, schema=[SchemaField("b", "STRING")]))
    assert cloud.rows(f"SELECT * FROM `{name}`") == []


def test_partitioning_by_month_is_kept(cloud: Cloud, name: str) -> None:
    table = Table(name, schema=[SchemaField("day", "DATE")])
    table.time_partitioning = TimePartitioning(type_="MONTH", field="day")
    cloud.bigquery.create_table(table)
    found = cloud.bigquery.get_table(name).time_partitioning
    assert (found.type_, found.field) == ("MONTH", "day")


def test_a_type_that_is_not_served_is_refused_by_name(cloud: Cloud, name: str) -> None:
    with pytest.raises(BadRequest, match="Unsupported: type GEOGRAPHY"):
        cloud.bigquery.create_table(Table(name, schema=[SchemaField("g", "GEOGRAPHY")]))
    with pytest.raises(NotFound):
        cloud.bigquery.get_table(name)


def test_a_view_in_legacy_sql_and_a_materialized_one_are_refused(base: str) -> None:
    for body, said in (
        ({"view": {"query": "SELECT 1", "useLegacySql": True}}, "legacy SQL"),
        ({"materializedView": {"query": "SELECT 1"}}, "materialized views"),
    ):
        sent = {"tableReference": {"tableId": "v"}, **body}
        answer = requests.post(f"{base}/datasets/shop/tables", json=sent, timeout=5)
        assert (answer.status_code, said in answer.text) == (400, True)


def test_a_table_without_a_name_is_refused(base: str) -> None:
    answer = requests.post(f"{base}/datasets/shop/tables", json={}, timeout=5)
    assert answer.json()["error"]["message"] == "Required parameter is missing: tableReference.tableId"

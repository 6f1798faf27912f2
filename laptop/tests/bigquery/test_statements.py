"""Scripts, definitions and changes on a warehouse without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.bigquery.running.dataset_storage import new_dataset, remove_dataset
from laptop.http import ApiError
from laptop.tests.bigquery.answers import Answer, Refusal
from laptop.tests.bigquery.cases import temporary_warehouse
from laptop.tests.bigquery.warehouse import Warehouse

CASES = yaml.safe_load((Path(__file__).parent / "units" / "statements.yaml").read_text())


@pytest.fixture(scope="module")
def house() -> Iterator[Warehouse]:
    yield from temporary_warehouse()


@pytest.fixture
def warehouse(house: Warehouse) -> Warehouse:
    """With an empty dataset `shop`, and no other."""
    session = house.session()
    for dataset in session.catalog.datasets():
        remove_dataset(session, dataset["datasetReference"]["datasetId"])
    new_dataset(session, "shop", {})
    session.cursor.close()
    return house


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_statements(warehouse: Warehouse, case: dict[str, Any]) -> None:
    *before, last = case["run"]
    for sql in before:
        warehouse.run(sql)
    if "error" in case:
        with pytest.raises(ApiError) as caught:
            warehouse.run(last)
        assert case["error"] in str(caught.value)
    else:
        warehouse.run(last)
        found = warehouse.ask(case["ask"])
        assert isinstance(found, Answer), found
        assert found.rows == case["rows"]


def test_a_failed_statement_leaves_what_was_there(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE shop.t AS SELECT 1 AS id")
    for sql in (
        "CREATE OR REPLACE TABLE shop.t AS SELECT 1 / 0 AS id",
        "UPDATE shop.t SET id = CAST('x' AS INT64) WHERE TRUE",
    ):
        assert isinstance(warehouse.ask(sql), Refusal)
    assert warehouse.answer("SELECT id FROM shop.t").rows == [[1]]


def test_a_dry_run_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE shop.t AS SELECT 1 AS id")
    for sql in (
        "DELETE FROM shop.t WHERE TRUE",
        "INSERT INTO shop.t VALUES (2)",
        "CREATE OR REPLACE TABLE shop.t AS SELECT 5 AS id",
        "CREATE TABLE shop.u (id INT64)",
        "CREATE VIEW shop.v AS SELECT 1 AS id",
        "CREATE SCHEMA other",
        "DROP TABLE shop.t",
        "TRUNCATE TABLE shop.t",
    ):
        warehouse.run(sql, dry=True)
    session = warehouse.session()
    assert [table["tableReference"]["tableId"] for table in session.catalog.tables("shop")] == ["t"]
    assert [one["datasetReference"]["datasetId"] for one in session.catalog.datasets()] == ["shop"]
    assert warehouse.answer("SELECT id FROM shop.t").rows == [[1]]


@pytest.mark.parametrize(
    ("sql", "kind", "affected"),
    [
        ("INSERT INTO shop.t VALUES (4), (5)", "INSERT", 2),
        ("UPDATE shop.t SET id = 0 WHERE id > 1", "UPDATE", 2),
        ("DELETE FROM shop.t WHERE id = 1", "DELETE", 1),
        ("DELETE FROM shop.t WHERE FALSE", "DELETE", 0),
        ("TRUNCATE TABLE shop.t", "TRUNCATE_TABLE", 3),
        ("MERGE shop.t AS t USING (SELECT 9 AS id) AS s ON t.id = s.id WHEN NOT MATCHED THEN INSERT ROW", "MERGE", 1),
    ],
)
def test_a_change_reports_its_kind_and_the_rows_it_touched(
    warehouse: Warehouse, sql: str, kind: str, affected: int
) -> None:
    warehouse.run("CREATE TABLE shop.t AS SELECT x AS id FROM UNNEST([1, 2, 3]) AS x")
    outcome = warehouse.run(sql)
    assert (outcome.kind, outcome.affected, outcome.rows) == (kind, affected, None)


@pytest.mark.parametrize(
    ("sql", "performed"),
    [
        ("CREATE TABLE shop.u (id INT64)", "CREATE"),
        ("CREATE TABLE IF NOT EXISTS shop.t (id INT64)", "SKIP"),
        ("CREATE OR REPLACE TABLE shop.t AS SELECT 1 AS id", "CREATE"),
        ("CREATE VIEW shop.v AS SELECT 1 AS id", "CREATE"),
        ("DROP TABLE shop.t", "DROP"),
        ("DROP TABLE IF EXISTS shop.nothing", "SKIP"),
    ],
)
def test_a_definition_reports_what_it_performed_and_on_what(warehouse: Warehouse, sql: str, performed: str) -> None:
    warehouse.run("CREATE TABLE shop.t (id INT64)")
    statistics = warehouse.run(sql).statistics
    assert statistics["ddlOperationPerformed"] == performed
    assert (statistics["ddlTargetTable"]["projectId"], statistics["ddlTargetTable"]["datasetId"]) == (
        "demo-proj",
        "shop",
    )


def test_metadata_of_a_definition_is_kept(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE TABLE shop.t (day DATE OPTIONS (description = 'UTC day'), code STRING NOT NULL) "
        "PARTITION BY DATE_TRUNC(day, MONTH) CLUSTER BY code "
        "OPTIONS (description = 'Grain: a day', friendly_name = 'Days', labels = [('team', 'a')])"
    )
    session = warehouse.session()
    found = session.catalog.tables("shop")[0]
    assert found["timePartitioning"] == {"type": "MONTH", "field": "day"}
    assert found["clustering"] == {"fields": ["code"]}
    assert (found["description"], found["friendlyName"], found["labels"]) == ("Grain: a day", "Days", {"team": "a"})
    assert found["schema"]["fields"] == [
        {"name": "day", "type": "DATE", "mode": "NULLABLE", "description": "UTC day"},
        {"name": "code", "type": "STRING", "mode": "REQUIRED"},
    ]


def test_a_table_that_has_expired_is_not_found_and_is_removed(warehouse: Warehouse) -> None:
    for name, moment in (
        ("kept", "TIMESTAMP '2026-01-08 00:00:00+00'"),
        ("gone", "TIMESTAMP '2025-12-31 00:00:00+00'"),
    ):
        warehouse.run(f"CREATE TABLE shop.{name} OPTIONS (expiration_timestamp = {moment}) AS SELECT 1 AS id")
    assert warehouse.answer("SELECT id FROM shop.kept").rows == [[1]]
    found = warehouse.ask("SELECT id FROM shop.gone")
    assert isinstance(found, Refusal)
    assert "Not found: Table demo-proj:shop.gone" in found.message
    session = warehouse.session()
    assert [table["tableReference"]["tableId"] for table in session.catalog.tables("shop")] == ["kept"]
    assert session.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'shop'").fetchall() == [
        ("kept",)
    ]


def test_a_table_may_expire_some_time_from_now(warehouse: Warehouse) -> None:
    later = "TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 7 DAY)"
    warehouse.run(f"CREATE TABLE shop.t (id INT64) OPTIONS (description = 'A week', expiration_timestamp = {later})")
    session = warehouse.session()
    week, now = session.execute("SELECT epoch_ms(now() + INTERVAL 7 DAY), epoch_ms(now())").fetchall()[0]
    assert now < int(session.catalog.tables("shop")[0]["expirationTime"]) <= week


def test_a_session_reads_unqualified_names_in_its_default_dataset(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t AS SELECT 1 AS id", dataset="shop")
    assert warehouse.answer("SELECT id FROM t", dataset="shop").rows == [[1]]
    assert isinstance(warehouse.ask("SELECT id FROM t"), Refusal)


def test_two_columns_of_one_name_are_refused(warehouse: Warehouse) -> None:
    found = warehouse.ask("SELECT 1 AS a, 2 AS A")
    assert isinstance(found, Refusal)
    assert "Duplicate column names in the result are not supported: a" in found.message


def test_views_that_lean_on_each_other_end_in_an_error(warehouse: Warehouse) -> None:
    warehouse.run("CREATE VIEW shop.a AS SELECT 1 AS id")
    warehouse.run("CREATE VIEW shop.b AS SELECT id FROM shop.a")
    found = warehouse.ask("CREATE OR REPLACE VIEW shop.a AS SELECT id FROM shop.b; SELECT id FROM shop.a")
    assert isinstance(found, Refusal)
    assert "Views nest too deeply" in found.message

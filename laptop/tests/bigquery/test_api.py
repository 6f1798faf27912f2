"""Datasets, tables, rows and jobs of the REST API, through google-cloud-bigquery."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import uuid
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud.bigquery import (
    ArrayQueryParameter,
    Dataset,
    ExternalConfig,
    LoadJobConfig,
    QueryJobConfig,
    ScalarQueryParameter,
    SchemaField,
    StructQueryParameter,
    Table,
    TimePartitioning,
)

from laptop.tests.bigquery.conftest import PROJECT, Cloud

PEOPLE = [
    SchemaField("id", "INTEGER", mode="REQUIRED"),
    SchemaField("name", "STRING", description="Given name"),
    SchemaField("tags", "STRING", mode="REPEATED"),
    SchemaField("home", "RECORD", fields=[SchemaField("city", "STRING"), SchemaField("zip", "INTEGER")]),
]


@pytest.fixture
def table(cloud: Cloud) -> Table:
    name = f"{PROJECT}.shop.people_{uuid.uuid4().hex[:8]}"
    return cloud.bigquery.create_table(Table(name, schema=PEOPLE))


def test_a_dataset_is_made_once_described_and_deleted_with_what_it_holds(cloud: Cloud) -> None:
    wanted = Dataset(f"{PROJECT}.brief")
    wanted.description, wanted.labels = "for a moment", {"team": "a"}
    made = cloud.bigquery.create_dataset(wanted)
    assert (made.description, made.labels) == ("for a moment", {"team": "a"})
    with pytest.raises(Conflict, match="Already Exists"):
        cloud.bigquery.create_dataset(wanted)
    made.description = "longer"
    assert cloud.bigquery.update_dataset(made, ["description"]).description == "longer"
    cloud.bigquery.create_table(Table(f"{PROJECT}.brief.t", schema=PEOPLE))
    with pytest.raises(BadRequest, match="still in use"):
        cloud.bigquery.delete_dataset("brief")
    cloud.bigquery.delete_dataset("brief", delete_contents=True)
    assert "brief" not in [dataset.dataset_id for dataset in cloud.bigquery.list_datasets()]
    with pytest.raises(NotFound, match=r"Not found: Dataset demo-proj:brief"):
        cloud.bigquery.get_dataset("brief")


def test_a_table_keeps_its_schema_partitioning_and_descriptions(cloud: Cloud) -> None:
    wanted = Table(f"{PROJECT}.shop.kept", schema=[*PEOPLE, SchemaField("day", "DATE")])
    wanted.time_partitioning, wanted.clustering_fields = TimePartitioning(field="day"), ["id"]
    wanted.description = "Grain: a person."
    cloud.bigquery.create_table(wanted)
    found = cloud.bigquery.get_table("shop.kept")
    assert [field.to_api_repr() for field in found.schema] == [field.to_api_repr() for field in wanted.schema]
    assert (found.time_partitioning.field, found.clustering_fields) == ("day", ["id"])
    assert (found.description, found.num_rows, found.table_type) == ("Grain: a person.", 0, "TABLE")
    with pytest.raises(Conflict):
        cloud.bigquery.create_table(wanted)
    assert "kept" in [item.table_id for item in cloud.bigquery.list_tables("shop")]


def test_a_table_may_gain_a_field(cloud: Cloud, table: Table) -> None:
    assert cloud.bigquery.insert_rows_json(table, [{"id": 1}]) == []
    table.schema = [*table.schema, SchemaField("age", "INTEGER")]
    cloud.bigquery.update_table(table, ["schema"])
    assert cloud.rows(f"SELECT id, age FROM `{table}`") == [(1, None)]


def test_inserted_rows_come_back_page_by_page(cloud: Cloud, table: Table) -> None:
    rows = [{"id": n, "name": f"n{n}", "tags": ["x"] * (n % 3), "home": {"city": "Köln", "zip": n}} for n in range(25)]
    assert cloud.bigquery.insert_rows_json(table, rows) == []
    pages = [list(page) for page in cloud.bigquery.list_rows(table, page_size=10).pages]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [dict(row.items()) for page in pages for row in page] == rows
    chosen = cloud.bigquery.list_rows(table, selected_fields=[PEOPLE[1]], max_results=2)
    assert [tuple(row.values()) for row in chosen] == [("n0",), ("n1",)]


def test_a_row_that_does_not_fit_is_named_and_none_is_inserted(cloud: Cloud, table: Table) -> None:
    errors = cloud.bigquery.insert_rows_json(table, [{"id": 1}, {"name": "no id"}, {"id": 3, "what": 1}])
    assert [(error["index"], error["errors"][0]["reason"]) for error in errors] == [(1, "invalid"), (2, "invalid")]
    assert cloud.value(f"SELECT COUNT(*) FROM `{table}`") == 0


def test_a_row_sent_again_under_its_insert_id_is_there_once(cloud: Cloud, table: Table) -> None:
    for _ in range(2):
        assert cloud.bigquery.insert_rows_json(table, [{"id": 7}], row_ids=["seven"]) == []
    assert cloud.value(f"SELECT COUNT(*) FROM `{table}`") == 1


def test_every_type_comes_back_as_python_knows_it(cloud: Cloud) -> None:
    row = cloud.rows(
        "SELECT 1, 1.5, NUMERIC '1.25', 'é', FROM_HEX('00ff'), TRUE, DATE '2026-01-02', TIME '03:04:05.5', "
        "DATETIME '2026-01-02 03:04:05', TIMESTAMP '2026-01-02 03:04:05.678901+00', [1, 2], STRUCT(1 AS a, 'b' AS b), "
        "CAST(NULL AS INT64), JSON '{\"a\": 1}'"
    )[0]
    assert row == (
        1, 1.5, decimal.Decimal("1.25"), "é", b"\x00\xff", True, dt.date(2026, 1, 2), dt.time(3, 4, 5, 500000),
        dt.datetime.fromisoformat("2026-01-02T03:04:05"), dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC), [1, 2],
        {"a": 1, "b": "b"}, None, {"a": 1},
    )  # fmt: skip


@pytest.mark.parametrize("moment", ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"])
def test_the_first_and_the_last_moment_survive(cloud: Cloud, moment: str) -> None:
    assert cloud.value(f"SELECT FORMAT_TIMESTAMP('%E4Y', TIMESTAMP '{moment}')") == moment[:4]
    found = cloud.value(f"SELECT TIMESTAMP '{moment}'")
    assert found == dt.datetime.fromisoformat(moment)


def test_parameters_are_values_never_text(cloud: Cloud) -> None:
    parameters = [
        ScalarQueryParameter("name", "STRING", "O'Hara; DROP TABLE x --"),
        ScalarQueryParameter("at", "TIMESTAMP", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
        ScalarQueryParameter("price", "NUMERIC", decimal.Decimal("0.1")),
        ArrayQueryParameter("ids", "INT64", [1, 2, 3]),
        StructQueryParameter("pair", ScalarQueryParameter("a", "INT64", 5), ScalarQueryParameter("b", "STRING", "x")),
    ]
    found = cloud.rows(
        "SELECT @name, EXTRACT(DAY FROM @at), @price * 3, (SELECT SUM(i) FROM UNNEST(@ids) AS i), @pair.a",
        job_config=QueryJobConfig(query_parameters=parameters),
    )
    assert found == [("O'Hara; DROP TABLE x --", 2, decimal.Decimal("0.3"), 6, 5)]
    positional = QueryJobConfig(query_parameters=[ScalarQueryParameter(None, "INT64", 4)])
    assert cloud.value("SELECT ? + 1", job_config=positional) == 5


def test_a_query_job_writes_to_its_destination_and_reports_what_it_did(cloud: Cloud) -> None:
    config = QueryJobConfig(destination=f"{PROJECT}.shop.made", write_disposition="WRITE_TRUNCATE")
    for _ in range(2):
        job = cloud.bigquery.query("SELECT x FROM UNNEST([1, 2, 3]) AS x", job_config=config)
        assert [row.x for row in job.result()] == [1, 2, 3]
    assert (job.state, job.statement_type, cloud.value("SELECT COUNT(*) FROM shop.made")) == ("DONE", "SELECT", 3)
    changed = cloud.bigquery.query("UPDATE shop.made SET x = x + 1 WHERE x > 1")
    changed.result()
    assert changed.num_dml_affected_rows == 2


def test_a_job_id_is_used_once_and_the_job_is_found_by_it(cloud: Cloud) -> None:
    job = cloud.bigquery.query("SELECT 1 AS one", job_id="mine-1")
    assert [row.one for row in job.result()] == [1]
    with pytest.raises(Conflict):
        cloud.bigquery.query("SELECT 2", job_id="mine-1", job_retry=None, retry=None).result()
    assert cloud.bigquery.get_job("mine-1").state == "DONE"
    assert "mine-1" in [one.job_id for one in cloud.bigquery.list_jobs()]
    with pytest.raises(NotFound):
        cloud.bigquery.get_job("nobody's")


def test_a_dry_run_says_the_schema_and_runs_nothing(cloud: Cloud) -> None:
    job = cloud.bigquery.query("CREATE TABLE shop.never AS SELECT 1 AS a", job_config=QueryJobConfig(dry_run=True))
    assert job.total_bytes_processed == 0
    with pytest.raises(NotFound):
        cloud.bigquery.get_table("shop.never")


@pytest.mark.parametrize(
    ("sql", "kind", "said"),
    [
        ("SELECT * FROM shop.nothing", NotFound, r"Not found: Table demo-proj[:.]shop\.nothing"),
        ("SELECT * FROM nowhere.t", NotFound, r"Not found: Dataset demo-proj:nowhere"),
        ("SELECT nope FROM (SELECT 1 AS a)", BadRequest, "nope"),
        ("SELECT FROM WHERE", BadRequest, "(?i)syntax|expected|invalid"),
        ("SELECT no_such_function(1)", BadRequest, "(?i)no_such_function"),
        ("CREATE MATERIALIZED VIEW shop.v AS SELECT 1", BadRequest, "(?i)unsupported"),
        ("SELECT ML.PREDICT(1)", BadRequest, "(?i)predict"),
    ],
)
def test_an_error_names_what_is_wrong(cloud: Cloud, sql: str, kind: Any, said: str) -> None:
    with pytest.raises(kind, match=said):
        cloud.rows(sql)


def test_a_failed_job_keeps_its_error(cloud: Cloud) -> None:
    job = cloud.bigquery.query("SELECT 1 / 0", job_id="failed-1")
    with pytest.raises(BadRequest):
        job.result()
    found = cloud.bigquery.get_job("failed-1")
    assert (found.state, found.error_result["reason"]) == ("DONE", "invalidQuery")


def test_a_script_is_all_its_statements_and_a_failed_transaction_none(cloud: Cloud) -> None:
    cloud.bigquery.query_and_wait("CREATE TABLE shop.ledger (n INT64); INSERT INTO shop.ledger VALUES (1), (2)")
    with pytest.raises(BadRequest):
        cloud.bigquery.query_and_wait(
            "BEGIN TRANSACTION; INSERT INTO shop.ledger VALUES (3); SELECT 1 / 0; COMMIT TRANSACTION"
        )
    assert cloud.rows("SELECT n FROM shop.ledger ORDER BY n") == [(1,), (2,)]
    declared = "DECLARE d INT64 DEFAULT 2; DELETE FROM shop.ledger WHERE n = d; SELECT COUNT(*) FROM shop.ledger"
    assert cloud.value(declared) == 1


def test_merge_inserts_updates_and_deletes(cloud: Cloud) -> None:
    cloud.bigquery.query_and_wait(
        "CREATE TABLE shop.stock AS SELECT * FROM UNNEST([STRUCT(1 AS id, 5 AS n), (2, 5), (3, 5)])"
    )
    cloud.bigquery.query_and_wait(
        "MERGE shop.stock AS t USING (SELECT * FROM UNNEST([STRUCT(1 AS id, 9 AS n), (4, 1)])) AS s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED THEN INSERT ROW "
        "WHEN NOT MATCHED BY SOURCE AND t.id = 3 THEN DELETE"
    )
    assert cloud.rows("SELECT id, n FROM shop.stock ORDER BY id") == [(1, 9), (2, 5), (4, 1)]


def test_a_view_is_read_through(cloud: Cloud) -> None:
    view = Table(f"{PROJECT}.shop.doubled")
    view.view_query = "SELECT x * 2 AS y FROM UNNEST([1, 2]) AS x"
    cloud.bigquery.create_table(view)
    assert cloud.rows("SELECT y FROM shop.doubled ORDER BY y") == [(2,), (4,)]
    assert cloud.bigquery.get_table("shop.doubled").table_type == "VIEW"


def test_an_external_table_reads_json_with_hive_columns_and_file_names(cloud: Cloud) -> None:
    for day, ids in (("2026-01-01", [1, 2]), ("2026-01-02", [3])):
        lines = "".join(json.dumps({"id": number, "at": f"{day} 00:00:00 UTC"}) + "\n" for number in ids)
        cloud.upload(f"events/dt={day}/a.jsonl", lines.encode())
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE EXTERNAL TABLE shop.ext (id INT64, at TIMESTAMP) WITH PARTITION COLUMNS (dt DATE) "
        "OPTIONS (format = 'NEWLINE_DELIMITED_JSON', uris = ['gs://lake/events/*'], "
        "hive_partition_uri_prefix = 'gs://lake/events')"
    )
    found = cloud.rows("SELECT id, dt, _FILE_NAME FROM shop.ext WHERE dt > DATE '2026-01-01'")
    assert found == [(3, dt.date(2026, 1, 2), "gs://lake/events/dt=2026-01-02/a.jsonl")]
    cloud.upload("events/dt=2026-01-02/b.jsonl", b'{"id": 4}\n')
    assert cloud.value("SELECT COUNT(*) FROM shop.ext") == 4


def test_an_external_table_of_the_api_reads_parquet(cloud: Cloud) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2], "name": ["a", None]}), buffer)
    uri = cloud.upload("parquet/a.parquet", buffer.getvalue())
    config = ExternalConfig("PARQUET")
    config.source_uris, config.schema = [uri], [SchemaField("id", "INTEGER"), SchemaField("name", "STRING")]
    table = Table(f"{PROJECT}.shop.parquet")
    table.external_data_configuration = config
    cloud.bigquery.create_table(table)
    assert cloud.rows("SELECT id, name FROM shop.parquet ORDER BY id") == [(1, "a"), (2, None)]


def test_a_load_job_appends_or_replaces(cloud: Cloud) -> None:
    uri = cloud.upload("load/rows.jsonl", b'{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n')
    config = LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", schema=PEOPLE[:2])
    for disposition, count in (("WRITE_APPEND", 2), ("WRITE_APPEND", 4), ("WRITE_TRUNCATE", 2)):
        config.write_disposition = disposition
        cloud.bigquery.load_table_from_uri(uri, "shop.loaded", job_config=config).result()
        assert cloud.value("SELECT COUNT(*) FROM shop.loaded") == count
    config.write_disposition = "WRITE_EMPTY"
    with pytest.raises(Conflict):
        cloud.bigquery.load_table_from_uri(uri, "shop.loaded", job_config=config).result()


def test_what_is_not_served_is_refused_by_name(cloud: Cloud) -> None:
    with pytest.raises(BadRequest, match="Unsupported: extract jobs"):
        cloud.bigquery.extract_table("shop.loaded", "gs://lake/out.csv", retry=None)
    with pytest.raises(BadRequest, match="Unsupported: copy jobs"):
        cloud.bigquery.copy_table("shop.loaded", "shop.copied", retry=None)


def test_export_data_writes_objects_that_can_be_read_back(cloud: Cloud) -> None:
    cloud.bigquery.query_and_wait(
        "EXPORT DATA OPTIONS (uri = 'gs://lake/out/*.parquet', format = 'PARQUET', overwrite = true) AS "
        "SELECT x AS id, CONCAT('n', CAST(x AS STRING)) AS name FROM UNNEST([1, 2, 3]) AS x"
    )
    parts = [pq.read_table(io.BytesIO(blob.download_as_bytes())) for blob in cloud.bucket.list_blobs(prefix="out/")]
    rows = sorted((row["id"], row["name"]) for part in parts for row in part.to_pylist())
    assert rows == [(1, "n1"), (2, "n2"), (3, "n3")]

"""External tables, load jobs and exports: objects of a store as tables, and back."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

import laptop.storage.server
from laptop.bigquery.external.definition import Definition, read_definition
from laptop.bigquery.external.lines import inflate, read_lines
from laptop.bigquery.load_jobs import run_load
from laptop.bigquery.sql.references import TableName
from laptop.http import ApiError
from laptop.tests.bigquery.answers import Answer, Refusal
from laptop.tests.bigquery.warehouse import PROJECT, Warehouse, open_warehouse

Case = dict[str, Any]
TEXT = ({"name": "a", "type": "STRING"},)


def read(name: str) -> list[Case]:
    cases: list[Case] = yaml.safe_load((Path(__file__).parent / "units" / f"{name}.yaml").read_text())
    return cases


@pytest.fixture(scope="module")
def lake(launch: Callable[..., Any]) -> str:
    address: str = launch(laptop.storage.server.start).address
    return address


@pytest.fixture(scope="module")
def bucket(lake: str) -> storage.Bucket:
    options = {"api_endpoint": f"http://{lake}"}
    client = storage.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)
    return client.create_bucket("lake")


@pytest.fixture(scope="module")
def warehouse(lake: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with open_warehouse(tmp_path_factory.mktemp("warehouse"), storage=lake) as opened:
        yield opened


def definition(**more: Any) -> Definition:
    given = {"columns": TEXT, "partitions": (), "format": "CSV", "uris": ("gs://b/*",), "quote": "", **more}
    return Definition(**given)


@pytest.mark.parametrize("case", read("lines"), ids=lambda case: case["name"])
def test_lines_of_a_text_object(case: Case) -> None:
    defined, content = definition(**case.get("define", {})), case["content"].encode()
    if "error" in case:
        with pytest.raises(ApiError, match=case["error"]):
            read_lines(content, defined, "gs://b/o")
    else:
        assert read_lines(content, defined, "gs://b/o").to_pydict() == {"a": case["rows"]}


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert read_lines(b"a\xffb\n", definition(), "gs://b/o").to_pydict() == {"a": ["a\ufffdb"]}


def test_gzip_is_known_by_its_first_bytes_and_read_to_its_last_part() -> None:
    assert inflate(b"plain", "o") == b"plain"
    assert inflate(gzip.compress(b"a\n") + gzip.compress(b"b\n"), "o") == b"a\nb\n"
    with pytest.raises(ApiError, match="could not inflate o"):
        inflate(gzip.compress(b"a")[:3] + b"\xff" * 20, "o")


@pytest.mark.parametrize("case", read("definitions"), ids=lambda case: case["name"])
def test_an_external_definition(case: Case) -> None:
    fields = case.get("columns", list(TEXT))
    resource = {"externalDataConfiguration": {**case["config"], "schema": {"fields": fields}}}
    if "error" in case:
        with pytest.raises(ApiError) as caught:
            read_definition(resource)
        assert case["error"] in str(caught.value)
    else:
        found = read_definition(resource)
        assert {
            key: list(value) if isinstance(value := getattr(found, key), tuple) else value for key in case["read"]
        } == case["read"]


OTHERS: list[dict[str, Any]] = [
    *({"delimiter": ";"}, {"quote": "'"}, {"skip_rows": 1}, {"max_bad": 1}),
    *({"ignore_unknown": True}, {"null_marker": "-"}, {"format": "JSON"}),
]


@pytest.mark.parametrize("other", OTHERS)
def test_another_way_to_read_is_another_copy(other: dict[str, Any]) -> None:
    assert definition(**other).conversion_key() != definition().conversion_key()
    assert definition(uris=("gs://c/*",)).conversion_key() == definition().conversion_key()


@pytest.mark.parametrize("case", read("files"), ids=lambda case: case["name"])
def test_an_external_table(warehouse: Warehouse, bucket: storage.Bucket, case: Case) -> None:
    folder = case["name"].replace(" ", "-").replace("'", "")
    here = f"gs://lake/{folder}/"
    for name, content in case["objects"].items():
        bucket.blob(f"{folder}/{name}").upload_from_string(content.replace("{n}", "\n").replace("{here}", here))
    partitions = f"WITH PARTITION COLUMNS ({case['partitions']})" if "partitions" in case else ""
    options = case["options"].replace("{here}", here)
    create = f"CREATE OR REPLACE EXTERNAL TABLE ext ({case['columns']}) {partitions} OPTIONS ({options})"
    if "error_on_create" in case:
        with pytest.raises(ApiError) as caught:
            warehouse.run(create, dataset="shop")
        assert case["error_on_create"] in str(caught.value)
        return
    warehouse.run(create, dataset="shop")
    found = warehouse.ask(case["ask"], dataset="shop")
    if "error" in case:
        assert isinstance(found, Refusal), found
        assert case["error"].replace("{here}", here) in found.message
    else:
        assert isinstance(found, Answer), found
        wanted = [
            [cell.replace("{here}", here) if isinstance(cell, str) else cell for cell in row] for row in case["rows"]
        ]
        assert found.rows == wanted


def test_an_object_that_changes_is_read_again(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    blob = bucket.blob("changing/a.jsonl")
    warehouse.run(
        "CREATE OR REPLACE EXTERNAL TABLE shop.changing (id INT64) "
        "OPTIONS (format = 'NEWLINE_DELIMITED_JSON', uris = ['gs://lake/changing/*'])"
    )
    for number in (1, 2):
        blob.upload_from_string(f'{{"id": {number}}}\n')
        assert warehouse.answer("SELECT id FROM shop.changing").rows == [[number]]
    blob.delete()
    assert warehouse.answer("SELECT id FROM shop.changing").rows == []


def test_a_conversion_that_did_not_end_is_tidied_up(warehouse: Warehouse) -> None:
    left = warehouse.cache.folder / "key" / "converting-abc"
    left.mkdir(parents=True)
    (left / "source").write_text("x")
    warehouse.cache.sweep()
    assert not left.exists()


def parquet(bucket: storage.Bucket, path: str, **columns: Any) -> str:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    bucket.blob(path).upload_from_string(buffer.getvalue())
    return f"gs://lake/{path}"


def test_parquet_by_column_name_whatever_the_order(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    uri = parquet(bucket, "ordered/a.parquet", name=["x"], ID=[1], more=[True])
    warehouse.run(
        "CREATE OR REPLACE EXTERNAL TABLE shop.ordered (id INT64, name STRING, gone DATE) "
        f"OPTIONS (format = 'PARQUET', uris = ['{uri}'])"
    )
    assert warehouse.answer("SELECT * FROM shop.ordered").rows == [[1, "x", None]]


def test_parquet_that_a_manifest_lists(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    uris = [parquet(bucket, f"listed/{name}.parquet", id=[number]) for number, name in enumerate("abc")]
    bucket.blob("listed/run.txt").upload_from_string("\n".join(uris[:2]))
    warehouse.run(
        "CREATE OR REPLACE EXTERNAL TABLE shop.listed (id INT64) OPTIONS (format = 'PARQUET', "
        "uris = ['gs://lake/listed/run.txt'], file_set_spec_type = 'NEW_LINE_DELIMITED_MANIFEST')"
    )
    assert warehouse.answer("SELECT id, _FILE_NAME AS f FROM shop.listed ORDER BY id").rows == [
        [number, uri] for number, uri in enumerate(uris[:2])
    ]


def test_a_load_of_what_a_manifest_lists(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    uri = parquet(bucket, "loaded/a.parquet", id=[1, 2])
    bucket.blob("loaded/run.txt").upload_from_string(f"{uri}\n")
    more = {"sourceFormat": "PARQUET", "fileSetSpecType": "FILE_SET_SPEC_TYPE_NEW_LINE_DELIMITED_MANIFEST"}
    fields = [{"name": "id", "type": "INTEGER"}]
    assert (
        load(warehouse, "listed_load", sourceUris=["gs://lake/loaded/run.txt"], schema={"fields": fields}, **more) == 2
    )


@pytest.mark.parametrize(("declared", "values"), [("INT64", ["1"]), ("STRING", [1])])
def test_a_parquet_column_of_another_kind_is_an_error(
    warehouse: Warehouse, bucket: storage.Bucket, declared: str, values: list[Any]
) -> None:
    uri = parquet(bucket, f"kinds/{declared}.parquet", id=values)
    warehouse.run(
        f"CREATE OR REPLACE EXTERNAL TABLE shop.kinds (id {declared}) OPTIONS (format = 'PARQUET', uris = ['{uri}'])"
    )
    found = warehouse.ask("SELECT id FROM shop.kinds")
    assert isinstance(found, Refusal)
    assert "Parquet column 'id' has type" in found.message


def load(warehouse: Warehouse, table: str, **more: Any) -> int | None:
    session = warehouse.session()
    try:
        target = TableName(project=PROJECT, dataset="shop", table=table)
        return run_load(session, target, {"sourceFormat": "NEWLINE_DELIMITED_JSON", **more}).affected
    finally:
        session.cursor.close()


def test_a_load_counts_its_rows_and_keeps_the_tables_schema(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    bucket.blob("loads/a.jsonl").upload_from_string('{"id": 1}\n{"id": 2}\n')
    fields = [
        {"name": "id", "type": "INTEGER", "mode": "NULLABLE"},
        {"name": "n", "type": "STRING", "mode": "NULLABLE"},
    ]
    uris = ["gs://lake/loads/*"]
    assert load(warehouse, "loaded", sourceUris=uris, schema={"fields": fields}) == 2
    assert load(warehouse, "loaded", sourceUris=uris) == 2
    assert warehouse.answer("SELECT id, n FROM shop.loaded ORDER BY id").rows == [
        [1, None],
        [1, None],
        [2, None],
        [2, None],
    ]
    assert load(warehouse, "loaded", sourceUris=uris, writeDisposition="WRITE_TRUNCATE") == 2
    assert warehouse.answer("SELECT COUNT(*) AS n FROM shop.loaded").rows == [[2]]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"sourceFormat": "CSV"}, "Unsupported: load jobs of format CSV"),
        ({"sourceFormat": None}, "Unsupported: load jobs of format"),
        ({"sourceUris": ["gs://lake/loads/*"]}, "without declared columns"),
        ({"writeDisposition": "WRITE_EMPTY", "sourceUris": ["gs://lake/loads/*"]}, "without declared columns"),
    ],
)
def test_a_load_that_is_not_served_is_refused(warehouse: Warehouse, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError, match=said):
        load(warehouse, "fresh", **more)
    assert isinstance(warehouse.ask("SELECT * FROM shop.fresh"), Refusal)


def test_a_load_that_fails_changes_nothing(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    warehouse.run("CREATE OR REPLACE TABLE shop.kept AS SELECT 1 AS id")
    bucket.blob("broken/a.jsonl").upload_from_string('{"id": 2}\nbroken\n')
    with pytest.raises(ApiError, match="Error while reading data"):
        load(warehouse, "kept", sourceUris=["gs://lake/broken/*"], writeDisposition="WRITE_TRUNCATE")
    assert warehouse.answer("SELECT id FROM shop.kept").rows == [[1]]


def export(warehouse: Warehouse, options: str, query: str = "SELECT 1 AS id, 'x' AS name") -> Any:
    return warehouse.run(f"EXPORT DATA OPTIONS ({options}) AS {query}")


def test_an_export_is_parquet_of_bigquerys_types(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    query = "SELECT 1 AS id, NUMERIC '1.5' AS n, TIMESTAMP '2026-01-01 00:00:00+00' AS at, [1, 2] AS l"
    done = export(warehouse, "uri = 'gs://lake/typed/*.parquet', format = 'PARQUET', compression = 'GZIP'", query)
    assert done.statistics == {"exportDataStatistics": {"fileCount": "1", "rowCount": "1"}}
    found = pq.read_table(io.BytesIO(bucket.blob("typed/000000000000.parquet").download_as_bytes()))
    kinds = [str(field.type) for field in found.schema]
    assert kinds[:3] == ["int64", "decimal128(38, 9)", "timestamp[us, tz=UTC]"]
    assert found.to_pylist()[0]["l"] == [1, 2]


def test_an_export_does_not_overwrite_unless_asked(warehouse: Warehouse, bucket: storage.Bucket) -> None:
    options = "uri = 'gs://lake/once/*.parquet', format = 'PARQUET'"
    export(warehouse, options)
    with pytest.raises(ApiError, match="is not empty; use overwrite=true"):
        export(warehouse, options)
    bucket.blob("once/stale.parquet").upload_from_string(b"x")
    export(warehouse, f"{options}, overwrite = true", "SELECT 2 AS id")
    names = [blob.name for blob in bucket.list_blobs(prefix="once/")]
    assert names == ["once/000000000000.parquet"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("uri = 'gs://lake/x/*'", "Unsupported: EXPORT DATA format CSV"),
        ("uri = 'gs://lake/x/*', format = 'JSON'", "Unsupported: EXPORT DATA format JSON"),
        ("uri = 'gs://lake/x/', format = 'PARQUET'", "must be a wild card URI"),
        ("uri = 's3://lake/*', format = 'PARQUET'", "must be a wild card URI"),
        ("uri = 'gs://lake/x/*', format = 'PARQUET', compression = 'LZ4'", "Unsupported: EXPORT DATA compression LZ4"),
        ("uri = 'gs://lake/x/*', format = 'PARQUET', header = true", "Unsupported: EXPORT DATA option header"),
    ],
)
def test_an_export_that_is_not_served_is_refused(warehouse: Warehouse, options: str, said: str) -> None:
    with pytest.raises(ApiError, match=said):
        export(warehouse, options)

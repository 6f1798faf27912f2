"""A job that sets `maximumBytesBilled` is refused, before it runs, if it would be billed more."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

from laptop.bigquery.running.billing import LEAST, MIB, bill, check_limit, mentioned_columns
from laptop.bigquery.sql.dialect import parse_one
from laptop.http import ApiError
from laptop.tests.bigquery.conftest import Cloud

TEN = 10 * 2**20


def at_most(limit: int) -> QueryJobConfig:
    return QueryJobConfig(maximum_bytes_billed=limit)


@pytest.fixture(scope="module", autouse=True)
def _things(cloud: Cloud) -> None:
    cloud.bigquery.query_and_wait(
        "CREATE TABLE shop.things AS SELECT x AS id, REPEAT('é', 10) AS name, CAST(NULL AS STRING) AS note, "
        "NUMERIC '1.5' AS price, x > 500 AS is_dear FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS x"
    )


@pytest.mark.parametrize(
    ("sql", "size"),
    [
        ("SELECT id FROM shop.things", 8_000),
        ("SELECT name FROM shop.things", 22_000),
        ("SELECT note FROM shop.things", 0),
        ("SELECT price, is_dear FROM shop.things", 17_000),
        ("SELECT * FROM shop.things", 47_000),
        ("SELECT COUNT(*) FROM shop.things", 0),
        ("SELECT COUNT(*) FROM shop.things WHERE id > 3", 8_000),
        ("SELECT 1", 0),
    ],
)
def test_a_dry_run_says_how_many_bytes_the_columns_hold(cloud: Cloud, sql: str, size: int) -> None:
    assert cloud.bigquery.query(sql, job_config=QueryJobConfig(dry_run=True)).total_bytes_processed == size


@pytest.mark.parametrize("limit", [1, TEN - 1])
def test_a_query_that_would_bill_more_is_refused_as_bigquery_words_it(cloud: Cloud, limit: int) -> None:
    said = f"Query exceeded limit for bytes billed: {limit}. {TEN} or higher required."
    with pytest.raises(BadRequest, match=said) as caught:
        cloud.rows("SELECT id FROM shop.things", job_config=at_most(limit))
    assert caught.value.errors[0]["reason"] == "bytesBilledLimitExceeded"


def test_a_query_within_its_limit_runs_and_says_what_it_bills(cloud: Cloud) -> None:
    job = cloud.bigquery.query("SELECT id FROM shop.things", job_config=at_most(TEN))
    assert len(list(job.result())) == 1000
    assert (job.total_bytes_processed, job.total_bytes_billed) == (8_000, TEN)


def test_each_table_of_a_query_is_billed_its_ten_mebibytes(cloud: Cloud) -> None:
    sql = "SELECT t.id FROM shop.things AS t JOIN shop.others AS o ON t.id = o.id"
    cloud.bigquery.query_and_wait("CREATE TABLE shop.others AS SELECT 1 AS id")
    with pytest.raises(BadRequest, match=f"{2 * TEN} or higher"):
        cloud.rows(sql, job_config=at_most(2 * TEN - 1))
    assert cloud.rows(sql, job_config=at_most(2 * TEN)) == [(1,)]


def test_a_change_that_is_refused_changes_nothing(cloud: Cloud) -> None:
    cloud.bigquery.query_and_wait("CREATE TABLE shop.few AS SELECT 1 AS id")
    for sql in ("INSERT INTO shop.few SELECT id FROM shop.things", "DELETE FROM shop.few WHERE id = 1"):
        with pytest.raises(BadRequest, match="bytes billed"):
            cloud.bigquery.query_and_wait(sql, job_config=at_most(1))
    assert cloud.rows("SELECT id FROM shop.few") == [(1,)]


def test_rows_that_are_inserted_read_no_table(cloud: Cloud) -> None:
    cloud.bigquery.query_and_wait("CREATE TABLE shop.inserted AS SELECT 1 AS id")
    cloud.bigquery.query_and_wait("INSERT INTO shop.inserted (id) VALUES (2)", job_config=at_most(1))
    assert cloud.rows("SELECT COUNT(*) FROM shop.inserted") == [(2,)]


def test_objects_of_an_external_table_and_tables_behind_a_view_are_counted(cloud: Cloud) -> None:
    cloud.upload("billed/a.jsonl", b'{"id": 1}\n')
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE EXTERNAL TABLE shop.billed (id INT64) "
        "OPTIONS (format = 'NEWLINE_DELIMITED_JSON', uris = ['gs://lake/billed/*'])"
    )
    cloud.bigquery.query_and_wait("CREATE VIEW shop.seen AS SELECT id, name FROM shop.things")
    for source in ("shop.billed", "shop.seen"):
        with pytest.raises(BadRequest, match=f"{TEN} or higher"):
            cloud.rows(f"SELECT id FROM {source}", job_config=at_most(1))


def test_a_script_is_refused_at_the_statement_that_goes_beyond_it(cloud: Cloud) -> None:
    script = "CREATE TABLE shop.first AS SELECT 1 AS id; SELECT id FROM shop.things"
    with pytest.raises(BadRequest, match="bytes billed"):
        cloud.bigquery.query_and_wait(script, job_config=at_most(1))
    assert cloud.rows("SELECT id FROM shop.first") == [(1,)]


def test_a_limit_joins_parameters_and_must_be_a_number(cloud: Cloud) -> None:
    config = QueryJobConfig(maximum_bytes_billed=TEN, query_parameters=[ScalarQueryParameter("n", "INT64", 7)])
    assert cloud.rows("SELECT id FROM shop.things WHERE id = @n", job_config=config) == [(7,)]
    config.to_api_repr()
    config._properties["query"]["maximumBytesBilled"] = "much"
    with pytest.raises(BadRequest, match="maximumBytesBilled: much"):
        cloud.rows("SELECT 1", job_config=config)


@pytest.mark.parametrize(
    ("sizes", "billed"),
    [((), 0), ((0,), 0), ((1,), LEAST), ((LEAST + 1,), LEAST + MIB), ((1, 0, 20 * MIB), LEAST + 20 * MIB)],
)
def test_a_table_is_billed_in_whole_mebibytes_and_ten_at_least(sizes: tuple[int, ...], billed: int) -> None:
    assert bill(sizes) == billed


def test_no_limit_refuses_nothing_and_a_limit_may_be_reached() -> None:
    check_limit(10**18, 0)
    check_limit(5, 5)
    with pytest.raises(ApiError, match="6 or higher required"):
        check_limit(6, 5)


@pytest.mark.parametrize(
    ("sql", "columns"),
    [("SELECT A, b + c FROM t WHERE d", {"a", "b", "c", "d"}), ("SELECT t.* FROM t", None), ("SELECT COUNT(*)", set())],
)
def test_the_columns_that_a_query_mentions(sql: str, columns: set[str] | None) -> None:
    found = mentioned_columns(parse_one(sql))
    assert found == (None if columns is None else frozenset(columns))

"""Jobs of the REST API: pages, destinations, cancelling, plain HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud.bigquery import (
    QueryJobConfig,
)

from laptop.tests.bigquery.conftest import PROJECT, Cloud


def rows_of(count: int) -> str:
    return (
        f"SELECT x AS n, CONCAT('n', CAST(x AS STRING)) AS name FROM UNNEST(GENERATE_ARRAY(1, {count})) AS x ORDER BY x"
    )


def test_a_query_comes_in_pages(cloud: Cloud) -> None:
    pages = cloud.bigquery.query(rows_of(25)).result(page_size=10).pages
    assert [[row.n for row in page] for page in pages] == [[*range(1, 11)], [*range(11, 21)], [*range(21, 26)]]


@pytest.mark.parametrize(
    ("disposition", "count"), [("WRITE_TRUNCATE", 2), ("WRITE_APPEND", 5), ("WRITE_EMPTY", None), (None, None)]
)
def test_a_destination_that_holds_rows(cloud: Cloud, name: str, disposition: str | None, count: int | None) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS {rows_of(3)}")
    config = QueryJobConfig(destination=name, write_disposition=disposition)
    job = cloud.bigquery.query(rows_of(2), job_config=config)
    if count is None:
        with pytest.raises(Conflict):
            job.result()
    else:
        job.result()
    assert cloud.bigquery.get_table(name).num_rows == (count or 3)


def test_a_default_dataset_completes_names(cloud: Cloud, name: str) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS SELECT 1 AS id")
    config = QueryJobConfig(default_dataset=f"{PROJECT}.shop")
    assert cloud.value(f"SELECT id FROM {name.rsplit('.', maxsplit=1)[-1]}", job_config=config) == 1


def test_a_job_says_what_it_read(cloud: Cloud, name: str) -> None:
    cloud.bigquery.query_and_wait(f"CREATE TABLE `{name}` AS SELECT 1 AS id")
    job = cloud.bigquery.query(f"SELECT id FROM `{name}`")
    job.result()
    assert [str(table) for table in cloud.bigquery.get_job(job.job_id).referenced_tables] == [name]


def test_jobs_are_listed_newest_first_in_pages(cloud: Cloud) -> None:
    made = []
    for value in range(3):
        job = cloud.bigquery.query(f"SELECT {value}")
        job.result()
        made.append(job.job_id)
    first, second = [page for page, _ in zip(cloud.bigquery.list_jobs(page_size=2).pages, range(2), strict=False)]
    listed = [job.job_id for job in [*first, *second]]
    assert len(listed) == 4
    assert set(made) <= set(listed)


def test_a_job_that_is_deleted_is_forgotten(cloud: Cloud) -> None:
    job = cloud.bigquery.query("SELECT 1")
    job.result()
    cloud.bigquery.delete_job_metadata(job.job_id, location=job.location)
    with pytest.raises(NotFound):
        cloud.bigquery.get_job(job.job_id)


def test_a_cancelled_job_has_stopped(cloud: Cloud) -> None:
    many = "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 30000)) AS a, UNNEST(GENERATE_ARRAY(1, 30000)) AS b WHERE MOD(a * b, 7) = 3"
    job = cloud.bigquery.query(many)
    job.cancel()
    with pytest.raises(Exception, match=r"(?i)cancel"):
        job.result(retry=None)
    assert cloud.bigquery.get_job(job.job_id).error_result["reason"] == "stopped"


def test_a_cancel_after_the_end_changes_nothing(cloud: Cloud) -> None:
    job = cloud.bigquery.query("SELECT 1")
    job.result()
    cloud.bigquery.cancel_job(job.job_id, location=job.location)
    assert cloud.bigquery.get_job(job.job_id).error_result is None


def test_labels_of_a_job_are_kept(cloud: Cloud) -> None:
    job = cloud.bigquery.query("SELECT 1", job_config=QueryJobConfig(labels={"team": "a"}))
    job.result()
    assert cloud.bigquery.get_job(job.job_id).labels == {"team": "a"}


def test_jobs_query_that_may_not_wait_is_not_complete(base: str) -> None:
    many = "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 3000)) AS a, UNNEST(GENERATE_ARRAY(1, 3000)) AS b WHERE MOD(a * b, 7) = 3"
    sent = {"query": many, "timeoutMs": 1, "useLegacySql": False}
    answer = requests.post(f"{base}/queries", json=sent, timeout=20).json()
    assert (answer["jobComplete"], "rows" in answer) == (False, False)
    found = requests.get(
        f"{base}/queries/{answer['jobReference']['jobId']}", params={"timeoutMs": 20000}, timeout=30
    ).json()
    assert (found["jobComplete"], found["totalRows"]) == (True, "1")


def test_jobs_query_gives_a_page_and_a_token(base: str) -> None:
    sent = {"query": rows_of(3), "maxResults": 2, "useLegacySql": False}
    answer = requests.post(f"{base}/queries", json=sent, timeout=20).json()
    assert ([row["f"][0]["v"] for row in answer["rows"]], answer["pageToken"], answer["totalRows"]) == (
        ["1", "2"],
        "2",
        "3",
    )
    url = f"{base}/queries/{answer['jobReference']['jobId']}"
    rest = requests.get(url, params={"pageToken": answer["pageToken"]}, timeout=5).json()
    assert ([row["f"][0]["v"] for row in rest["rows"]], "pageToken" in rest) == (["3"], False)


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("queries", {"query": "SELECT 1", "useLegacySql": True}, "Unsupported: legacy SQL"),
        (
            "jobs",
            {"configuration": {"query": {"query": "SELECT 1", "useLegacySql": True}}},
            "Unsupported: legacy SQL",
        ),
        ("jobs", {"configuration": {}}, "Unsupported: unknown jobs"),
        ("jobs", {"configuration": {"copy": {}}}, "Unsupported: copy jobs"),
        ("queries", [1], "expected an object"),
    ],
)
def test_what_is_not_served_is_refused(base: str, path: str, body: Any, said: str) -> None:
    answer = requests.post(f"{base}/{path}", json=body, timeout=5)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True)


def test_a_body_that_is_no_json_is_refused(base: str) -> None:
    answer = requests.post(f"{base}/queries", data=b"{", timeout=5)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "invalid")


def test_a_dry_run_leaves_no_job(cloud: Cloud, base: str) -> None:
    before = len(requests.get(f"{base}/jobs", timeout=5).json()["jobs"])
    job = cloud.bigquery.query("SELECT 1 AS one", job_config=QueryJobConfig(dry_run=True))
    assert [field.name for field in job.schema] == ["one"]
    assert len(requests.get(f"{base}/jobs", timeout=5).json()["jobs"]) == before


def test_a_dry_run_of_a_faulty_query_fails(cloud: Cloud) -> None:
    with pytest.raises(BadRequest, match="nope"):
        cloud.bigquery.query("SELECT nope", job_config=QueryJobConfig(dry_run=True))

"""Jobs outlive the process that ran them, and say how they ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from laptop.bigquery.job_registry import BigQueryJob, JobRegistry
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.scripts import run_script
from laptop.bigquery.running.session import Session
from laptop.http import ApiError
from laptop.tests.bigquery.cases import temporary_warehouse
from laptop.tests.bigquery.warehouse import PROJECT, Warehouse


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    yield from temporary_warehouse()


def registry(folder: Path) -> JobRegistry:
    clock, ids = count(1000), count(1)
    made = JobRegistry(
        folder=folder, project=PROJECT, location="here", now=lambda: next(clock), new_id=lambda: f"job_{next(ids)}"
    )
    made.load()
    return made


def finish(
    jobs: JobRegistry, warehouse: Warehouse, work: Callable[[Session], StatementOutcome], job_id: str = ""
) -> BigQueryJob:
    async def run() -> BigQueryJob:
        job = jobs.begin({"query": {}}, warehouse.session(), work, job_id)
        await asyncio.gather(*jobs.tasks)
        return job

    return asyncio.run(run())


def query(sql: str) -> Callable[[Session], StatementOutcome]:
    return lambda session: run_script(session, sql)


def test_a_job_ends_with_its_rows_and_what_it_did(tmp_path: Path, warehouse: Warehouse) -> None:
    jobs = registry(tmp_path)
    job = finish(jobs, warehouse, query("SELECT x AS n FROM UNNEST([1, 2]) AS x ORDER BY n"))
    assert (job.key, job.resource["status"], job.error) == ("job_1", {"state": "DONE"}, None)
    statistics = job.resource["statistics"]
    assert (statistics["creationTime"], statistics["endTime"]) == ("1000", "1001")
    assert statistics["query"]["statementType"] == "SELECT"
    assert statistics["query"]["schema"]["fields"] == [{"name": "n", "type": "INTEGER", "mode": "NULLABLE"}]
    assert jobs.rows(job).to_pydict() == {"n": [1, 2]}


def test_a_change_has_a_count_and_no_rows(tmp_path: Path, warehouse: Warehouse) -> None:
    jobs = registry(tmp_path)
    warehouse.run("CREATE OR REPLACE TABLE shop.counted (id INT64)")
    job = finish(jobs, warehouse, query("INSERT INTO shop.counted VALUES (1), (2)"))
    assert job.resource["statistics"]["query"]["numDmlAffectedRows"] == "2"
    assert jobs.rows(job).num_columns == 0


def crash(_session: Session) -> StatementOutcome:
    raise RuntimeError("bug")


def refuse(_session: Session) -> StatementOutcome:
    raise ApiError(404, "Not found: Table x", reason="notFound")


@pytest.mark.parametrize(
    ("work", "code", "reason", "message"),
    [
        (query("SELECT 1 / 0"), 400, "invalidQuery", "Division by zero or floating point error"),
        (query("SELECT nope"), 400, "invalidQuery", "nope"),
        (refuse, 404, "notFound", "Not found: Table x"),
        (crash, 500, "internalError", "RuntimeError: bug"),
    ],
)
def test_a_job_that_fails_says_why(
    tmp_path: Path, warehouse: Warehouse, work: Any, code: int, reason: str, message: str
) -> None:
    job = finish(registry(tmp_path), warehouse, work)
    assert job.error is not None
    assert (job.error["code"], job.error["reason"]) == (code, reason)
    assert message in job.error["message"]
    assert job.resource["status"]["state"] == "DONE"


def test_an_id_is_taken_once(tmp_path: Path, warehouse: Warehouse) -> None:
    jobs = registry(tmp_path)
    finish(jobs, warehouse, query("SELECT 1"), "mine")
    with pytest.raises(ApiError, match=r"Already Exists: Job demo-proj:here\.mine"):
        finish(jobs, warehouse, query("SELECT 2"), "mine")
    with pytest.raises(ApiError, match=r"Not found: Job demo-proj:here\.other"):
        jobs.need("other")


def test_a_job_is_there_after_a_restart_with_its_rows(tmp_path: Path, warehouse: Warehouse) -> None:
    job = finish(registry(tmp_path), warehouse, query("SELECT 'é' AS s"), "kept")
    again = registry(tmp_path)
    assert again.need("kept").resource == job.resource
    assert again.rows(again.need("kept")).to_pydict() == {"s": ["é"]}
    assert again.need("kept").done.is_set()


def test_a_job_that_ran_when_the_process_died_has_stopped(tmp_path: Path, warehouse: Warehouse) -> None:
    job = finish(registry(tmp_path), warehouse, query("SELECT 1"), "cut")
    running = {**job.resource, "status": {"state": "RUNNING"}}
    (tmp_path / "cut.json").write_text(json.dumps(running))
    again = registry(tmp_path).need("cut")
    assert (again.resource["status"]["state"], again.resource["status"]["errorResult"]["reason"]) == ("DONE", "stopped")


def test_what_a_dying_machine_leaves_is_tidied_up(tmp_path: Path) -> None:
    for name in ("torn.json", "rows.arrow.part", "record.new"):
        (tmp_path / name).write_text("{")
    assert registry(tmp_path).known == {}
    assert list(tmp_path.iterdir()) == []


def test_a_forgotten_job_leaves_nothing(tmp_path: Path, warehouse: Warehouse) -> None:
    jobs = registry(tmp_path)
    jobs.forget(finish(jobs, warehouse, query("SELECT 1"), "gone"))
    assert (jobs.known, list(tmp_path.iterdir())) == ({}, [])


def test_a_cancel_before_the_first_statement_is_not_lost(tmp_path: Path, warehouse: Warehouse) -> None:
    many = "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 30000)) AS a, UNNEST(GENERATE_ARRAY(1, 30000)) AS b WHERE MOD(a * b, 7) = 3"
    jobs = registry(tmp_path)

    async def run() -> BigQueryJob:
        job = jobs.begin({"query": {}}, warehouse.session(), query(many))
        jobs.cancel(job)
        await asyncio.gather(*jobs.tasks)
        return job

    job = asyncio.run(run())
    assert job.error is not None
    assert (job.error["reason"], job.error["code"]) == ("stopped", 499)

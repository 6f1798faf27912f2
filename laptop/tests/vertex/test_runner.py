"""The life of a job without kfp: a shell script stands in for the Python that runs pipelines, and says what happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from laptop.http import ApiError
from laptop.vertex.database import JobDatabase
from laptop.vertex.jobs import PipelineRunner

PARENT = "projects/p/locations/l"
SPEC: dict[str, Any] = {
    "root": {"dag": {"tasks": {"act": {"componentRef": {"name": "comp-act"}}}}},
    "components": {"comp-act": {"executorLabel": "exec-act"}},
    "deploymentSpec": {"executors": {}},
}
STARTED = "echo \"10:00:01.000 - INFO - Executing task 'act'\""
SUCCEEDS = f"{STARTED}; echo \"10:00:02.000 - INFO - Task 'act' finished with status SUCCESS\""
FAILS = (
    f"{STARTED}; echo 'ValueError: no'; echo \"10:00:02.000 - ERROR - Task 'act' finished with status FAILURE\"; exit 1"
)
HANGS = f"{STARTED}; sleep 600"


class Clock:
    """A second passes with each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "python"
        self.database = JobDatabase(folder / "vertex.sqlite3")

    def runner(self, script: str, parallel: int = 2) -> PipelineRunner:
        self.python.write_text(f"#!/bin/sh\n{script}\n")
        self.python.chmod(0o755)
        env = {"PATH": "/usr/bin:/bin"}
        state = self.folder / "state"
        return PipelineRunner(self.database, state, python=str(self.python), env=env, parallel=parallel, clock=Clock())

    def job(self, name: str) -> dict[str, Any]:
        found = self.database.find_job(f"{PARENT}/pipelineJobs/{name}")
        assert found is not None
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.database.close()


def wanted(**more: Any) -> dict[str, Any]:
    return {"pipelineSpec": SPEC, "runtimeConfig": {"gcsOutputDirectory": "gs://b/runs"}, **more}


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def run(action: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(_started(action), 30))


async def _started(action: Callable[[], Awaitable[None]]) -> None:
    await action()


def code_of(action: Callable[[], Any]) -> int:
    with pytest.raises(ApiError) as caught:
        action()
    return caught.value.code


def test_a_job_is_pending_then_running_then_succeeded(bench: Bench) -> None:
    async def act() -> None:
        runner = bench.runner(SUCCEEDS)
        created = runner.create(PARENT, "j", wanted(displayName="d", labels={"a": "b"}))
        assert (created["state"], created["createTime"]) == ("PIPELINE_STATE_PENDING", created["updateTime"])
        await until(lambda: bench.job("j")["state"] != "PIPELINE_STATE_PENDING")
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_SUCCEEDED")

    run(act)
    job = bench.job("j")
    assert (job["name"], job["displayName"], job["labels"]) == (f"{PARENT}/pipelineJobs/j", "d", {"a": "b"})
    assert job["createTime"] < job["startTime"] < job["endTime"]
    assert [(task["taskName"], task["state"]) for task in job["jobDetail"]["taskDetails"]] == [("act", "SUCCEEDED")]
    assert "error" not in job


def test_a_failed_job_names_the_task_and_its_reason(bench: Bench) -> None:
    async def act() -> None:
        bench.runner(FAILS).create(PARENT, "j", wanted())
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_FAILED")

    run(act)
    assert bench.job("j")["error"] == {"code": 13, "message": "act: ValueError: no"}


@pytest.mark.parametrize(
    ("script", "said"), [("echo 'no module named kfp'; exit 3", "no module named kfp"), ("exit 3", "exit code 3")]
)
def test_a_run_that_breaks_before_its_tasks_has_failed(bench: Bench, script: str, said: str) -> None:
    async def act() -> None:
        bench.runner(script).create(PARENT, "j", wanted())
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_FAILED")

    run(act)
    assert said in bench.job("j")["error"]["message"]
    assert bench.job("j")["jobDetail"]["taskDetails"][0]["state"] == "NOT_TRIGGERED"


def test_a_python_that_is_not_there_fails_the_job_and_says_so(bench: Bench) -> None:
    async def act() -> None:
        runner = bench.runner("")
        bench.python.unlink()
        runner.create(PARENT, "j", wanted())
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_FAILED")

    run(act)
    assert "cannot run" in bench.job("j")["error"]["message"]


def test_jobs_wait_for_their_turn(bench: Bench) -> None:
    async def act() -> None:
        runner = bench.runner(HANGS, parallel=1)
        for name in ("first", "second"):
            runner.create(PARENT, name, wanted())
        await until(lambda: bench.job("first")["state"] == "PIPELINE_STATE_RUNNING")
        assert bench.job("second")["state"] == "PIPELINE_STATE_PENDING"
        await runner.cancel(f"{PARENT}/pipelineJobs/first")
        await until(lambda: bench.job("second")["state"] == "PIPELINE_STATE_RUNNING")
        await runner.stop()

    run(act)


def test_a_running_job_shows_its_tasks_so_far(bench: Bench) -> None:
    async def act() -> None:
        runner = bench.runner(HANGS)
        runner.create(PARENT, "j", wanted())
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_RUNNING")

        def tasks() -> list[dict[str, Any]]:
            return list(runner.get(f"{PARENT}/pipelineJobs/j").get("jobDetail", {}).get("taskDetails", []))

        await until(lambda: [task["state"] for task in tasks()] == ["RUNNING"])
        await runner.stop()

    run(act)


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_cancelled_job_ends_cancelled_whether_it_ran_or_waited(bench: Bench, parallel: int) -> None:
    async def act() -> None:
        runner = bench.runner(HANGS, parallel=parallel)
        for name in ("first", "j"):
            runner.create(PARENT, name, wanted())
        await until(lambda: bench.job("first")["state"] == "PIPELINE_STATE_RUNNING")
        await runner.cancel(f"{PARENT}/pipelineJobs/j")
        assert bench.job("j")["state"] == "PIPELINE_STATE_CANCELLED"
        assert bench.job("j")["error"]["code"] == 1
        with pytest.raises(ApiError, match="already ended"):
            await runner.cancel(f"{PARENT}/pipelineJobs/j")
        await runner.stop()

    run(act)


def test_an_unfinished_job_starts_again_with_the_next_server(bench: Bench) -> None:
    async def act() -> None:
        first = bench.runner(HANGS)
        first.create(PARENT, "j", wanted())
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_RUNNING")
        await first.stop()
        assert bench.job("j")["state"] == "PIPELINE_STATE_RUNNING"
        second = bench.runner(SUCCEEDS)
        second.resume()
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_SUCCEEDED")

    run(act)


def test_a_job_that_has_ended_does_not_start_again(bench: Bench) -> None:
    async def act() -> None:
        bench.runner(FAILS).create(PARENT, "j", wanted())
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_FAILED")
        before = bench.job("j")
        again = bench.runner(SUCCEEDS)
        again.resume()
        await again.stop()
        assert bench.job("j") == before

    run(act)


def test_a_job_id_is_never_used_twice(bench: Bench) -> None:
    async def act() -> None:
        runner = bench.runner(FAILS)
        runner.create(PARENT, "j", wanted())
        assert code_of(lambda: runner.create(PARENT, "j", wanted())) == 409
        await until(lambda: bench.job("j")["state"] == "PIPELINE_STATE_FAILED")
        assert code_of(lambda: runner.create(PARENT, "j", wanted())) == 409

    run(act)


def test_only_a_job_that_has_ended_is_deleted(bench: Bench) -> None:
    async def act() -> None:
        runner, name = bench.runner(HANGS), f"{PARENT}/pipelineJobs/j"
        runner.create(PARENT, "j", wanted())
        assert code_of(lambda: runner.delete(name)) == 400
        await runner.cancel(name)
        runner.delete(name)
        for call in (lambda: runner.get(name), lambda: runner.delete(name)):
            assert code_of(call) == 404
        assert list((bench.folder / "state" / "jobs").rglob("request.json")) == []

    run(act)


def test_jobs_of_a_location_are_listed_newest_first(bench: Bench) -> None:
    async def act() -> None:
        runner = bench.runner(SUCCEEDS)
        for parent, name in (
            (PARENT, "a"),
            (PARENT, "b"),
            ("projects/p/locations/l2", "c"),
            ("projects/p2/locations/l", "d"),
        ):
            runner.create(parent, name, wanted())
        assert [job["name"].rsplit("/", 1)[1] for job in runner.list_under(PARENT)] == ["b", "a"]
        await runner.stop()

    run(act)

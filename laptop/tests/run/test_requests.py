"""Requests that start nothing, jobs of one shell command, and the commands that containers become."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from laptop.records import Record, Records
from laptop.run.jobs import JobRunner
from laptop.run.processes import command_of
from laptop.run.server import start

PARENT = "projects/demo-proj/locations/us-central1"


@pytest.fixture(scope="module")
def http(launch: Callable[..., Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{launch(start).address}/v2/", trust_env=False) as client:
        yield client


def body(*words: str, **template: Any) -> dict[str, Any]:
    return {"template": {"template": {"containers": [{"command": list(words)}], **template}}}


@pytest.mark.parametrize("name", ["", "Job", "1job", "-job", "job-", "a" * 50, "a b"])
@pytest.mark.parametrize(("kind", "parameter"), [("jobs", "jobId"), ("services", "serviceId")])
def test_a_name_that_breaks_the_rules_is_refused(http: httpx.Client, kind: str, parameter: str, name: str) -> None:
    answer = http.post(f"{PARENT}/{kind}", params={parameter: name}, json=body("true"))
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("kind", ["jobs", "services"])
def test_an_update_of_what_is_not_there_is_not_found(http: httpx.Client, kind: str) -> None:
    assert http.patch(f"{PARENT}/{kind}/none", json=body("true")).status_code == 404
    assert http.get(f"{PARENT}/{kind}/none").status_code == 404


def test_an_update_may_make_what_is_missing(http: httpx.Client) -> None:
    assert http.patch(f"{PARENT}/jobs/made?allowMissing=true", json=body("true")).json()["done"]
    assert http.get(f"{PARENT}/jobs/made").json()["template"]["template"]["containers"] == [{"command": ["true"]}]


@pytest.mark.parametrize("wanted", [{}, {"template": {}}, {"template": {"template": {"containers": []}}}])
def test_a_job_without_a_container_is_refused(http: httpx.Client, wanted: dict[str, Any]) -> None:
    assert http.post(f"{PARENT}/jobs?jobId=empty", json=wanted).status_code == 400
    assert http.get(f"{PARENT}/jobs/empty").status_code == 404


def test_jobs_are_listed_by_location_and_deleted(http: httpx.Client) -> None:
    parent = "projects/listed/locations/us-central1"
    for name in ("b", "a"):
        http.post(f"{parent}/jobs?jobId={name}", json=body("true"))
    assert [job["name"][-1] for job in http.get(f"{parent}/jobs").json()["jobs"]] == ["a", "b"]
    assert http.post(f"{parent}/jobs?jobId=a", json=body("true")).status_code == 409
    assert http.delete(f"{parent}/jobs/a").json()["done"]
    assert http.delete(f"{parent}/jobs/a").status_code == 404
    assert http.post(f"{parent}/jobs/a:run", json={}).status_code == 404


def test_an_operation_of_a_run_is_under_way_and_names_its_execution(http: httpx.Client) -> None:
    http.post(f"{PARENT}/jobs?jobId=under-way", json=body("true"))
    operation = http.post(f"{PARENT}/jobs/under-way:run", json={}).json()
    execution = operation["metadata"]
    assert (operation["done"], "response" in operation) == (False, False)
    assert execution["name"].startswith(f"{PARENT}/jobs/under-way/executions/under-way-")
    assert http.get(execution["name"]).json()["job"] == f"{PARENT}/jobs/under-way"


@pytest.mark.parametrize(
    ("container", "words", "env", "folder"),
    [
        ({"command": ["a", "b"], "args": ["c"]}, ["a", "b", "c"], {}, None),
        ({"args": ["c"]}, ["c"], {}, None),
        ({"command": ["python", "-m", "x"]}, [sys.executable, "-m", "x"], {}, None),
        ({"command": ["sh", "python"]}, ["sh", "python"], {}, None),
        ({"command": ["a"], "workingDir": "/tmp"}, ["a"], {}, "/tmp"),
        ({"command": ["a"], "env": [{"name": "X", "value": "1"}, {"name": "Y"}]}, ["a"], {"X": "1", "Y": ""}, None),
        (
            {"command": ["a"], "env": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]},
            ["a"],
            {"X": "2"},
            None,
        ),
        ({}, [], {}, None),
    ],
)
def test_a_container_becomes_a_command(
    container: Record, words: list[str], env: dict[str, str], folder: str | None
) -> None:
    command = command_of(container, Path("log"), {"PORT": "1"})
    assert (command.words, command.env, command.folder) == (words, {**env, "PORT": "1"}, folder)


def test_what_cloud_run_sets_wins_over_the_containers_own(tmp_path: Path) -> None:
    command = command_of({"command": ["a"], "env": [{"name": "PORT", "value": "80"}]}, tmp_path, {"PORT": "1"})
    assert command.env == {"PORT": "1"}


def run_job(folder: Path, script: str, *, arguments: list[str] | None = None, env: Any = (), **template: Any) -> Record:
    """One execution of a job that is a shell script, to its end."""

    async def act() -> Record:
        records = Records(folder)
        runner = JobRunner(records, folder, {})
        container = {
            "command": ["sh", "-c", script, "sh"],
            "args": ["default"],
            "env": [{"name": "MINE", "value": "1"}],
        }
        count = template.pop("taskCount", 1)
        job = {
            "name": f"{PARENT}/jobs/j",
            "template": {"taskCount": count, "template": {"containers": [container], **template}},
        }
        name = runner.run(job, arguments, env)["name"]
        found: Record = {}
        while "completionTime" not in found:
            await asyncio.sleep(0.005)
            found = records.get("execution", name) or {}
        await runner.stop()
        records.close()
        return found

    return asyncio.run(asyncio.wait_for(_whole(act), 60))


async def _whole(act: Callable[[], Awaitable[Record]]) -> Record:
    return await act()


def test_a_task_knows_its_job_its_execution_and_its_place(tmp_path: Path) -> None:
    out = tmp_path / "out"
    execution = run_job(
        tmp_path, f'echo "$CLOUD_RUN_JOB $CLOUD_RUN_EXECUTION $CLOUD_RUN_TASK_ATTEMPT $1 $MINE" > {out}'
    )
    assert out.read_text().split() == ["j", execution["name"].rsplit("/", 1)[1], "0", "default", "1"]
    assert (execution["succeededCount"], execution["failedCount"]) == (1, 0)
    assert execution["conditions"] == [{"type": "Completed", "state": "CONDITION_SUCCEEDED"}]


@pytest.mark.parametrize(("arguments", "seen"), [(None, "default"), (["other"], "other"), ([], "")])
def test_a_run_may_have_arguments_of_its_own(tmp_path: Path, arguments: list[str] | None, seen: str) -> None:
    out = tmp_path / "out"
    run_job(tmp_path, f'printf "%s" "$1" > {out}', arguments=arguments)
    assert out.read_text() == seen


def test_a_run_may_change_the_environment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    env = [{"name": "MINE", "value": "2"}, {"name": "NEW", "value": "3"}]
    run_job(tmp_path, f'echo "$MINE $NEW" > {out}', env=env)
    assert out.read_text() == "2 3\n"


def test_one_failed_task_fails_the_execution(tmp_path: Path) -> None:
    execution = run_job(tmp_path, 'echo "it broke"; exit $CLOUD_RUN_TASK_INDEX', taskCount=3, maxRetries=0)
    assert (execution["succeededCount"], execution["failedCount"]) == (1, 2)
    (condition,) = execution["conditions"]
    assert (condition["state"], "it broke" in condition["message"]) == ("CONDITION_FAILED", True)


def test_a_command_that_is_not_there_fails_and_says_so(tmp_path: Path) -> None:
    async def act() -> Record:
        records = Records(tmp_path)
        runner = JobRunner(records, tmp_path, {})
        template = {"containers": [{"command": ["/no/such/program"]}], "maxRetries": 0}
        name = runner.run({"name": f"{PARENT}/jobs/j", "template": {"template": template}}, None, [])["name"]
        found: Record = {}
        while "completionTime" not in found:
            await asyncio.sleep(0.005)
            found = records.get("execution", name) or {}
        records.close()
        return found

    execution = asyncio.run(act())
    assert execution["failedCount"] == 1
    assert execution["conditions"][0]["state"] == "CONDITION_FAILED"

"""Jobs: tasks, retries, overrides, and executions that a stop interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.api_core.exceptions import Conflict, NotFound

from laptop.run.server import start
from laptop.tests.conftest import LoopThread
from laptop.tests.run.conftest import PARENT, Cloud, connect


def outputs(folder: Path) -> list[str]:
    """What every try of every task wrote, in order of task and attempt."""
    return [path.read_text() for path in sorted(folder.glob("[0-9]*-*"))]


def test_every_task_knows_its_index_and_the_count(cloud: Cloud, tmp_path: Path) -> None:
    execution = cloud.wait(cloud.run(cloud.make_job(tmp_path, "three", "work", task_count=3)))
    assert outputs(tmp_path) == ["work 0 3 0 ", "work 1 3 0 ", "work 2 3 0 "]
    assert (execution.task_count, execution.succeeded_count, execution.failed_count) == (3, 3, 0)
    assert execution.conditions[0].state.name == "CONDITION_SUCCEEDED"


def test_a_failed_task_is_tried_again_and_may_succeed(cloud: Cloud, tmp_path: Path) -> None:
    execution = cloud.wait(cloud.run(cloud.make_job(tmp_path, "second", "fail-first", retries=2)))
    assert outputs(tmp_path) == ["fail-first 0 1 0 ", "fail-first 0 1 1 "]
    assert execution.succeeded_count == 1


def test_a_task_that_always_fails_fails_its_execution_with_the_end_of_its_log(cloud: Cloud, tmp_path: Path) -> None:
    execution = cloud.wait(cloud.run(cloud.make_job(tmp_path, "never", "fail", retries=1)))
    assert len(outputs(tmp_path)) == 2
    assert execution.failed_count == 1
    assert execution.conditions[0].state.name == "CONDITION_FAILED"
    assert "it went wrong" in execution.conditions[0].message


def test_a_run_may_override_arguments_environment_and_tasks(cloud: Cloud, tmp_path: Path) -> None:
    job = cloud.make_job(tmp_path, "changed", "work")
    container = {"args": [str(tmp_path), "other"], "env": [{"name": "SAY", "value": "hi"}]}
    cloud.wait(cloud.run(job, container_overrides=[container], task_count=2))
    assert outputs(tmp_path) == ["other 0 2 0 hi", "other 1 2 0 hi"]
    assert list(cloud.jobs.get_job(name=job).template.template.containers[0].args)[1:] == ["work"]


def test_executions_are_listed_by_job_and_over_all_jobs(cloud: Cloud, tmp_path: Path) -> None:
    first, second = (cloud.make_job(tmp_path, name, "work") for name in ("alpha", "beta"))
    runs = [cloud.run(first), cloud.run(first), cloud.run(second)]
    for run in runs:
        cloud.wait(run)
    of_first = {execution.name for execution in cloud.executions.list_executions(parent=first)}
    of_all = {execution.name for execution in cloud.executions.list_executions(parent=f"{PARENT}/jobs/-")}
    assert of_first == set(runs[:2])
    assert set(runs) <= of_all


def test_a_job_is_made_once_and_an_unknown_one_is_not_found(cloud: Cloud, tmp_path: Path) -> None:
    cloud.make_job(tmp_path, "single", "work")
    with pytest.raises(Conflict):
        cloud.make_job(tmp_path, "single", "work")
    with pytest.raises(NotFound):
        cloud.run(f"{PARENT}/jobs/unknown")


def test_an_interrupted_execution_goes_on_after_a_restart_and_a_finished_one_does_not(
    servers: LoopThread, launch: Callable[..., object], tmp_path: Path
) -> None:
    state, done, open_ = tmp_path / "state", tmp_path / "done", tmp_path / "open"
    done.mkdir()
    open_.mkdir()
    first = launch(start, state=state)
    cloud = connect(first.address)
    finished = cloud.wait(cloud.run(cloud.make_job(done, "finished", "work")))
    interrupted = cloud.run(cloud.make_job(open_, "interrupted", "sleep"))
    while not outputs(open_):
        pass
    servers.stop(first)
    (open_ / "job.py").write_text((open_ / "job.py").read_text().replace("time.sleep(60)", "pass"))
    cloud = connect(launch(start, state=state).address)
    assert cloud.wait(interrupted).succeeded_count == 1
    assert cloud.executions.get_execution(name=finished.name).completion_time == finished.completion_time
    assert (len(outputs(open_)), len(outputs(done))) == (2, 1)

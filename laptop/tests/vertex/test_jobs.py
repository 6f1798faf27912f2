"""Pipeline jobs through Google's client, with small pipelines of one task."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from google.api_core.exceptions import BadRequest, Conflict, MethodNotImplemented, NotFound

from laptop.tests.vertex.conftest import KFP, PARENT, Cloud, connect

SUCCEEDED, FAILED, RUNNING = (f"PIPELINE_STATE_{word}" for word in ("SUCCEEDED", "FAILED", "RUNNING"))


RUN_CODE = """program_path=$(mktemp -d)
printf "%s" "$0" > "$program_path/ephemeral_component.py"
_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main --component_module_path "$program_path/ephemeral_component.py" "$@"
"""
RUN_ARGUMENTS = ["--executor_input", "{{$}}", "--function_to_execute", "act"]


def make_spec(body: str) -> dict[str, Any]:
    """A pipeline of one task, `act(count: int, where: str)`, with this body."""
    inputs = {"parameters": {"count": {"parameterType": "NUMBER_INTEGER"}, "where": {"parameterType": "STRING"}}}
    code = f"import kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\n\ndef act(count: int, where: str):\n    {body}\n"
    container = {"image": "act:v1", "command": ["sh", "-ec", RUN_CODE, code], "args": RUN_ARGUMENTS}
    spec = {
        "pipelineInfo": {"name": "one-task"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": {"exec-act": {"container": container}}},
        "components": {"comp-act": {"executorLabel": "exec-act", "inputDefinitions": inputs}},
    }
    passed = {name: {"componentInputParameter": name} for name in ("count", "where")}
    task = {"componentRef": {"name": "comp-act"}, "inputs": {"parameters": passed}, "taskInfo": {"name": "act"}}
    return {**spec, "root": {"dag": {"tasks": {"act": task}}, "inputDefinitions": inputs}}


SLEEPS = make_spec("import time; open(where, 'a').write('x'); time.sleep(60)")
SLEEPS_ONCE = make_spec(
    "import os, time; again = os.path.exists(where); open(where, 'a').write('x'); time.sleep(0 if again else 60)"
)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_whole_number_reaches_the_task_as_an_int(cloud: Cloud, tmp_path: Path) -> None:
    spec = make_spec("open(where, 'w').write(repr(count))")
    cloud.create("ints", spec, {"count": 3, "where": str(tmp_path / "seen")})
    job = cloud.wait("ints", SUCCEEDED, FAILED)
    assert (job.state.name, (tmp_path / "seen").read_text()) == (SUCCEEDED, "3")
    detail = job.job_detail.task_details[0]
    assert (detail.task_name, detail.state.name) == ("act", "SUCCEEDED")
    assert job.create_time <= job.start_time
    assert detail.start_time <= detail.end_time


def test_a_failed_job_keeps_its_id_and_its_reason(cloud: Cloud) -> None:
    spec = make_spec("raise ValueError('the \"quoted\" reason')")
    cloud.create("fails", spec, {"count": 3, "where": ""})
    job = cloud.wait("fails", SUCCEEDED, FAILED)
    assert job.error.message == 'act: ValueError: the "quoted" reason'
    with pytest.raises(Conflict):
        cloud.create("fails", spec, {"count": 3, "where": ""})


def test_a_cancelled_job_leaves_no_process(cloud: Cloud, tmp_path: Path) -> None:
    cloud.create("endless", SLEEPS, {"count": 1, "where": str(tmp_path / "seen")})
    wait_for(tmp_path / "seen")
    assert cloud.get("endless").job_detail.task_details[0].state.name == "RUNNING"
    name = f"{PARENT}/pipelineJobs/endless"
    with pytest.raises(BadRequest):
        cloud.pipelines.delete_pipeline_job(name=name)
    cloud.pipelines.cancel_pipeline_job(name=name)
    assert cloud.get("endless").state.name == "PIPELINE_STATE_CANCELLED"
    assert find_processes("jobs/demo-proj/us-central1/endless") == []
    cloud.pipelines.delete_pipeline_job(name=name).result()
    with pytest.raises(NotFound):
        cloud.get("endless")


def test_jobs_are_found_by_label(cloud: Cloud) -> None:
    for job_id, batch in (("seven-a", "7"), ("seven-b", "7"), ("eight", "8")):
        cloud.create(job_id, make_spec("pass"), {"count": 1, "where": ""}, batch=batch, kind="labelled")
    found = cloud.pipelines.list_pipeline_jobs(
        request={"parent": PARENT, "filter": 'labels.batch="7" AND labels.kind:*', "page_size": 1}
    )
    assert [job.name.rsplit("/", 1)[1] for job in found] == ["seven-b", "seven-a"]
    with pytest.raises(MethodNotImplemented, match="create_time"):
        list(cloud.pipelines.list_pipeline_jobs(request={"parent": PARENT, "filter": "create_time>3"}))


@pytest.mark.parametrize(
    ("job_id", "values", "labels", "said"),
    [
        ("Capital", {"count": 1, "where": ""}, {}, "pipelineJobId"),
        ("a" * 129, {"count": 1, "where": ""}, {}, "pipelineJobId"),
        ("missing", {"count": 1}, {}, "where is required"),
        ("unknown", {"count": 1, "where": "", "other": 2}, {}, "other is not a parameter"),
        ("fraction", {"count": 1.5, "where": ""}, {}, "count must be a whole number"),
        ("text", {"count": 1, "where": 2}, {}, "where must be STRING"),
        ("labels", {"count": 1, "where": ""}, {"batch": "batches/7"}, "labels batch"),
    ],
)
def test_a_malformed_job_is_refused_with_the_reason(
    cloud: Cloud, job_id: str, values: dict[str, Any], labels: dict[str, str], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        cloud.create(job_id, make_spec("pass"), values, **labels)


def test_a_job_whose_server_was_killed_starts_again_without_its_orphan(tmp_path: Path) -> None:
    state, seen = tmp_path / "state", tmp_path / "seen"
    server, cloud = start_process(state)
    cloud.create("phoenix", SLEEPS_ONCE, {"count": 1, "where": str(seen)})
    wait_for(seen)
    orphans = find_processes(str(state))
    server.send_signal(signal.SIGKILL)
    server.wait()
    assert orphans
    server, cloud = start_process(state)
    job = cloud.wait("phoenix", SUCCEEDED, FAILED)
    server.terminate()
    server.wait()
    assert (job.state.name, seen.read_text()) == (SUCCEEDED, "xx")
    assert not [process for process in orphans if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def start_process(state: Path) -> tuple[subprocess.Popen[str], Cloud]:
    command = [sys.executable, "-m", "laptop.vertex", "--state", str(state), "--pipeline-python", KFP]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert server.stdout is not None
    address = server.stdout.readline().split()[-1]
    return server, connect(address)


def find_processes(fragment: str) -> list[psutil.Process]:
    """Processes, other than a server, whose command line holds the fragment."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if fragment in line and "--state" not in line:
            found.append(process)
    return found

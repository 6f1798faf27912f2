"""Cloud Run on the laptop, Google's clients of it, and containers to run: a function that echoes, a job that writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from google.cloud import run_v2

from laptop import clients
from laptop.run.server import start

PARENT = "projects/demo-proj/locations/us-central1"
ROOT = Path(__file__).parents[3]
FUNCTION = """
import os
import functions_framework

@functions_framework.http
def {name}(request):
    if request.path == "/die":
        os._exit(9)
    return {{"name": "{name}", "path": request.path, "said": os.environ.get("SAY", ""), "pid": os.getpid(),
             "service": os.environ.get("K_SERVICE", "")}}
"""
JOB = """
import os, pathlib, sys, time
folder, what = pathlib.Path(sys.argv[1]), sys.argv[2]
index, attempt = os.environ["CLOUD_RUN_TASK_INDEX"], os.environ["CLOUD_RUN_TASK_ATTEMPT"]
line = " ".join([*sys.argv[2:], index, os.environ["CLOUD_RUN_TASK_COUNT"], attempt, os.environ.get("SAY", "")])
(folder / f"{index}-{attempt}-{os.getpid()}").write_text(line)
if what == "sleep":
    time.sleep(60)
if what == "fail" or (what == "fail-first" and attempt == "0"):
    print("it went wrong", file=sys.stderr)
    sys.exit(3)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    address: str
    services: run_v2.ServicesClient
    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient

    def deploy(self, folder: Path, name: str, pack: str = "", **env: str) -> str:
        """Deploy the echoing function under this name; its address."""
        service = self._service(folder, name, pack, env)
        request = run_v2.CreateServiceRequest(parent=PARENT, service=service, service_id=name)
        return str(self.services.create_service(request=request).result().uri)

    def redeploy(self, folder: Path, name: str, pack: str = "", **env: str) -> str:
        service = self._service(folder, name, pack, env)
        service.name = f"{PARENT}/services/{name}"
        return str(self.services.update_service(service=service).result().uri)

    def _service(self, folder: Path, name: str, pack: str, env: dict[str, str]) -> run_v2.Service:
        source = folder / f"{name}.py"
        source.write_text(FUNCTION.format(name=name))
        variables = env | {"FUNCTION_TARGET": name, "FUNCTION_SOURCE": str(source), "PYTHONPATH": str(ROOT)}
        words = ["python", "-m", "functions_framework", "--target", name, "--source", str(source)]
        container = {"command": words, "env": [{"name": k, "value": v} for k, v in variables.items()]}
        annotations = {"laptop/process": pack} if pack else {}
        return run_v2.Service(template={"containers": [container]}, annotations=annotations)

    def make_job(self, folder: Path, name: str, *words: str, retries: int = 0, **template: Any) -> str:
        script = folder / "job.py"
        script.write_text(JOB)
        container = {"command": ["python", str(script)], "args": [str(folder), *words]}
        job = run_v2.Job(template={"template": {"containers": [container], "max_retries": retries}, **template})
        self.jobs.create_job(request=run_v2.CreateJobRequest(parent=PARENT, job=job, job_id=name)).result()
        return f"{PARENT}/jobs/{name}"

    def run(self, job: str, **overrides: Any) -> str:
        request = run_v2.RunJobRequest(name=job, overrides=overrides)
        return str(self.jobs.run_job(request=request).metadata.name)

    def wait(self, execution: str) -> run_v2.Execution:
        until = time.monotonic() + 60
        while not (found := self.executions.get_execution(name=execution)).completion_time:
            assert time.monotonic() < until, found
            time.sleep(0.05)
        return found


def connect(address: str) -> Cloud:
    def client(kind: Any) -> Any:
        return clients.connect(kind, f"http://{address}")

    return Cloud(
        address=address,
        services=client(run_v2.ServicesClient),
        jobs=client(run_v2.JobsClient),
        executions=client(run_v2.ExecutionsClient),
    )


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Any]) -> Cloud:
    return connect(launch(start).address)


def ask(uri: str, path: str = "/") -> dict[str, Any]:
    """What the function answers, once it does."""
    until = time.monotonic() + 30
    while True:
        try:
            return dict(httpx.get(uri.rstrip("/") + path, timeout=10).json())
        except httpx.HTTPError:
            assert time.monotonic() < until
            time.sleep(0.05)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE

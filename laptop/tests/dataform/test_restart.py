"""What a killed server leaves behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.dataform.server import start
from laptop.hosting import Hosting, Service
from laptop.http import HttpService, serve_http
from laptop.tests.dataform.conftest import Cloud, client_of


async def start_slow_warehouse(hosting: Hosting) -> HttpService:
    """A BigQuery whose jobs never end."""

    def answer(status: int, body: object) -> Callable[[Request], Awaitable[Response]]:
        async def handle(_request: Request) -> Response:
            await asyncio.sleep(0.02)
            return JSONResponse(body, status_code=status)

        return handle

    base = "/bigquery/v2/projects/{project}"
    routes = [
        Route(f"{base}/datasets", answer(200, {}), methods=["POST"]),
        Route(f"{base}/datasets/{{dataset}}/tables/{{table}}", answer(404, {})),
        Route(f"{base}/jobs", answer(200, {}), methods=["POST"]),
        Route(f"{base}/queries/{{job}}", answer(200, {"jobComplete": False})),
        Route(f"{base}/jobs/{{job}}/cancel", answer(200, {}), methods=["POST"]),
    ]
    return await serve_http(Starlette(routes=routes), hosting)


def _spawn(state: Path, warehouse: str) -> tuple[subprocess.Popen[str], str]:
    words = [sys.executable, "-m", "laptop.dataform", "--state", str(state), "--endpoint", f"bigquery={warehouse}"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip().rsplit(" ", 1)[1]


def _cloud(address: str) -> Cloud:
    return Cloud(address, client_of(address), None, httpx.Client(base_url=f"http://{address}/v1"))  # type: ignore[arg-type]


def test_after_kill_the_commit_is_there_and_the_invocation_has_failed_and_says_why(
    launch: Callable[..., Service], tmp_path: Path
) -> None:
    warehouse = launch(start_slow_warehouse)
    process, address = _spawn(tmp_path, warehouse.address)
    before = _cloud(address)
    repository = before.repository()
    compiled = before.compile(repository)
    invocation = before.invoke(repository, compiled.name)
    while "RUNNING" not in before.states(invocation).values():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    after = _cloud(launch(start, state=tmp_path, bigquery=warehouse.address).address)
    assert after.wait(invocation) == "FAILED"
    states = after.states(invocation)
    assert states["prices"] == "FAILED"
    assert states["deliveries"] == "SKIPPED"
    assert any("interrupted" in reason for reason in after.reasons(invocation))
    assert after.client.get_compilation_result(name=compiled.name).name == compiled.name
    assert after.compile(repository).compilation_errors == []

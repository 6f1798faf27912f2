"""What every laptop service has in common: where it lives, who its neighbours are, how it starts and stops."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from laptop.api.surface import Surface

DEFAULT_STATE = Path(".laptop")
DEFAULT_PROJECT = "demo-project"
DEFAULT_LOCATION = "us-central1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineImage:
    """What stands for the container image of pipeline tasks: a Python that has kfp, and its environment variables.

    `{vertex}` in a variable's value, or any other service in braces, becomes that service's `127.0.0.1:PORT`.
    """

    python: str = sys.executable
    env: Mapping[str, str] = field(default_factory=dict)


NO_IMAGE = PipelineImage()
"""This Python: its tasks find kfp only if it is installed beside the laptop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """Where one service runs.

    `state` is the service's own folder (made by the host), `port` 0 picks a free one, `endpoints` maps the names of the
    other services to `127.0.0.1:PORT`. With `fsync`, what is answered also survives the machine's death.
    `opening` is set once all of the process's services listen: who calls others by itself waits for it, since each push to
    a function that does not listen yet would count as an attempt. None if nobody else is to come.
    `announce`, if somebody asks, is called with what the service answers of each API.
    `node_modules` is a folder that npm has filled: a Dataform project with the same lock gets a copy of it.
    """

    state: Path
    project: str = DEFAULT_PROJECT
    location: str = DEFAULT_LOCATION
    host: str = "127.0.0.1"
    port: int = 0
    endpoints: Mapping[str, str] = field(default_factory=dict)
    fsync: bool = False
    opening: asyncio.Event | None = None
    pipelines: PipelineImage = NO_IMAGE
    node_modules: Path | None = None
    announce: Callable[[Surface], None] | None = None


class Service(Protocol):
    """A running server: `address` is `127.0.0.1:PORT`; `stop` returns when it holds no port, task or file."""

    @property
    def address(self) -> str: ...

    async def stop(self) -> None: ...


Start = Callable[[Hosting], Awaitable[Service]]


def run_alone(start: Start, name: str) -> None:
    """Run one service in the foreground until SIGINT or SIGTERM: `python -m laptop.NAME --port 9023 --state DIR`."""
    hosting = _parse_arguments(name)
    hosting.state.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve_until_signalled(start, hosting, name))


def _parse_arguments(name: str) -> Hosting:
    parser = argparse.ArgumentParser(prog=f"python -m laptop.{name}")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE / name, help="folder for what must survive")
    parser.add_argument("--project", default=DEFAULT_PROJECT)
    parser.add_argument("--location", default=DEFAULT_LOCATION)
    parser.add_argument("--endpoint", action="append", default=[], metavar="SERVICE=HOST:PORT")
    parser.add_argument("--fsync", action="store_true", help="answer only what survives the machine's death")
    python = os.environ.get("LAPTOP_PIPELINE_PYTHON", sys.executable)
    parser.add_argument("--pipeline-python", default=python, help="a Python that has kfp, for Vertex AI")
    given = parser.parse_args()
    endpoints = dict(pair.split("=", 1) for pair in given.endpoint)
    return Hosting(
        state=given.state,
        project=given.project,
        location=given.location,
        port=given.port,
        endpoints=endpoints,
        fsync=given.fsync,
        pipelines=PipelineImage(python=given.pipeline_python),
    )


async def _serve_until_signalled(start: Start, hosting: Hosting, name: str) -> None:
    service = await start(hosting)
    print(f"{name} listens on {service.address}", flush=True)  # noqa: T201 - the one line a person waits for
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    await service.stop()

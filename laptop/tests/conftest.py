"""Start any laptop service in the background of a test, on a free port, with its own state folder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from laptop.hosting import NO_IMAGE, Hosting, PipelineImage, Service, Start

NODE_MODULES = Path(__file__).parents[2] / "dataform" / "node_modules"
"""What npm has filled in this checkout; where there is none, npm is run."""


class LoopThread:
    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def start(self, start: Start, hosting: Hosting) -> Service:
        hosting.state.mkdir(parents=True, exist_ok=True)
        return asyncio.run_coroutine_threadsafe(_started(start, hosting), self.loop).result(20)

    def stop(self, service: Service) -> None:
        asyncio.run_coroutine_threadsafe(service.stop(), self.loop).result(20)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


async def _started(start: Start, hosting: Hosting) -> Service:
    return await start(hosting)


@pytest.fixture(scope="module")
def servers() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture(scope="module")
def launch(servers: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """`launch(start, port=0, state=None, endpoints={})` starts a service; all are stopped after the module."""
    running: list[Service] = []

    def start_one(
        start: Start,
        *,
        state: Path | None = None,
        port: int = 0,
        pipelines: PipelineImage = NO_IMAGE,
        **endpoints: str,
    ) -> Service:
        folder = state or tmp_path_factory.mktemp("state")
        where = Hosting(
            state=folder,
            project="demo-proj",
            port=port,
            endpoints=endpoints,
            pipelines=pipelines,
            node_modules=NODE_MODULES,
        )
        service = servers.start(start, where)
        running.append(service)
        return service

    yield start_one
    for service in running:
        servers.stop(service)

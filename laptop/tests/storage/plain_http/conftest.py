"""A client of plain HTTP, and a server for a module's tests with two buckets: `lake`, and `versions`, which keeps what is overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from laptop.storage.server import start


@pytest.fixture(scope="module")
def http(launch: Callable[..., Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{launch(start).address}", trust_env=False) as client:
        for body in ({"name": "lake"}, {"name": "versions", "versioning": {"enabled": True}}):
            assert client.post("/storage/v1/b", json=body).status_code == 200
        yield client

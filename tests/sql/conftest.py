"""A lake and a warehouse on the laptop's servers, and two batches put through them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import laptop.bigquery.server
import laptop.storage.server
from laptop.tests.conftest import launch, servers
from tests.sql.project import VARS
from tests.sql.warehouse import Warehouse

__all__ = ["launch", "servers"]


class Lake:
    """Objects by bucket kind (`bronze`, `control` ...)."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=f"http://{address}", timeout=20)
        for kind in ("bronze", "checked", "quarantine", "control", "features"):
            self.client.post("/storage/v1/b", json={"name": VARS[f"{kind}_bucket"]}).raise_for_status()

    def write(self, kind: str, name: str, data: bytes) -> None:
        path = f"/upload/storage/v1/b/{VARS[f'{kind}_bucket']}/o"
        self.client.post(path, params={"uploadType": "media", "name": name}, content=data).raise_for_status()

    def read(self, kind: str, prefix: str) -> dict[str, bytes]:
        path = f"/storage/v1/b/{VARS[f'{kind}_bucket']}/o"
        names = [item["name"] for item in self.client.get(path, params={"prefix": prefix}).json().get("items", [])]
        return {name: self.client.get(f"{path}/{name.replace('/', '%2F')}?alt=media").content for name in names}


@pytest.fixture(scope="module")
def lake(launch: Callable[..., Any]) -> Lake:
    return Lake(launch(laptop.storage.server.start).address)


@pytest.fixture(scope="module")
def warehouse(launch: Callable[..., Any], lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    state: Path = tmp_path_factory.mktemp("warehouse")
    address = lake.client.base_url.netloc.decode()
    return Warehouse(launch(laptop.bigquery.server.start, state=state, storage=address).address)

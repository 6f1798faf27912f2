"""Starts Dataform: opens the store, ends what a crash interrupted, serves the v1 REST API."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from starlette.applications import Starlette

from laptop.dataform import compilations, invocations, repositories
from laptop.dataform.running import Runner, fail_interrupted
from laptop.dataform.services import DataformServices
from laptop.dataform.store import RecordStore
from laptop.dataform.warehouse import WarehouseClient
from laptop.hosting import Hosting
from laptop.http import HttpService, serve_http


@dataclass(slots=True)
class DataformService:
    """A running server; `stop` drops what runs, and the next start finds it interrupted."""

    address: str
    _http: HttpService
    _runner: Runner
    _warehouse: WarehouseClient
    _store: RecordStore

    async def stop(self) -> None:
        await self._http.stop()
        await self._runner.stop()
        await self._warehouse.close()
        self._store.close()


async def start(hosting: Hosting) -> DataformService:
    """Serve on `hosting`'s port; SQL goes to `hosting.endpoints["bigquery"]`."""
    store = RecordStore(hosting.state / "dataform.sqlite", fsync=hosting.fsync)
    fail_interrupted(store, _now())
    for folder in ("checkouts", "modules"):
        (hosting.state / folder).mkdir(exist_ok=True)
    warehouse = WarehouseClient(hosting.endpoints.get("bigquery", "127.0.0.1:9"))
    runner = Runner(store, warehouse, _now)
    app = Starlette(routes=[*compilations.ROUTES, *invocations.ROUTES, *repositories.ROUTES])
    app.state.surroundings = DataformServices(
        store=store,
        runner=runner,
        folder=hosting.state,
        installed=hosting.node_modules,
        location=hosting.location,
        now=_now,
        new_id=lambda: str(uuid.uuid4()),
    )
    http = await serve_http(app, hosting, "dataform.v1")
    return DataformService(http.address, http, runner, warehouse, store)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

"""Starts BigQuery: opens the warehouse, loads the jobs, serves the v2 REST API."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from laptop.bigquery.engine import open_engine
from laptop.bigquery.external.cache import ObjectCache
from laptop.bigquery.external.objects import ObjectReader
from laptop.bigquery.ingest import SeenRows
from laptop.bigquery.job_registry import JobRegistry
from laptop.bigquery.rest import dataset_routes, job_routes, table_routes, tabledata_routes
from laptop.bigquery.rest.app import WarehouseApp
from laptop.hosting import Hosting
from laptop.http import HttpService, serve_http


@dataclass(slots=True)
class BigQueryService:
    """A running warehouse; `stop` waits for the jobs under way."""

    address: str
    _http: HttpService
    _warehouse: WarehouseApp

    async def stop(self) -> None:
        await self._http.stop()
        for job in list(self._warehouse.jobs.known.values()):
            self._warehouse.jobs.cancel(job)
        await asyncio.gather(*self._warehouse.jobs.tasks)
        await asyncio.to_thread(self._warehouse.engine.close)
        self._warehouse.cache.store.client.close()


async def start(hosting: Hosting) -> BigQueryService:
    """Serve on `hosting`'s port; external tables are read from `hosting.endpoints["storage"]`."""
    warehouse = await asyncio.to_thread(_open, hosting)
    warehouse.jobs.load()
    await asyncio.to_thread(warehouse.cache.sweep)
    routes = [*dataset_routes.ROUTES, *tabledata_routes.ROUTES, *table_routes.ROUTES, *job_routes.ROUTES]
    app = Starlette(routes=[Route(f"/bigquery/v2{r.path}", r.endpoint, methods=r.methods) for r in routes])
    app.state.warehouse = warehouse
    http = await serve_http(app, hosting, "bigquery.v2")
    return BigQueryService(http.address, http, warehouse)


def _open(hosting: Hosting) -> WarehouseApp:
    store = ObjectReader(f"http://{hosting.endpoints.get('storage', '127.0.0.1:9')}", httpx.Client(timeout=60))
    return WarehouseApp(
        engine=open_engine(hosting.state),
        cache=ObjectCache(hosting.state / "objects", store),
        jobs=JobRegistry(
            folder=hosting.state / "jobs",
            project=hosting.project,
            location=hosting.location,
            now=_now,
            new_id=lambda: f"job_{uuid.uuid4().hex}",
        ),
        project=hosting.project,
        location=hosting.location,
        now=_now,
        seen=SeenRows(),
    )


def _now() -> int:
    return time.time_ns() // 1_000_000

"""What the REST handlers share: the engine, the cache, the jobs, and a session for one request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb
from starlette.requests import Request

from laptop.bigquery.engine import Engine
from laptop.bigquery.errors import invalid, invalid_query
from laptop.bigquery.external.cache import ObjectCache
from laptop.bigquery.ingest import SeenRows
from laptop.bigquery.job_registry import JobRegistry
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import Place, TableName

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseApp:
    """Lives on the application's state."""

    engine: Engine
    cache: ObjectCache
    jobs: JobRegistry
    project: str
    location: str
    now: Callable[[], int]
    seen: SeenRows

    def session(self, *, dataset: str | None = None, parameters: list[dict[str, Any]] | None = None) -> Session:
        return Session(
            engine=self.engine,
            cursor=self.engine.cursor(),
            cache=self.cache,
            place=Place(project=self.project, dataset=dataset),
            project=self.project,
            now=self.now,
            parameters=parameters or [],
        )

    async def work(self, action: Callable[[Session], Result]) -> Result:
        """Run a short piece of work in a thread, with a session of its own."""
        return await asyncio.to_thread(self._worked, action)

    def _worked(self, action: Callable[[Session], Result]) -> Result:
        session = self.session()
        try:
            return action(session)
        except duckdb.Error as error:
            raise invalid_query(str(error)) from error
        finally:
            session.cursor.close()


def warehouse(request: Request) -> WarehouseApp:
    found = request.app.state.warehouse
    assert isinstance(found, WarehouseApp)
    return found


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object sent. Raises ApiError for anything else."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise invalid(f"Invalid JSON: {error}") from error
    if not isinstance(body, dict):
        raise invalid("Invalid JSON: expected an object")
    return body


def table_name(request: Request) -> TableName:
    path = request.path_params
    return TableName(project=path["project"], dataset=path["dataset"], table=path["table"].split("$")[0])

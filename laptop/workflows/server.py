"""Start the Workflows service."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc.aio
import httpx
from starlette.applications import Starlette

from laptop.hosting import Hosting, Service
from laptop.http import HttpService, serve_http
from laptop.workflows.connectors import LaptopConnectors
from laptop.workflows.executions import ExecutionRunner
from laptop.workflows.grpc_executions import GrpcExecutions, serve_executions
from laptop.workflows.routes import Api
from laptop.workflows.store import ExecutionStore
from laptop.workflows.web import LaptopRequests

_APIS = ("workflows.v1", "workflowexecutions.v1")


@dataclass(slots=True)
class WorkflowsService:
    """The running service; `stop` ends executions, clients and the port."""

    _http: HttpService
    _executions: ExecutionRunner
    _connectors: LaptopConnectors
    _client: httpx.AsyncClient
    _store: ExecutionStore
    _grpc: grpc.aio.Server | None

    @property
    def address(self) -> str:
        return self._http.address

    async def stop(self) -> None:
        if self._grpc is not None:
            await self._grpc.stop(0)
        await self._executions.stop()
        await self._http.stop()
        await self._connectors.close()
        await self._client.aclose()
        self._store.close()


async def start(hosting: Hosting) -> Service:
    """Serve both APIs over REST, and executions over gRPC at `endpoints["executions"]` if that is given."""
    store = ExecutionStore(hosting.state, fsync=hosting.fsync)
    client = httpx.AsyncClient(trust_env=False)
    endpoints = dict(hosting.endpoints)
    requests = LaptopRequests(client, endpoints)
    connectors = LaptopConnectors(requests, endpoints)
    executions = ExecutionRunner(store=store, hosting=hosting, requests=requests, connectors=connectors, now=time.time)
    executions.fail_interrupted()
    http = await serve_http(Starlette(routes=Api(store, executions, time.time).routes()), hosting, *_APIS)
    endpoints.setdefault("workflows", http.address)
    by_grpc, at = GrpcExecutions(store, executions), hosting.endpoints.get("executions")
    grpc_server = await serve_executions(by_grpc, hosting, at) if at else None
    return WorkflowsService(http, executions, connectors, client, store, grpc_server)

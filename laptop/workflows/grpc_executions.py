"""The Workflow Executions API over gRPC: the Python client library speaks nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.cloud.workflows.executions_v1 import types
from google.protobuf import json_format

from laptop.hosting import Hosting
from laptop.http import ApiError
from laptop.loops import DISK_ERRORS
from laptop.rpc import serve_rpc
from laptop.workflows.executions import ExecutionRunner, view_basic
from laptop.workflows.store import ExecutionStore, Resource

_SERVICE = "google.cloud.workflows.executions.v1.Executions"


class GrpcExecutions:
    """Handlers over the same store and executions that REST serves."""

    def __init__(self, store: ExecutionStore, executions: ExecutionRunner) -> None:
        self._store, self._executions = store, executions

    async def create(self, request: types.CreateExecutionRequest) -> types.Execution:
        workflow = self._find("workflow", request.parent)
        wanted = {"argument": request.execution.argument, "labels": dict(request.execution.labels)}
        return _message(self._executions.start(workflow, wanted))

    async def get(self, request: types.GetExecutionRequest) -> types.Execution:
        return _message(self._find("execution", request.name))

    async def cancel(self, request: types.CancelExecutionRequest) -> types.Execution:
        return _message(await self._executions.cancel(self._find("execution", request.name)))

    async def list(self, request: types.ListExecutionsRequest) -> types.ListExecutionsResponse:
        workflow = self._find("workflow", request.parent)
        full = request.view == types.ExecutionView.FULL
        start, size = _place(request.page_token), min(request.page_size or 100, 100 if full else 1000)
        found = self._store.list_under("execution", workflow["name"], start, size + 1)
        shown = [_message(one if full else view_basic(one)) for one in found[:size]]
        token = str(start + size) if len(found) > size else ""
        return types.ListExecutionsResponse(executions=shown, next_page_token=token)

    def _find(self, kind: str, name: str) -> Resource:
        found = self._store.get(kind, name)
        if found is None:
            raise ApiError(404, f"{kind} {name} not found")
        return found


def _place(token: str) -> int:
    if token and not token.isdecimal():
        raise ApiError(400, f"page_token is not valid: {token!r}")
    return int(token or 0)


def _message(execution: Resource) -> types.Execution:
    message = types.Execution()
    json_format.ParseDict(execution, types.Execution.pb(message), ignore_unknown_fields=True)
    return message


def _handler(method: Callable[[Any], Awaitable[Any]], request: Any, answer: Any) -> grpc.RpcMethodHandler:
    async def handle(message: Any, context: grpc.aio.ServicerContext) -> Any:
        try:
            return await method(message)
        except ApiError as error:
            await context.abort(grpc.StatusCode[error.status], error.message)
        except DISK_ERRORS as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"the laptop's disk refused: {error}")

    return grpc.unary_unary_rpc_method_handler(
        handle, request_deserializer=request.deserialize, response_serializer=answer.serialize
    )


async def serve_executions(handlers: GrpcExecutions, hosting: Hosting, address: str) -> grpc.aio.Server:
    """Listen on `address`; the caller keeps the server."""
    methods = {
        "CreateExecution": _handler(handlers.create, types.CreateExecutionRequest, types.Execution),
        "GetExecution": _handler(handlers.get, types.GetExecutionRequest, types.Execution),
        "CancelExecution": _handler(handlers.cancel, types.CancelExecutionRequest, types.Execution),
        "ListExecutions": _handler(handlers.list, types.ListExecutionsRequest, types.ListExecutionsResponse),
    }
    served = {"google.cloud.workflows.executions.v1": {_SERVICE: methods}}
    server, _ = await serve_rpc(served, hosting, address=address)
    return server

"""Serve a Starlette app on loopback, and answer errors in the shape of Google's REST APIs."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.api.rest import RestApi, keep_verbs_out_of_ids, read_api
from laptop.api.surface import word_refusal
from laptop.hosting import Hosting
from laptop.loops import DISK_ERRORS

_LOG = logging.getLogger("laptop.http")
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ApiError(Exception):
    """An error a client sees: an HTTP code, Google's status name for it, a reason word and a message."""

    def __init__(self, code: int, message: str, *, status: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or _STATUS_NAMES.get(code, "UNKNOWN")
        self.reason = reason or HTTPStatus(code).phrase.replace(" ", "").replace("-", "")

    def as_json(self) -> dict[str, Any]:
        detail = {"domain": "global", "reason": self.reason[:1].lower() + self.reason[1:], "message": self.message}
        return {"error": {"code": self.code, "message": self.message, "status": self.status, "errors": [detail]}}


async def answer_api_error(_request: Request, error: Exception) -> Response:
    """Starlette exception handler for ApiError."""
    assert isinstance(error, ApiError)
    return JSONResponse(error.as_json(), status_code=error.code)


async def answer_disk_error(request: Request, error: Exception) -> Response:
    """Starlette exception handler for a disk that is full or broken: nothing was changed, so clients may try again."""
    _LOG.warning("%s %s: %r", request.method, request.url.path, error)
    return JSONResponse(ApiError(503, f"the laptop's disk refused: {error}").as_json(), status_code=503)


@dataclass(slots=True)
class HttpService:
    """A Starlette app that listens; `stop` closes its port."""

    address: str
    _server: uvicorn.Server
    _task: asyncio.Task[None]

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task


async def refuse_method(request: Request) -> Response:
    """501 that names the method, for what no handler answers."""
    apis: Sequence[RestApi] = request.app.state.apis
    path = request.url.path
    method = next((name for api in apis if (name := api.name_of(request.method, path))), f"{request.method} {path}")
    raise ApiError(501, word_refusal(method), reason="notImplemented")


refuse_method.is_refusal = True  # type: ignore[attr-defined]


def _cover(app: Starlette, apis: Sequence[RestApi]) -> None:
    """Every method of the APIs is answered: by a handler of the app, or by its refusal."""
    app.state.apis = apis
    if any(":" in method.path for api in apis for method in api.methods):
        keep_verbs_out_of_ids(app.routes)
    app.routes.append(Route("/{path:path}", refuse_method, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))


async def serve_http(app: Starlette, hosting: Hosting, *names: str) -> HttpService:
    """Serve `app` on `hosting`'s host and port; return once it accepts connections.

    `names` are those of the discovery documents that it answers, such as `run.v2`.
    """
    apis = [read_api(name) for name in names]
    if apis:
        _cover(app, apis)
    if hosting.announce is not None:
        for api in apis:
            hosting.announce(api.describe(app.routes))
    app.add_exception_handler(ApiError, answer_api_error)
    for kind in DISK_ERRORS:
        app.add_exception_handler(kind, answer_disk_error)
    listener = _listen(hosting.host, hosting.port)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2, http="httptools"
    )
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    return HttpService(f"{host}:{port}", server, task)


def _listen(host: str, port: int) -> socket.socket:
    """asyncio sets TCP_NODELAY only where the protocol is named; without it every small answer waits 40 ms for an ACK."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


class _QuietServer(uvicorn.Server):
    """Uvicorn, less its signal handlers: the host decides when to stop."""

    def capture_signals(self) -> Any:
        import contextlib

        return contextlib.nullcontext()

"""What every REST service answers errors with, over a real socket."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.hosting import Hosting
from laptop.http import ApiError, HttpService, serve_http

ERRORS: dict[str, Exception] = {
    "missing": ApiError(404, "no such thing"),
    "held": ApiError(400, "is running", status="FAILED_PRECONDITION"),
    "condition": ApiError(412, "did not hold", reason="conditionNotMet"),
    "odd": ApiError(418, "a teapot"),
    "disk": OSError(28, "No space left on device"),
    "database": sqlite3.OperationalError("database or disk is full"),
}


async def fail(request: Request) -> Response:
    raise ERRORS[request.path_params["kind"]]


async def echo(request: Request) -> Response:
    return JSONResponse({"path": request.url.path, "body": (await request.body()).decode()})


async def start(hosting: Hosting) -> HttpService:
    app = Starlette(routes=[Route("/fail/{kind}", fail), Route("/echo", echo, methods=["POST"])])
    return await serve_http(app, hosting)


@pytest.fixture(scope="module")
def http(launch: Callable[..., Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{launch(start).address}", trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    ("kind", "code", "status", "reason"),
    [
        ("missing", 404, "NOT_FOUND", "notFound"),
        ("held", 400, "FAILED_PRECONDITION", "badRequest"),
        ("condition", 412, "FAILED_PRECONDITION", "conditionNotMet"),
        ("odd", 418, "UNKNOWN", None),
        ("disk", 503, "UNAVAILABLE", "serviceUnavailable"),
        ("database", 503, "UNAVAILABLE", "serviceUnavailable"),
    ],
)
def test_an_error_has_googles_shape(http: httpx.Client, kind: str, code: int, status: str, reason: str | None) -> None:
    answer = http.get(f"/fail/{kind}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (code, code, status)
    assert error["errors"][0]["message"] == error["message"]
    assert error["errors"][0]["reason"] == (reason or error["errors"][0]["reason"])


def test_a_disk_that_refuses_is_named(http: httpx.Client) -> None:
    assert "No space left" in http.get("/fail/disk").json()["error"]["message"]


def test_a_request_reaches_its_handler(http: httpx.Client) -> None:
    assert http.post("/echo", content="é").json() == {"path": "/echo", "body": "é"}


def test_a_free_port_is_picked_on_loopback(launch: Callable[..., Any]) -> None:
    first, second = launch(start).address, launch(start).address
    assert first != second
    assert first.startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (400, "INVALID_ARGUMENT", "BadRequest"),
        (401, "UNAUTHENTICATED", "Unauthorized"),
        (403, "PERMISSION_DENIED", "Forbidden"),
        (409, "ALREADY_EXISTS", "Conflict"),
        (429, "RESOURCE_EXHAUSTED", "TooManyRequests"),
        (500, "INTERNAL", "InternalServerError"),
        (501, "UNIMPLEMENTED", "NotImplemented"),
        (504, "DEADLINE_EXCEEDED", "GatewayTimeout"),
    ],
)
def test_a_code_has_its_canonical_status(code: int, status: str, reason: str) -> None:
    error = ApiError(code, "m")
    assert (error.status, error.reason, str(error)) == (status, reason, "m")

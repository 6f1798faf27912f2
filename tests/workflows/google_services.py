"""Recording stand-ins of Dataform and BigQuery (REST), Pub/Sub and Firestore (gRPC), for one batch at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud.firestore_v1.types import CreateDocumentRequest, Document, GetDocumentRequest
from google.pubsub_v1.types import PublishRequest, PublishResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.hosting import Hosting
from laptop.http import HttpService, serve_http

INVOCATION = "projects/demo-proj/locations/us-central1/repositories/ripple/workflowInvocations/i1"


@dataclass(slots=True)
class Script:
    """What the services answer: states of successive polls, errors, HTTP codes that come before the first answer."""

    states: list[str] = field(default_factory=lambda: ["RUNNING", "SUCCEEDED"])
    compilation_errors: list[Any] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    live: list[Any] = field(default_factory=list)
    owner: str = "7"
    epoch: str = "2"
    part: str = "0"
    slow_queries: int = 0
    refuses_filters: bool = False
    faults: dict[str, list[int]] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=lambda: [["gs://f/s", "v1", "10", "5", "7", "2026-01-01T00:00:00Z"]])
    calls: list[tuple[str, Any]] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)

    def made(self, call: str) -> list[Any]:
        return [body for name, body in self.calls if name == call]

    def answer(self, call: str, body: Any, answer: Any) -> Response:
        self.calls.append((call, body))
        faults = self.faults.get(call, [])
        return JSONResponse({"error": {}}, status_code=faults.pop(0)) if faults else JSONResponse(answer)


@dataclass(slots=True)
class Services:
    """The running stand-ins: `rest` and `grpc` are addresses."""

    rest: HttpService
    server: grpc.aio.Server
    grpc: str

    @property
    def address(self) -> str:
        return self.rest.address

    async def stop(self) -> None:
        await self.rest.stop()
        await self.server.stop(None)


async def start_services(hosting: Hosting, script: Script) -> Services:
    repository = "/v1/projects/{p}/locations/{l}/repositories/{r}"
    routes = [
        Route(repository + "/compilationResults", _handler(script, _compile), methods=["POST"]),
        Route(repository + "/compilationResults/{id}", _handler(script, _get_compilation)),
        Route(repository + "/workflowInvocations", _handler(script, _invocations), methods=["GET", "POST"]),
        Route(repository + "/workflowInvocations/{id}:query", _handler(script, _query)),
        Route(repository + "/workflowInvocations/{id}:cancel", _handler(script, _cancel), methods=["POST"]),
        Route(repository + "/workflowInvocations/{id}", _handler(script, _poll)),
        Route("/bigquery/v2/projects/{p}/queries", _handler(script, _select), methods=["POST"]),
        Route("/bigquery/v2/projects/{p}/queries/{id}", _handler(script, _get_results)),
    ]
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(_grpc_handlers(script))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return Services(await serve_http(Starlette(routes=routes), hosting), server, f"127.0.0.1:{port}")


def _handler(script: Script, answer: Any) -> Any:
    async def handle(request: Request) -> Response:
        body = await request.json() if request.method == "POST" else dict(request.query_params)
        return answer(script, request, body)

    return handle


def _compile(script: Script, request: Request, body: Any) -> Response:
    name = request.url.path.removeprefix("/v1/") + "/c1"
    return script.answer("compile", body, {"name": name, "compilationErrors": script.compilation_errors})


def _get_compilation(script: Script, request: Request, body: Any) -> Response:
    run = {"batch": script.owner, "epoch": script.epoch, "part": script.part} if script.owner else {}
    return script.answer("get_compilation", body, {"codeCompilationConfig": {"vars": run}})


def _invocations(script: Script, request: Request, body: Any) -> Response:
    if request.method == "GET":
        if script.refuses_filters and body.get("filter"):
            return JSONResponse({"error": {"code": 400, "status": "INVALID_ARGUMENT"}}, status_code=400)
        return script.answer("list", body, {"workflowInvocations": script.live} if script.live else {})
    return script.answer("invoke", body, {"name": INVOCATION, "state": "RUNNING"})


def _poll(script: Script, request: Request, body: Any) -> Response:
    state = script.states.pop(0) if len(script.states) > 1 else script.states[0]
    return script.answer("poll", body, {"name": INVOCATION, "state": state})


def _query(script: Script, request: Request, body: Any) -> Response:
    return script.answer("query", body, {"workflowInvocationActions": script.actions})


def _cancel(script: Script, request: Request, body: Any) -> Response:
    script.states = ["CANCELING", "CANCELLED"]
    script.live.clear()
    return script.answer("cancel", body, {})


def _select(script: Script, request: Request, body: Any) -> Response:
    return script.answer("select", body, _results(script))


def _get_results(script: Script, request: Request, body: Any) -> Response:
    script.slow_queries -= 1
    return script.answer("results", body, _results(script))


def _results(script: Script) -> dict[str, Any]:
    """No rows, and no word on how many, while the query runs."""
    reference = {"jobReference": {"projectId": "demo-proj", "jobId": "job-1"}}
    if script.slow_queries:
        return {**reference, "jobComplete": False}
    rows = [{"f": [{"v": value} for value in row]} for row in script.rows]
    return {**reference, "jobComplete": True, "rows": rows}


def _grpc_handlers(script: Script) -> tuple[Any, ...]:
    async def publish(request: Any, context: Any) -> Any:
        script.events.extend(request.messages)
        return PublishResponse.pb()(message_ids=["1"])

    async def create(request: Any, context: Any) -> Any:
        name = f"{request.parent}/{request.collection_id}/{request.document_id}"
        if name in script.documents:
            await context.abort(grpc.StatusCode.ALREADY_EXISTS, "exists")
        request.document.name = name
        script.documents[name] = request.document
        return request.document

    async def get(request: Any, context: Any) -> Any:
        await asyncio.sleep(0)
        return script.documents[request.name]

    def unary(handler: Any, request: Any, response: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(
            handler, request_deserializer=request.pb().FromString, response_serializer=response.pb().SerializeToString
        )

    publisher = {"Publish": unary(publish, PublishRequest, PublishResponse)}
    documents = {
        "CreateDocument": unary(create, CreateDocumentRequest, Document),
        "GetDocument": unary(get, GetDocumentRequest, Document),
    }
    return (
        grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", publisher),
        grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", documents),
    )

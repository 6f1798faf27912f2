"""The two neighbours a pipeline touches, as fakes that record: objects with generations, and published messages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import grpc
from google.pubsub_v1 import types as pubsub
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.hosting import Hosting
from laptop.http import HttpService, serve_http


class FakeStorage:
    """Objects by `gs://` URI: list, read, simple and multipart create with `ifGenerationMatch=0`."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def start(self, hosting: Hosting) -> HttpService:
        routes = [
            Route("/upload/storage/v1/b/{bucket}/o", self._create, methods=["POST"]),
            Route("/download/storage/v1/b/{bucket}/o/{name:path}", self._read),
            Route("/storage/v1/b/{bucket}/o", self._list),
        ]
        return await serve_http(Starlette(routes=routes), hosting)

    async def _create(self, request: Request) -> Response:
        boundary = request.headers["content-type"].split("boundary=")[1].strip('"').encode()
        parts = (await request.body()).split(b"--" + boundary)
        metadata = parts[1].partition(b"\r\n\r\n")[2]
        name = json.loads(metadata)["name"]
        uri = f"gs://{request.path_params['bucket']}/{name}"
        if request.query_params.get("ifGenerationMatch") == "0" and uri in self.objects:
            return JSONResponse({"error": {"code": 412, "message": "exists"}}, status_code=412)
        self.objects[uri] = parts[2].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        return JSONResponse({"name": name, "bucket": request.path_params["bucket"], "generation": "1"})

    async def _read(self, request: Request) -> Response:
        uri = f"gs://{request.path_params['bucket']}/{unquote(request.path_params['name'])}"
        return Response(self.objects[uri]) if uri in self.objects else Response("no such object", status_code=404)

    async def _list(self, request: Request) -> Response:
        bucket, prefix = request.path_params["bucket"], request.query_params.get("prefix", "")
        names = [
            uri.removeprefix(f"gs://{bucket}/") for uri in self.objects if uri.startswith(f"gs://{bucket}/{prefix}")
        ]
        return JSONResponse({"items": [{"name": name, "bucket": bucket} for name in names]})


class FakePubSub:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def start(self, hosting: Hosting) -> RunningGrpc:
        publish = grpc.unary_unary_rpc_method_handler(
            self._publish, pubsub.PublishRequest.deserialize, pubsub.PublishResponse.serialize
        )
        server = grpc.aio.server()
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", {"Publish": publish}),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return RunningGrpc(server, f"127.0.0.1:{port}")

    async def _publish(self, request: Any, _context: Any) -> Any:
        self.messages.extend(request.messages)
        return pubsub.PublishResponse(message_ids=[str(len(self.messages))])


class RunningGrpc:
    def __init__(self, server: grpc.aio.Server, address: str) -> None:
        self._server = server
        self.address = address

    async def stop(self) -> None:
        await self._server.stop(None)

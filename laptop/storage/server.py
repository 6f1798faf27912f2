"""Start the storage service and say which handler answers which path."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from laptop.hosting import Hosting
from laptop.http import HttpService, refuse_method, serve_http
from laptop.storage.batching import answer_batch
from laptop.storage.blobs import Blobs
from laptop.storage.buckets import Buckets
from laptop.storage.catalog import ObjectCatalog
from laptop.storage.json_api import ObjectsApi
from laptop.storage.media import send_media
from laptop.storage.notification_configs import NotificationConfigs
from laptop.storage.notifying import Notifier
from laptop.storage.objects import Objects, stamp
from laptop.storage.preconditions import NotModifiedError
from laptop.storage.refusals import refuse_unserved
from laptop.storage.uploads import Uploads
from laptop.storage.xml_api import XmlApi

_SLASH = "\x1f"
_MARK = re.compile("%1f", re.I)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_SESSION_LIFE = dt.timedelta(days=7)
Handler = Callable[[Request], Awaitable[Response]]


class KeepEncodedSlashes:
    """Clients escape the slashes of object names; a router sees paths unescaped, so they travel as a mark of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw = scope.get("raw_path") or scope["path"].encode()
            path = raw.split(b"?")[0].decode("latin-1")
            marked = _MARK.sub("%00", path).replace("%2F", _SLASH).replace("%2f", _SLASH)
            scope = {**scope, "path": unquote(marked)}
        await self._app(scope, receive, send)


def _named(handler: Handler) -> Handler:
    """An endpoint whose path parameters get their slashes back, and which is asked nothing it can't do."""

    async def respond(request: Request) -> Response:
        refuse_unserved(request.query_params, request.headers)
        for key, value in request.path_params.items():
            request.path_params[key] = value.replace(_SLASH, "/")
        return await handler(request)

    return respond


async def _answer_not_modified(_request: Request, _error: Exception) -> Response:
    return Response(status_code=304)


def _routes(objects: Objects, catalog: ObjectCatalog, folder: Path, app: Starlette) -> list[Route]:
    root, named = "/storage/v1/b", "/storage/v1/b/{bucket}/o/{name}"
    buckets, configs, api = Buckets(catalog), NotificationConfigs(catalog), ObjectsApi(objects, catalog)
    uploads, xml = Uploads(objects, catalog), XmlApi(objects, catalog, folder)

    async def download(request: Request) -> Response:
        return send_media(request, objects, request.path_params["bucket"], request.path_params["name"])

    async def batch(request: Request) -> Response:
        return await answer_batch(request, app)

    table: list[tuple[str, str, Handler]] = [
        ("POST", root, buckets.create),
        ("GET", root, buckets.list),
        ("GET", root + "/{bucket}", buckets.get),
        ("PATCH", root + "/{bucket}", buckets.patch),
        ("PUT", root + "/{bucket}", buckets.update),
        ("DELETE", root + "/{bucket}", buckets.delete),
        ("POST", root + "/{bucket}/notificationConfigs", configs.create),
        ("GET", root + "/{bucket}/notificationConfigs", configs.list),
        ("GET", root + "/{bucket}/notificationConfigs/{id}", configs.get),
        ("DELETE", root + "/{bucket}/notificationConfigs/{id}", configs.delete),
        ("GET", root + "/{bucket}/o", api.list),
        ("POST", named + "/compose", api.compose),
        ("POST", named + "/copyTo/b/{to_bucket}/o/{to_name}", api.copy),
        ("POST", named + "/rewriteTo/b/{to_bucket}/o/{to_name}", api.rewrite),
        ("POST", named + "/moveTo/o/{to_name}", api.move),
        ("GET", named, api.get),
        ("PATCH", named, api.patch),
        ("PUT", named, api.update),
        ("DELETE", named, api.delete),
        ("GET", "/download" + named, download),
        ("POST", "/upload/storage/v1/b/{bucket}/o", uploads.post),
        ("PUT", "/upload/storage/v1/b/{bucket}/o", uploads.resumable.put),
        ("DELETE", "/upload/storage/v1/b/{bucket}/o", uploads.resumable.delete),
        ("POST", "/batch/storage/v1", batch),
    ]
    by_name: list[tuple[str, str, Handler]] = [
        ("POST", "/{bucket}/{name:path}", xml.post),
        ("PUT", "/{bucket}/{name:path}", xml.put),
        ("DELETE", "/{bucket}/{name:path}", xml.delete),
        ("GET", "/{bucket}/{name:path}", download),
    ]
    unserved = [
        Route(f"/{part}/{{rest:path}}", refuse_method, methods=_METHODS) for part in ("storage", "upload", "download")
    ]
    return [*_make_routes(table), *unserved, *_make_routes(by_name)]


def _make_routes(table: list[tuple[str, str, Handler]]) -> list[Route]:
    return [Route(path, _named(handler), methods=[method]) for method, path, handler in table]


@dataclass(slots=True)
class StorageService:
    """The running server."""

    _http: HttpService
    _notifier: Notifier
    _catalog: ObjectCatalog

    @property
    def address(self) -> str:
        return self._http.address

    async def stop(self) -> None:
        await self._http.stop()
        await self._notifier.stop()
        self._catalog.close()


async def start(hosting: Hosting) -> StorageService:
    """Serve Cloud Storage from `hosting.state`; notifications go to `endpoints["pubsub"]`, or wait for one."""
    catalog = ObjectCatalog(hosting.state, fsync=hosting.fsync)
    blobs = Blobs(hosting.state, fsync=hosting.fsync)
    catalog.forget_finished_uploads(stamp(lambda: dt.datetime.now(dt.UTC) - _SESSION_LIFE))
    blobs.sweep(catalog.contents(), catalog.open_uploads())
    notifier = Notifier(catalog, hosting.endpoints.get("pubsub"))
    app = Starlette(exception_handlers={NotModifiedError: _answer_not_modified})
    app.routes.extend(_routes(Objects(catalog, blobs, notifier), catalog, hosting.state, app))
    app.add_middleware(KeepEncodedSlashes)
    return StorageService(await serve_http(app, hosting, "storage.v1"), notifier, catalog)

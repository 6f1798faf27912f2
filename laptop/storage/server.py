"""Start the storage service and say which handler answers which path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from laptop.hosting import Hosting
from laptop.http import HttpService, serve_http
from laptop.storage.batching import answer_batch
from laptop.storage.blobs import Blobs
from laptop.storage.catalog import Catalog
from laptop.storage.json_api import JsonApi
from laptop.storage.media import send_media
from laptop.storage.notifying import Notifier
from laptop.storage.objects import Objects
from laptop.storage.uploads import Uploads
from laptop.storage.xml_api import XmlApi

_SLASH = "\x1f"
Handler = Callable[[Request], Awaitable[Response]]


class KeepEncodedSlashes:
    """Clients escape the slashes of object names; a router sees paths unescaped, so they travel as a mark of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw = scope.get("raw_path") or scope["path"].encode()
            path = raw.split(b"?")[0].decode("latin-1")
            marked = path.replace("%2F", _SLASH).replace("%2f", _SLASH)
            scope = {**scope, "path": unquote(marked)}
        await self._app(scope, receive, send)


def _named(handler: Handler) -> Handler:
    """An endpoint whose path parameters get their slashes back."""

    async def answer(request: Request) -> Response:
        for key, value in request.path_params.items():
            request.path_params[key] = value.replace(_SLASH, "/")
        return await handler(request)

    return answer


def _routes(api: JsonApi, uploads: Uploads, xml: XmlApi, objects: Objects, app: Starlette) -> list[Route]:
    root, named = "/storage/v1/b", "/storage/v1/b/{bucket}/o/{name}"

    async def download(request: Request) -> Response:
        return send_media(request, objects, request.path_params["bucket"], request.path_params["name"])

    async def batch(request: Request) -> Response:
        return await answer_batch(request, app)

    table: list[tuple[str, str, Handler]] = [
        ("POST", root, api.create_bucket),
        ("GET", root, api.list_buckets),
        ("GET", root + "/{bucket}", api.get_bucket),
        ("PATCH", root + "/{bucket}", api.patch_bucket),
        ("DELETE", root + "/{bucket}", api.delete_bucket),
        ("POST", root + "/{bucket}/notificationConfigs", api.add_notification),
        ("GET", root + "/{bucket}/notificationConfigs", api.list_notifications),
        ("GET", root + "/{bucket}/notificationConfigs/{id}", api.get_notification),
        ("DELETE", root + "/{bucket}/notificationConfigs/{id}", api.delete_notification),
        ("GET", root + "/{bucket}/o", api.list_objects),
        ("POST", named + "/compose", api.compose),
        ("POST", named + "/copyTo/b/{to_bucket}/o/{to_name}", api.copy),
        ("POST", named + "/rewriteTo/b/{to_bucket}/o/{to_name}", api.rewrite),
        ("POST", named + "/moveTo/o/{to_name}", api.move),
        ("GET", named, api.get_object),
        ("PATCH", named, api.patch_object),
        ("PUT", named, api.update_object),
        ("DELETE", named, api.delete_object),
        ("GET", "/download" + named, download),
        ("POST", "/upload/storage/v1/b/{bucket}/o", uploads.post),
        ("PUT", "/upload/storage/v1/b/{bucket}/o", uploads.put),
        ("DELETE", "/upload/storage/v1/b/{bucket}/o", uploads.delete),
        ("POST", "/batch/storage/v1", batch),
        ("POST", "/{bucket}/{name:path}", xml.post),
        ("PUT", "/{bucket}/{name:path}", xml.put),
        ("DELETE", "/{bucket}/{name:path}", xml.delete),
        ("GET", "/{bucket}/{name:path}", download),
    ]
    return [Route(path, _named(handler), methods=[method]) for method, path, handler in table]


@dataclass(slots=True)
class StorageService:
    """The running server."""

    _http: HttpService
    _notifier: Notifier
    _catalog: Catalog

    @property
    def address(self) -> str:
        return self._http.address

    async def stop(self) -> None:
        await self._http.stop()
        await self._notifier.stop()
        self._catalog.close()


async def start(hosting: Hosting) -> StorageService:
    """Serve Cloud Storage from `hosting.state`; notifications go to `endpoints["pubsub"]`, or wait for one."""
    catalog = Catalog(hosting.state)
    notifier = Notifier(catalog, hosting.endpoints.get("pubsub"))
    objects = Objects(catalog, Blobs(hosting.state), notifier)
    app = Starlette()
    app.routes.extend(
        _routes(
            JsonApi(objects, catalog),
            Uploads(objects, catalog, hosting.state),
            XmlApi(objects, catalog, hosting.state),
            objects,
            app,
        )
    )
    app.add_middleware(KeepEncodedSlashes)
    return StorageService(await serve_http(app, hosting), notifier, catalog)

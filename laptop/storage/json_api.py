"""The JSON API's objects."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError
from laptop.storage.answers import answer, read_fields
from laptop.storage.catalog import ObjectCatalog, Record
from laptop.storage.listing import list_page, start_of
from laptop.storage.media import send_media
from laptop.storage.objects import Objects, share_content
from laptop.storage.preconditions import check, check_etag, number


class ObjectsApi:
    def __init__(self, objects: Objects, catalog: ObjectCatalog) -> None:
        self._objects, self._catalog = objects, catalog

    async def list(self, request: Request) -> Response:
        bucket, given = request.path_params["bucket"], request.query_params
        self._catalog.require_bucket(bucket)
        versions = given.get("versions", "").lower() == "true"

        def read_page() -> Record:
            found = self._catalog.objects(bucket, start_of(given), versions=versions)
            return list_page(found, given)

        return answer(request, await asyncio.to_thread(read_page))

    async def get(self, request: Request) -> Response:
        """The resource, or with `alt=media` the bytes."""
        (bucket, name), given = _object(request), request.query_params
        if given.get("alt") == "media":
            return send_media(request, self._objects, bucket, name)
        resource, _ = self._objects.find(bucket, name, number(given, "generation"))
        check(resource, given, reading=True)
        check_etag(resource, request.headers)
        return answer(request, resource)

    async def patch(self, request: Request) -> Response:
        return await self._change(request, whole=False)

    async def update(self, request: Request) -> Response:
        return await self._change(request, whole=True)

    async def _change(self, request: Request, *, whole: bool) -> Response:
        fields = await read_fields(request)
        return answer(request, self._objects.patch(*_object(request), fields, request.query_params, whole=whole))

    async def delete(self, request: Request) -> Response:
        self._objects.delete(*_object(request), request.query_params)
        return Response(status_code=204)

    async def compose(self, request: Request) -> Response:
        """One object of 1 to 32 others, in order; each may have a generation it must be and one it must match."""
        bucket, name = _object(request)
        body, given = await read_fields(request), request.query_params
        sources = body.get("sourceObjects") or []
        if not 1 <= len(sources) <= 32:
            raise ApiError(400, "compose takes 1 to 32 source objects", reason="invalid")
        parts = [self._find_part(bucket, source) for source in sources]
        fields = {**body.get("destination", {}), "componentCount": sum(_components(r) for r, _ in parts)}
        self._objects.require_writable(bucket, name, fields, given)
        pieces = [self._objects.blobs.read(content, 0, int(resource["size"])) for resource, content in parts]
        content = await asyncio.to_thread(self._objects.blobs.write, _chain(pieces))
        return answer(request, self._objects.create(bucket, name, content, fields, given))

    def _find_part(self, bucket: str, source: Record) -> tuple[Record, str]:
        found = self._objects.find(bucket, str(source.get("name", "")), _generation(source.get("generation")))
        wanted = _generation(source.get("objectPreconditions", {}).get("ifGenerationMatch"))
        check(found[0], {} if wanted is None else {"ifGenerationMatch": str(wanted)})
        return found

    async def copy(self, request: Request) -> Response:
        return answer(request, await self._copy(request))

    async def rewrite(self, request: Request) -> Response:
        """A copy that is always done in one call."""
        made = await self._copy(request)
        size = {"totalBytesRewritten": made["size"], "objectSize": made["size"]}
        return answer(request, {"kind": "storage#rewriteResponse", **size, "done": True, "resource": made})

    async def _copy(self, request: Request) -> Record:
        path, given = request.path_params, request.query_params
        changes = await read_fields(request)
        resource, content = self._objects.find(*_object(request), number(given, "sourceGeneration"))
        check(resource, given, prefix="ifSource")
        shared = share_content(resource, content)
        return self._objects.create(path["to_bucket"], path["to_name"], shared, {**resource, **changes}, given)

    async def move(self, request: Request) -> Response:
        to = request.path_params["to_name"]
        return answer(request, self._objects.move(*_object(request), to, request.query_params))


def _object(request: Request) -> tuple[str, str]:
    return request.path_params["bucket"], request.path_params["name"]


def _generation(value: object) -> int | None:
    return number({} if value is None else {"generation": str(value)}, "generation")


def _components(resource: Record) -> int:
    return int(resource.get("componentCount", 1))


def _chain(parts: list[Iterator[bytes]]) -> Iterator[bytes]:
    for pieces in parts:
        yield from pieces

"""Uploads in one request: the bytes alone (media), or metadata and bytes (multipart)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from email.parser import BytesHeaderParser
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError
from laptop.storage.answers import answer, parse_fields
from laptop.storage.blobs import Content
from laptop.storage.catalog import ObjectCatalog
from laptop.storage.checksums import expected_checksums, require_checksums
from laptop.storage.objects import Objects
from laptop.storage.resumable import ResumableUploads

_SMALL = 256 * 1024


class Uploads:
    """POST, PUT and DELETE under `/upload`."""

    def __init__(self, objects: Objects, catalog: ObjectCatalog) -> None:
        self._objects, self._catalog = objects, catalog
        self.resumable = ResumableUploads(objects, catalog)

    async def post(self, request: Request) -> Response:
        """Whichever upload `uploadType` names."""
        bucket, kind = request.path_params["bucket"], request.query_params.get("uploadType")
        self._catalog.require_bucket(bucket)
        if kind == "resumable":
            return await self.resumable.begin(request, bucket)
        if kind == "multipart":
            return await self._store_multipart(request, bucket)
        if kind == "media":
            fields = {"contentType": request.headers.get("content-type")}
            return self._create(request, bucket, await self._objects.blobs.write_stream(request.stream()), fields)
        raise ApiError(400, f"uploadType {kind!r} is not media, multipart or resumable")

    async def _store_multipart(self, request: Request, bucket: str) -> Response:
        fields, data = split_multipart(request.headers.get("content-type", ""), await request.body())
        if len(data) <= _SMALL:
            return self._create(request, bucket, self._objects.blobs.write([data]), fields)
        return self._create(request, bucket, await asyncio.to_thread(self._objects.blobs.write, [data]), fields)

    def _create(self, request: Request, bucket: str, content: Content, fields: Mapping[str, Any]) -> Response:
        given = request.query_params
        name = str(given.get("name") or fields.get("name") or "")
        try:
            require_checksums(content, expected_checksums(fields, request.headers))
        except ApiError:
            self._objects.blobs.delete(content.id)
            raise
        return answer(request, self._objects.create(bucket, name, content, fields, given))


def split_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """`(metadata, data)` of a multipart/related body; 400 if it is none."""
    match = re.search(r'boundary=(?:"([^"]+)"|([^";\s]+))', content_type)
    mark = b"--" + (match[1] or match[2]).encode() if match else b""
    first = body.find(mark) + len(mark)
    second, last = body.find(b"\r\n" + mark, first), body.rfind(b"\r\n" + mark)
    if match is None or first < len(mark) or not 0 <= second < last:
        raise ApiError(400, "Malformed multipart body.", reason="badRequest")
    _, _, metadata = body[first:second].lstrip(b"\r\n").partition(b"\r\n\r\n")
    header, _, data = body[second + 2 + len(mark) : last].removeprefix(b"\r\n").partition(b"\r\n\r\n")
    fields = parse_fields(metadata)
    if not fields.get("contentType"):
        fields["contentType"] = BytesHeaderParser().parsebytes(header + b"\r\n\r\n").get("content-type")
    return fields, data

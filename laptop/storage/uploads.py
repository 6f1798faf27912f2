"""Uploads: media, multipart, and resumable ones that survive a restart."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from laptop.http import ApiError
from laptop.storage.catalog import Catalog, Record
from laptop.storage.objects import Objects

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


class Uploads:
    """POST and PUT under `/upload` and `/resumable`."""

    def __init__(self, objects: Objects, catalog: Catalog, folder: Path) -> None:
        self._objects, self._catalog = objects, catalog
        self._folder = folder / "uploads"
        self._folder.mkdir(exist_ok=True)

    async def post(self, request: Request) -> Response:
        """Whichever upload `uploadType` names."""
        bucket, given = request.path_params["bucket"], request.query_params
        kind = given.get("uploadType")
        self._objects.require_bucket(bucket)
        if kind == "resumable":
            return await self._begin(request, bucket)
        if kind == "multipart":
            fields, data = split_multipart(request.headers.get("content-type", ""), await request.body())
            content = self._objects.blobs.write([data])
        elif kind == "media":
            fields = {"contentType": request.headers.get("content-type", "application/octet-stream")}
            content = await self._objects.blobs.write_stream(request.stream())
        else:
            raise ApiError(400, f"uploadType {kind!r} is not media, multipart or resumable")
        name = given.get("name") or fields.get("name")
        if not name:
            raise ApiError(400, "an upload needs the object's name", reason="required")
        return self._create(bucket, str(name), content, fields, given)

    def _create(
        self, bucket: str, name: str, content: Any, fields: Mapping[str, Any], given: Mapping[str, str]
    ) -> Response:
        for field, have in (("md5Hash", content.md5), ("crc32c", content.crc32c)):
            if fields.get(field) and fields[field] != have:
                self._objects.blobs.delete(content.id)
                raise ApiError(400, f"Provided {field} {fields[field]!r} doesn't match calculated {have!r}.")
        try:
            return JSONResponse(self._objects.create(bucket, name, content, fields, given))
        except ApiError:
            self._objects.blobs.delete(content.id)
            raise

    async def _begin(self, request: Request, bucket: str) -> Response:
        given = dict(request.query_params)
        body = await request.body()
        fields = json.loads(body) if body else {}
        name = given.get("name") or fields.get("name")
        if not name:
            raise ApiError(400, "an upload needs the object's name", reason="required")
        self._objects.check(bucket, str(name), given)
        fields.setdefault("contentType", request.headers.get("x-upload-content-type"))
        upload_id = uuid.uuid4().hex
        self._catalog.put_upload(upload_id, {"bucket": bucket, "name": name, "fields": fields, "given": given})
        self._path(upload_id).touch()
        at = f"{request.url.scheme}://{request.url.netloc}/upload/storage/v1/b/{bucket}/o"
        return Response(
            headers={"location": f"{at}?uploadType=resumable&upload_id={upload_id}", "x-guploader-uploadid": upload_id}
        )

    async def put(self, request: Request) -> Response:
        """One chunk, or a question how far the upload came (308 with the range that is there)."""
        upload_id = request.query_params.get("upload_id", "")
        upload = self._catalog.upload(upload_id)
        if upload is None:
            raise ApiError(404, f"no upload {upload_id!r}")
        path = self._path(upload_id)
        start, total = self._place(request, path)
        with path.open("r+b") as file:
            file.seek(start)
            async for piece in request.stream():
                file.write(piece)
            file.truncate()
        if total is None or path.stat().st_size < total:
            return _incomplete(path)
        return self._finish(upload_id, upload, path)

    def _place(self, request: Request, path: Path) -> tuple[int, int | None]:
        """Where this chunk goes and how long the whole is, if it says so."""
        have = path.stat().st_size
        match = _RANGE.fullmatch(request.headers.get("content-range", ""))
        if match is None:
            return 0, int(request.headers.get("content-length", 0))
        start = have if match[1] is None else int(match[1])
        if start > have:
            raise ApiError(503, f"the upload has {have} bytes; a chunk from {start} would leave a gap")
        return start, None if match[3] == "*" else int(match[3])

    def _finish(self, upload_id: str, upload: Record, path: Path) -> Response:
        with path.open("rb") as file:
            content = self._objects.blobs.write(iter(lambda: file.read(1024 * 1024), b""))
        answer = self._create(upload["bucket"], upload["name"], content, upload["fields"], upload["given"])
        self._catalog.drop_upload(upload_id)
        path.unlink(missing_ok=True)
        return answer

    async def delete(self, request: Request) -> Response:
        """Cancel a resumable upload."""
        upload_id = request.query_params.get("upload_id", "")
        if self._catalog.upload(upload_id) is None:
            raise ApiError(404, f"no upload {upload_id!r}")
        self._catalog.drop_upload(upload_id)
        self._path(upload_id).unlink(missing_ok=True)
        return Response(status_code=499)

    def _path(self, upload_id: str) -> Path:
        return self._folder / upload_id


def _incomplete(path: Path) -> Response:
    have = path.stat().st_size
    return Response(status_code=308, headers={"range": f"bytes=0-{have - 1}"} if have else {})


def split_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """`(metadata, data)` of a multipart/related body."""
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    if match is None:
        raise ApiError(400, "multipart upload without a boundary")
    mark = b"--" + match[1].encode()
    first = body.index(mark) + len(mark)
    second = body.index(b"\r\n" + mark, first)
    last = body.rindex(b"\r\n" + mark)
    _, _, metadata = body[first:second].lstrip(b"\r\n").partition(b"\r\n\r\n")
    header, _, data = body[second + 2 + len(mark) : last].lstrip(b"\r\n").partition(b"\r\n\r\n")
    fields: dict[str, Any] = json.loads(metadata)
    if not fields.get("contentType"):
        fields["contentType"] = BytesHeaderParser().parsebytes(header + b"\r\n\r\n").get("content-type")
    return fields, data

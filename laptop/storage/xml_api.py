"""XML multipart uploads, which the client's transfer manager uses."""

from __future__ import annotations

import asyncio
import base64
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError
from laptop.storage.blobs import Draft, fill
from laptop.storage.catalog import ObjectCatalog
from laptop.storage.checksums import expected_checksums, require_checksums
from laptop.storage.objects import Objects

_MAX_BODY = 4 * 1024 * 1024
_MAX_PARTS = 10_000
_META = "x-goog-meta-"
_FIELDS = {
    "content-type": "contentType",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
    "content-disposition": "contentDisposition",
    "cache-control": "cacheControl",
    "x-goog-storage-class": "storageClass",
}
_CONDITIONS = {
    "x-goog-if-generation-match": "ifGenerationMatch",
    "x-goog-if-metageneration-match": "ifMetagenerationMatch",
}


class XmlApi:
    """Initiate, put parts, complete, abort at `/{bucket}/{name}`."""

    def __init__(self, objects: Objects, catalog: ObjectCatalog, folder: Path) -> None:
        self._objects, self._catalog = objects, catalog
        self._folder = folder / "parts"
        self._folder.mkdir(exist_ok=True)
        self._sweep()

    def _sweep(self) -> None:
        """Tidy up after a kill: parts of no upload, and what was still arriving."""
        for path in self._folder.iterdir():
            if path.suffix or self._catalog.upload(path.stem.rpartition("-")[0]) is None:
                path.unlink()

    async def post(self, request: Request) -> Response:
        if "uploads" in request.query_params:
            return self._begin(request)
        if "uploadId" in request.query_params:
            return await self._complete(request)
        raise ApiError(501, "of the XML API only multipart uploads are served")

    def _begin(self, request: Request) -> Response:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        fields, given = _read_headers(request.headers)
        self._objects.require_writable(bucket, name, fields, given)
        upload_id = uuid.uuid4().hex
        self._catalog.put_upload(upload_id, {"bucket": bucket, "name": name, "fields": fields, "given": given})
        return _xml("InitiateMultipartUploadResult", Bucket=bucket, Key=name, UploadId=upload_id)

    async def put(self, request: Request) -> Response:
        upload_id, number = request.query_params.get("uploadId", ""), request.query_params.get("partNumber", "")
        if self._catalog.upload(upload_id) is None:
            raise ApiError(404, f"no multipart upload {upload_id!r}")
        if not number.isdecimal() or not 1 <= int(number) <= _MAX_PARTS:
            raise ApiError(400, f"InvalidArgument: partNumber is 1 to {_MAX_PARTS}, not {number!r}")
        path = self._part(upload_id, int(number))
        arriving = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        draft = Draft(upload_id, arriving, fsync=self._objects.blobs.fsync)
        try:
            await fill(draft, request.stream())
            part = draft.finish()
            require_checksums(part, expected_checksums({}, request.headers))
            os.replace(arriving, path)
        finally:
            draft.discard()
            arriving.unlink(missing_ok=True)
        etag = base64.b64decode(part.md5).hex()
        return Response(headers={"etag": f'"{etag}"', "x-goog-hash": f"crc32c={part.crc32c},md5={part.md5}"})

    async def _complete(self, request: Request) -> Response:
        upload_id = request.query_params["uploadId"]
        upload = self._catalog.upload(upload_id)
        body = await request.body()
        if upload is None or len(body) > _MAX_BODY or b"<!" in body:
            raise ApiError(404, f"no multipart upload {upload_id!r}")
        paths = [self._part(upload_id, number) for number in read_part_numbers(body)]
        if not all(path.exists() for path in paths):
            raise ApiError(400, "InvalidPart: a part that was named was never uploaded")
        content = await asyncio.to_thread(self._objects.blobs.write, _read_parts(paths))
        given = upload["given"] | _read_headers(request.headers)[1]
        made = self._objects.create(upload["bucket"], upload["name"], content, upload["fields"], given)
        self._drop(upload_id)
        return _xml("CompleteMultipartUploadResult", Bucket=upload["bucket"], Key=upload["name"], ETag=made["etag"])

    async def delete(self, request: Request) -> Response:
        self._drop(request.query_params.get("uploadId", ""))
        return Response(status_code=204)

    def _drop(self, upload_id: str) -> None:
        self._catalog.drop_upload(upload_id)
        for path in self._folder.glob(f"{upload_id}-*") if upload_id else ():
            path.unlink()

    def _part(self, upload_id: str, number: int) -> Path:
        return self._folder / f"{upload_id}-{number:05d}"


def read_part_numbers(body: bytes) -> list[int]:
    """The parts a completion names; 400 unless they ascend."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - declarations are refused before
        numbers = [int(element.text or "") for element in root.iter() if element.tag.endswith("PartNumber")]
    except (ElementTree.ParseError, ValueError) as error:
        raise ApiError(400, f"MalformedCompleteMultipartUploadRequest: {error}") from error
    if not numbers or numbers != sorted(set(numbers)):
        raise ApiError(400, "InvalidPartOrder: the parts must ascend")
    return numbers


def _read_headers(headers: Headers) -> tuple[dict[str, Any], dict[str, str]]:
    """`(fields of the object, preconditions)` as the XML API spells them."""
    fields: dict[str, Any] = {field: headers[header] for header, field in _FIELDS.items() if header in headers}
    metadata = {k.removeprefix(_META): value for k, value in headers.items() if k.startswith(_META)}
    given = {name: headers[header] for header, name in _CONDITIONS.items() if header in headers}
    return fields | ({"metadata": metadata} if metadata else {}), given


def _read_parts(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as file:
            yield from iter(lambda: file.read(1024 * 1024), b"")


def _xml(tag: str, **values: str) -> Response:
    root = ElementTree.Element(tag, xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    for name, value in values.items():
        ElementTree.SubElement(root, name).text = value
    return Response(ElementTree.tostring(root), media_type="application/xml")

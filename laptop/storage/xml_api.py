"""XML multipart uploads, which the client's transfer manager uses."""

from __future__ import annotations

import base64
import hashlib
import uuid
from pathlib import Path
from xml.etree import ElementTree

import google_crc32c
from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError
from laptop.storage.catalog import Catalog
from laptop.storage.objects import Objects

_MAX_BODY = 4 * 1024 * 1024


class XmlApi:
    """Initiate, put parts, complete, abort at `/{bucket}/{name}`."""

    def __init__(self, objects: Objects, catalog: Catalog, folder: Path) -> None:
        self._objects, self._catalog = objects, catalog
        self._folder = folder / "parts"
        self._folder.mkdir(exist_ok=True)

    async def post(self, request: Request) -> Response:
        if "uploads" in request.query_params:
            return self._begin(request)
        if "uploadId" in request.query_params:
            return await self._complete(request)
        raise ApiError(501, "of the XML API only multipart uploads are served")

    def _begin(self, request: Request) -> Response:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        self._objects.require_bucket(bucket)
        prefix = "x-goog-meta-"
        metadata = {k[len(prefix) :]: v for k, v in request.headers.items() if k.startswith(prefix)}
        fields = {"contentType": request.headers.get("content-type"), "metadata": metadata or None}
        upload_id = uuid.uuid4().hex
        self._catalog.put_upload(upload_id, {"bucket": bucket, "name": name, "fields": fields, "parts": {}})
        return _xml("InitiateMultipartUploadResult", Bucket=bucket, Key=name, UploadId=upload_id)

    async def put(self, request: Request) -> Response:
        upload_id, number = request.query_params.get("uploadId", ""), request.query_params.get("partNumber", "")
        if self._catalog.upload(upload_id) is None or not number.isdecimal():
            raise ApiError(404, f"no multipart upload {upload_id!r}")
        digest, crc = hashlib.md5(usedforsecurity=False), google_crc32c.Checksum()  # type: ignore[no-untyped-call]
        with self._part(upload_id, int(number)).open("wb") as file:
            async for piece in request.stream():
                digest.update(piece)
                crc.update(piece)  # type: ignore[no-untyped-call]
                file.write(piece)
        md5, crc32c = (base64.b64encode(made.digest()).decode() for made in (digest, crc))
        hashes = f"crc32c={crc32c},md5={md5}"
        return Response(headers={"etag": f'"{digest.hexdigest()}"', "x-goog-hash": hashes})

    async def _complete(self, request: Request) -> Response:
        upload_id = request.query_params["uploadId"]
        upload = self._catalog.upload(upload_id)
        body = await request.body()
        if upload is None or len(body) > _MAX_BODY or b"<!" in body:
            raise ApiError(404, f"no multipart upload {upload_id!r}")
        root = ElementTree.fromstring(body)  # noqa: S314 - declarations are refused above
        numbers = [int(element.text or 0) for element in root.iter() if element.tag.endswith("PartNumber")]
        paths = [self._part(upload_id, number) for number in numbers]
        content = self._objects.blobs.write(path.read_bytes() for path in paths)
        made = self._objects.create(upload["bucket"], upload["name"], content, upload["fields"], {})
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


def _xml(tag: str, **values: str) -> Response:
    root = ElementTree.Element(tag, xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    for name, value in values.items():
        ElementTree.SubElement(root, name).text = value
    return Response(ElementTree.tostring(root), media_type="application/xml")

"""Downloads: whole or a range, stored or transcoded from gzip."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from laptop.http import ApiError
from laptop.storage.catalog import Record
from laptop.storage.objects import Objects

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SMALL = 256 * 1024


def send_media(request: Request, objects: Objects, bucket: str, name: str) -> Response:
    """An object's bytes; 416 for a range past its end."""
    given = request.query_params
    objects.check(bucket, name, given, given.get("generation"))
    resource, content = objects.find(bucket, name, given.get("generation"))
    size = int(resource["size"])
    headers = _headers(resource)
    if resource.get("contentEncoding") == "gzip" and "gzip" not in request.headers.get("accept-encoding", ""):
        pieces = _inflate(objects.blobs.read(content, 0, size))
        headers.pop("content-encoding", None)
        return StreamingResponse(pieces, headers=headers, media_type=resource["contentType"])
    start, end, status = _read_range(request.headers.get("range"), size)
    if status == 206:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)
    if end - start <= _SMALL:
        body = b"".join(objects.blobs.read(content, start, end))
        return Response(body, status_code=status, headers=headers, media_type=resource["contentType"])
    pieces = objects.blobs.read(content, start, end)
    return StreamingResponse(pieces, status_code=status, headers=headers, media_type=resource["contentType"])


def _headers(resource: Record) -> dict[str, str]:
    hashes = [f"crc32c={resource['crc32c']}"] + ([f"md5={resource['md5Hash']}"] if "md5Hash" in resource else [])
    headers = {
        "x-goog-hash": ",".join(hashes),
        "x-goog-generation": resource["generation"],
        "x-goog-metageneration": resource["metageneration"],
        "x-goog-stored-content-length": resource["size"],
        "x-goog-stored-content-encoding": resource.get("contentEncoding", "identity"),
        "etag": resource["etag"],
        "accept-ranges": "bytes",
    }
    named = {
        "content-encoding": "contentEncoding",
        "cache-control": "cacheControl",
        "content-language": "contentLanguage",
    }
    return headers | {header: resource[field] for header, field in named.items() if field in resource}


def _read_range(asked: str | None, size: int) -> tuple[int, int, int]:
    match = _RANGE.fullmatch(asked or "")
    if match is None or match[0] == "bytes=-":
        return 0, size, 200
    if not match[1]:
        return max(size - int(match[2]), 0), size, 206
    start = int(match[1])
    if start >= size:
        raise ApiError(416, f"The requested range cannot be satisfied: {asked} of {size} bytes.")
    return start, min(int(match[2]) + 1, size) if match[2] else size, 206


def _inflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    for piece in pieces:
        yield inflater.decompress(piece)
    yield inflater.flush()

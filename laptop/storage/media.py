"""Downloads: whole or a range, stored or transcoded from gzip."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from laptop.http import ApiError
from laptop.storage.catalog import Record
from laptop.storage.objects import Objects
from laptop.storage.preconditions import check, check_etag, number

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SMALL = 256 * 1024


def send_media(request: Request, objects: Objects, bucket: str, name: str) -> Response:
    """An object's bytes; 304 or 412 as its conditions say, 416 for a range past its end."""
    given = request.query_params
    resource, content = objects.find(bucket, name, number(given, "generation"))
    check(resource, given, reading=True)
    check_etag(resource, request.headers)
    size = int(resource["size"])
    headers = _headers(resource)
    if resource.get("contentEncoding") == "gzip" and "gzip" not in request.headers.get("accept-encoding", ""):
        pieces = _inflate(objects.blobs.read(content, 0, size))
        headers.pop("content-encoding", None)
        return StreamingResponse(pieces, headers=headers, media_type=resource["contentType"])
    start, end, status = _read_range(request.headers.get("range"), size)
    if status == 416:
        return _refuse_range(request, size)
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


def _refuse_range(request: Request, size: int) -> Response:
    error = ApiError(416, f"The requested range cannot be satisfied: {request.headers['range']} of {size} bytes.")
    return JSONResponse(error.as_json(), status_code=416, headers={"content-range": f"bytes */{size}"})


def _read_range(asked: str | None, size: int) -> tuple[int, int, int]:
    """`(start, end, status)`: 200 for the whole (also if the header makes no sense, as HTTP says), 206, or 416."""
    match = _RANGE.fullmatch(asked or "")
    if match is None or match[0] == "bytes=-":
        return 0, size, 200
    start = int(match[1]) if match[1] else max(size - int(match[2]), 0)
    end = min(int(match[2]) + 1, size) if match[1] and match[2] else size
    if match[1] and match[2] and int(match[2]) < start:
        return 0, size, 200
    return (start, end, 206) if start < size else (0, 0, 416)


def _inflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A gzip file may hold several members, one after the other."""
    inflater = zlib.decompressobj(wbits=31)
    for rest in pieces:
        while rest:
            yield inflater.decompress(rest)
            rest = inflater.unused_data  # noqa: PLW2901 - the next member starts where this one ended
            if inflater.eof:
                inflater = zlib.decompressobj(wbits=31)

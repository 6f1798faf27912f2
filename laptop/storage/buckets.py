"""The JSON API's buckets."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError
from laptop.storage.answers import answer, read_fields
from laptop.storage.catalog import ObjectCatalog, Record
from laptop.storage.objects import stamp
from laptop.storage.preconditions import check, check_etag, number
from laptop.storage.refusals import refuse_unserved_fields

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_FIXED = ("kind", "id", "name", "selfLink", "timeCreated", "updated", "metageneration", "etag", "projectNumber")
_AT_BIRTH = ("location", "locationType")
_PAGE = 1000


class Buckets:
    """Create, list, get, change, delete."""

    def __init__(self, catalog: ObjectCatalog) -> None:
        self._catalog = catalog

    async def create(self, request: Request) -> Response:
        body = await read_fields(request)
        name = str(body.get("name", ""))
        if not is_valid_name(name):
            raise ApiError(400, f"Invalid bucket name: {name!r}", reason="invalid")
        refuse_unserved_fields(body)
        if self._catalog.bucket(name):
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise ApiError(409, message, reason="conflict")
        bucket = _describe(name, body)
        self._catalog.put_bucket(bucket)
        return answer(request, bucket)

    async def list(self, request: Request) -> Response:
        """In name order, a page at a time; the token is the last name of the page before."""
        given = request.query_params
        limit = number(given, "maxResults") or _PAGE
        prefix, after = given.get("prefix", ""), given.get("pageToken", "")
        found = [b for b in self._catalog.buckets() if b["name"].startswith(prefix) and b["name"] > after]
        page: Record = {"kind": "storage#buckets", "items": found[:limit]}
        return answer(request, page | ({"nextPageToken": found[limit - 1]["name"]} if len(found) > limit else {}))

    async def get(self, request: Request) -> Response:
        bucket = self._find(request)
        check(bucket, request.query_params, reading=True)
        check_etag(bucket, request.headers)
        return answer(request, bucket)

    async def patch(self, request: Request) -> Response:
        """Merge: null takes a field away, maps merge by key."""
        fields = await read_fields(request)
        bucket = self._find(request)
        return self._put(
            request, bucket, {**bucket, **{f: _merge(bucket.get(f), v) for f, v in fields.items()}}, fields
        )

    async def update(self, request: Request) -> Response:
        """Replace all that can be written."""
        fields = await read_fields(request)
        bucket = self._find(request)
        kept = {field: bucket[field] for field in (*_AT_BIRTH, "storageClass") if field in bucket}
        return self._put(request, bucket, {**kept, **fields}, fields)

    def _put(self, request: Request, before: Record, after: Record, asked: Record) -> Response:
        check(before, request.query_params)
        refuse_unserved_fields(asked)
        fixed = {field: before[field] for field in (*_FIXED, *_AT_BIRTH) if field in before}
        version = str(int(before["metageneration"]) + 1)
        bucket = {field: value for field, value in after.items() if value is not None}
        bucket |= fixed | {"metageneration": version, "etag": version, "updated": stamp()}
        self._catalog.put_bucket(bucket)
        return answer(request, bucket)

    async def delete(self, request: Request) -> Response:
        bucket = self._find(request)
        check(bucket, request.query_params)
        if not self._catalog.is_empty(bucket["name"]):
            raise ApiError(409, "The bucket you tried to delete is not empty.", reason="conflict")
        with self._catalog.change():
            self._catalog.delete_bucket(bucket["name"])
        return Response(status_code=204)

    def _find(self, request: Request) -> Record:
        return self._catalog.require_bucket(request.path_params["bucket"])


def is_valid_name(name: str) -> bool:
    """Whether a bucket may be called so: 3 to 63 characters, or up to 222 in parts of at most 63 between dots."""
    if not _BUCKET.fullmatch(name) or _ADDRESS.fullmatch(name) or name.startswith("goog") or "google" in name:
        return False
    return all(1 <= len(part) <= 63 for part in name.split("."))


def _describe(name: str, body: Record) -> Record:
    now = stamp()
    written = {field: value for field, value in body.items() if field not in _FIXED and value is not None}
    return {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"/storage/v1/b/{name}",
        "location": "US",
        "locationType": "region",
        "storageClass": "STANDARD",
        "metageneration": "1",
        "projectNumber": "1",
        "timeCreated": now,
        "updated": now,
        "etag": "1",
    } | written


def _merge(before: Any, after: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    merged = before | {field: _merge(before.get(field), value) for field, value in after.items()}
    return {field: value for field, value in merged.items() if value is not None}

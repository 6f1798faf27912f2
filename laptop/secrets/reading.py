"""What requests must hold to be stored: ids, payloads, fields, pages. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import google_crc32c

from laptop.http import ApiError

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_KNOWN = ("replication", "labels", "annotations", "name", "etag", "createTime")
_MAX_PAYLOAD = 64 * 1024
_PAGE = 25_000


def read_secret(secret_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to keep; 400 for a bad id or no replication, 501 for what would have to change what happens."""
    if not _ID.fullmatch(secret_id):
        raise ApiError(400, f"Secret id {secret_id!r} is not 1 to 255 letters, digits, - and _.")
    unserved = sorted(field for field, value in fields.items() if value and field not in _KNOWN)
    if unserved:
        raise ApiError(501, f"the laptop's Secret Manager has no {unserved[0]}")
    if not isinstance(fields.get("replication"), dict):
        raise ApiError(400, "The replication field is required.")
    return {field: fields[field] for field in ("replication", "labels", "annotations") if fields.get(field)}


def read_payload(payload: Mapping[str, Any]) -> str:
    """The payload's standard base64; 400 if it is none, is over 64 KiB or has another crc32c than it says."""
    try:
        data = base64.b64decode(str(payload.get("data", "")).translate({45: 43, 95: 47}), validate=True)
    except binascii.Error as error:
        raise ApiError(400, f"The payload's data is not base64: {error}") from error
    if len(data) > _MAX_PAYLOAD:
        raise ApiError(400, f"The payload has {len(data)} bytes; the limit is {_MAX_PAYLOAD}.")
    checksum = payload.get("dataCrc32c")
    if checksum is not None and str(checksum) != str(google_crc32c.value(data)):
        raise ApiError(400, "The payload's data does not match its dataCrc32c.")
    return base64.b64encode(data).decode()


def cut_page(kind: str, found: list[dict[str, Any]], given: Mapping[str, str]) -> dict[str, Any]:
    """One page; the token is the offset of the next. 501 for a filter, 400 for a size or token that is no number."""
    if given.get("filter"):
        raise ApiError(501, "the laptop's Secret Manager has no filters")
    size, start = given.get("pageSize") or "0", given.get("pageToken") or "0"
    if not (size.isdecimal() and start.isdecimal()):
        raise ApiError(400, "pageSize and pageToken must be numbers")
    end = int(start) + (min(int(size), _PAGE) or _PAGE)
    page: dict[str, Any] = {kind: found[int(start) : end], "totalSize": len(found)}
    return page | ({"nextPageToken": str(end)} if end < len(found) else {})

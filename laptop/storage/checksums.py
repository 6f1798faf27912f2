"""The checksums a client promises, held against what arrived. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from laptop.http import ApiError
from laptop.storage.blobs import Content


def expected_checksums(fields: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """`(md5 or crc32c, base64)` as the metadata, `x-goog-hash` and `Content-MD5` name them."""
    for name, field in (("md5", "md5Hash"), ("crc32c", "crc32c")):
        if fields.get(field):
            yield name, str(fields[field])
    for part in filter(None, headers.get("x-goog-hash", "").split(",")):
        name, _, value = part.strip().partition("=")
        yield name, value
    if "content-md5" in headers:
        yield "md5", headers["content-md5"]


def require_checksums(content: Content, expected: Iterator[tuple[str, str]]) -> None:
    """400 for the first that differs; a content whose md5 is unknown answers for its crc32c alone."""
    have = {"md5": content.md5, "crc32c": content.crc32c}
    for name, value in expected:
        if name not in have:
            raise ApiError(501, f"the laptop's Cloud Storage has no {name} checksums", reason="notImplemented")
        if have[name] and have[name] != value:
            raise ApiError(400, f"Provided {name} {value!r} doesn't match calculated {have[name]!r}.", reason="invalid")

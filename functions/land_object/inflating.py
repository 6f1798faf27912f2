"""Read gzip with a limit on what comes out: a small file must not fill a disk or a memory."""

from __future__ import annotations

import gzip
import io
from typing import IO, cast

from ripple.errors import PermanentError
from ripple.ports import StoredObject

GZIP_MAGIC = b"\x1f\x8b"
MAX_RATIO = 200
MAX_BYTES = 4 * 1024**3
_RATIO_COUNTS_FROM = 16 * 1024**2


class _Limited(io.RawIOBase):
    def __init__(self, compressed: IO[bytes], uri: str) -> None:
        self._compressed = compressed
        self._inflated = gzip.GzipFile(fileobj=compressed)
        self._uri = uri
        self._out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._inflated.read(len(view))
        self._out += len(data)
        taken = max(self._compressed.tell(), 1)
        if self._out > MAX_BYTES or (self._out > _RATIO_COUNTS_FROM and self._out / taken > MAX_RATIO):
            raise PermanentError("gzip_bomb", f"{self._uri} inflates past {MAX_RATIO} times its size or 4 GiB")
        view[: len(data)] = data
        return len(data)


def inflate(compressed: IO[bytes], uri: str) -> IO[bytes]:
    """The inflated stream; PermanentError `gzip_bomb` past the limits."""
    return cast(IO[bytes], io.BufferedReader(_Limited(compressed, uri), 1024 * 1024))


def expect_encoding(stored: StoredObject, format: str) -> None:
    """PermanentError for a Content-Encoding that is not read: any but gzip, and any of Parquet."""
    encoding = stored.content_encoding.strip().lower()
    if encoding not in ("", "identity", "gzip") or (encoding == "gzip" and format == "parquet"):
        raise PermanentError(
            "encoding_unknown",
            f"{stored.ref.uri} has the Content-Encoding {stored.content_encoding[:100]!r}, which is not read of {format}",
            "store it without one; JSON lines may have gzip",
        )


def decode_stored(raw: IO[bytes], stored: StoredObject, format: str) -> IO[bytes]:
    """The stream of lines: inflated once if name or Content-Encoding say gzip. Both name the same single layer."""
    is_gzip = format.endswith(".gz") or stored.content_encoding.strip().lower() == "gzip"
    return inflate(raw, stored.ref.uri) if is_gzip else raw

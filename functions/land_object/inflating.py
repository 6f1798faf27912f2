"""Read gzip and zstd with a limit on what comes out: a small file must not fill a disk or a memory."""

from __future__ import annotations

import gzip
import io
from typing import IO, Any, cast

import pyarrow as pa

from ripple.errors import PermanentError
from ripple.ports import StoredObject

GZIP_MAGIC = b"\x1f\x8b"
MAX_RATIO = 200
MAX_BYTES = 4 * 1024**3
_RATIO_COUNTS_FROM = 16 * 1024**2


class _Limited(io.RawIOBase):
    def __init__(self, compressed: IO[bytes], inflated: Any, uri: str, layer: str) -> None:
        self._compressed, self._inflated, self._uri, self._layer = compressed, inflated, uri, layer
        self._out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._inflated.read(len(view))
        self._out += len(data)
        taken = max(self._compressed.tell(), 1)
        if self._out > MAX_BYTES or (self._out > _RATIO_COUNTS_FROM and self._out / taken > MAX_RATIO):
            raise PermanentError(
                "zstd_bomb" if self._layer == "zstd" else "gzip_bomb",
                f"{self._uri} inflates past {MAX_RATIO} times its size or 4 GiB",
            )
        view[: len(data)] = data
        return len(data)


def inflate(compressed: IO[bytes], uri: str, layer: str = "gzip") -> IO[bytes]:
    """The inflated stream of one layer, gzip or zstd; PermanentError `gzip_bomb` or `zstd_bomb` past the limits."""
    if layer == "zstd":
        inflated: Any = pa.input_stream(pa.PythonFile(compressed, mode="r"), compression="zstd")
    else:
        inflated = gzip.GzipFile(fileobj=compressed)
    return cast(IO[bytes], io.BufferedReader(_Limited(compressed, inflated, uri, layer), 1024 * 1024))


_SUFFIXES = {".gz": "gzip", ".zst": "zstd"}


def name_layer(stored: StoredObject, format: str) -> str:
    """`gzip`, `zstd` or nothing: what the name and the Content-Encoding say. Both name the same single layer.

    PermanentError for a Content-Encoding that is not read, or is another than the name's; and any of Parquet.
    """
    encoding = stored.content_encoding.strip().lower()
    by_name = next((layer for suffix, layer in _SUFFIXES.items() if format.endswith(suffix)), "")
    by_header = "" if encoding == "identity" else encoding
    if by_header not in ("", "gzip", "zstd") or (by_header and (format == "parquet" or by_name not in ("", by_header))):
        raise PermanentError(
            "encoding_unknown",
            f"{stored.ref.uri} has the Content-Encoding {stored.content_encoding[:100]!r}, which is not read of {format}",
            "store it without one; texts and Avro may have gzip or zstd",
        )
    return by_name or by_header

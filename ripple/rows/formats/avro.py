"""Read Avro object container files, a block at a time, within limits: what a header or a block promises is checked before it is believed.

https://avro.apache.org/docs/1.12.0/specification/#object-container-files
"""

from __future__ import annotations

import bz2
import hashlib
import io
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

import fastavro
import orjson
import pyarrow as pa

from ripple.errors import PermanentError
from ripple.rows.contracts import Contract
from ripple.rows.contracts.lines import KEPT_RAW
from ripple.rows.formats.plain import to_plain
from ripple.rows.judged import DecodedRow, JudgedPage, judge_decoded
from ripple.rows.tagged_json import write_tagged

MAX_BLOCK_BYTES = 64 * 1024**2
"""Of one block, stored or inflated."""
_HEADER_BYTES = 1024 * 1024
_ROWS_AT_ONCE = 10_000
_SYNC_BYTES = 16
_UNREADABLE = (
    ValueError, EOFError, LookupError, OSError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError,
    struct.error, lzma.LZMAError, zlib.error, fastavro.schema.SchemaParseException, fastavro.schema.UnknownType,
)  # fmt: skip
"""What fastavro and the codecs raise of bytes that are not what they should be."""
_HEADER = fastavro.parse_schema(
    {
        "type": "record",
        "name": "header",
        "fields": [
            {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
            {"name": "meta", "type": {"type": "map", "values": "bytes"}},
            {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": _SYNC_BYTES}},
        ],
    }
)


class CorruptAvroError(ValueError):
    """A block, or the header, that is not what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    schema: Any
    codec: str
    sync: bytes


def judge_avro(stream: IO[bytes], uri: str, contract: Contract) -> Iterator[JudgedPage]:
    """The records of an object, judged as rows; a row's offset is its number, from 0. PermanentError for a file that is not whole."""
    page: list[DecodedRow] = []
    for number, record in enumerate(_expect_whole(stream, uri)):
        page.append(_to_decoded(to_plain(record, contract), number))
        if len(page) == _ROWS_AT_ONCE:
            yield judge_decoded(page, contract)
            page = []
    yield judge_decoded(page, contract)


def _expect_whole(stream: IO[bytes], uri: str) -> Iterator[Mapping[str, Any]]:
    try:
        yield from read_records(stream)
    except _UNREADABLE as error:
        raise PermanentError("avro_corrupt", f"{uri}: {str(error)[:300]}", "drop the file again, whole") from error


def _to_decoded(row: Mapping[str, Any], number: int) -> DecodedRow:
    text = write_tagged(row)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return DecodedRow(line=number + 1, offset=number, row=row, line_hash=digest, raw=text[:KEPT_RAW])


def read_records(stream: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    """Every record, as fastavro decodes it. CorruptAvroError, or what its decoder raises, for a file that is none."""
    source = _Source(stream)
    header = _read_header(source)
    while (count := source.take_long()) is not None:
        size = source.take_long()
        if size is None or not 0 <= size <= MAX_BLOCK_BYTES:
            raise CorruptAvroError(f"a block of {size} bytes, more than {MAX_BLOCK_BYTES}")
        block = _CODECS[header.codec](source.take(size))
        # A record without bytes has no field: a block could promise any number of them.
        if not 0 <= count <= len(block):
            raise CorruptAvroError(f"a block of {len(block)} bytes that promises {count} records")
        yield from _read_block(block, count, header.schema)
        if source.take(_SYNC_BYTES) != header.sync:
            raise CorruptAvroError("a block does not end in the file's marker")


def _read_block(block: bytes, count: int, schema: Any) -> Iterator[Mapping[str, Any]]:
    held = io.BytesIO(block)
    for _ in range(count):
        yield cast(Mapping[str, Any], fastavro.schemaless_reader(held, schema, None))
    if held.tell() != len(block):
        raise CorruptAvroError("a block holds more than its records")


class _Source:
    """A stream from which as many bytes are taken as are asked for, and not one more is lost."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._held = stream, b""

    def peek(self, size: int) -> bytes:
        """Up to `size` bytes, which are still there after it."""
        while len(self._held) < size and (more := self._stream.read(size - len(self._held))):
            self._held += more
        return self._held[:size]

    def take(self, size: int) -> bytes:
        taken = self.peek(size)
        if len(taken) < size:
            raise CorruptAvroError("it ends within a block")
        self._held = self._held[size:]
        return taken

    def take_long(self) -> int | None:
        """A number in zigzag and varint; None at the end."""
        number = shift = 0
        if not self.peek(1):
            return None
        while True:
            byte = self.take(1)[0]
            number, shift = number | (byte & 127) << shift, shift + 7
            if byte < 128:
                return (number >> 1) ^ -(number & 1)
            if shift > 63:
                raise CorruptAvroError("a number of more than 64 bits")


def _read_header(source: _Source) -> _Header:
    begun = io.BytesIO(source.peek(_HEADER_BYTES))
    header = cast(dict[str, Any], fastavro.schemaless_reader(begun, _HEADER, None))
    if header["magic"] != b"Obj\x01":
        raise CorruptAvroError("it does not begin as Avro does")
    source.take(begun.tell())
    schema = orjson.loads(header["meta"]["avro.schema"])
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise CorruptAvroError("its schema is no record")
    codec = header["meta"].get("avro.codec", b"null").decode()
    if codec not in _CODECS:
        raise CorruptAvroError(f"its codec {codec[:50]!r} is not read; {', '.join(_CODECS)} are")
    return _Header(schema=fastavro.parse_schema(schema), codec=codec, sync=header["sync"])


def _inflate_by(inflater: Any, block: bytes) -> bytes:
    inflated = inflater.decompress(block, MAX_BLOCK_BYTES + 1)
    if len(inflated) > MAX_BLOCK_BYTES:
        raise CorruptAvroError(f"a block that inflates past {MAX_BLOCK_BYTES} bytes")
    return bytes(inflated)


def _inflate_snappy(block: bytes) -> bytes:
    """Snappy says its length first; Avro puts a checksum behind it."""
    source = _Source(io.BytesIO(block))
    size = shift = 0
    while True:
        byte = source.take(1)[0]
        size, shift = size | (byte & 127) << shift, shift + 7
        if byte < 128 or shift > 35:
            break
    if size > MAX_BLOCK_BYTES:
        raise CorruptAvroError(f"a block that inflates past {MAX_BLOCK_BYTES} bytes")
    inflated = pa.decompress(block[:-4], decompressed_size=size, codec="snappy", asbytes=True)
    if zlib.crc32(inflated) != int.from_bytes(block[-4:], "big"):
        raise CorruptAvroError("a block's checksum is another")
    return bytes(inflated)


def _inflate_zstd(block: bytes) -> bytes:
    with pa.input_stream(io.BytesIO(block), compression="zstd") as stream:
        inflated = stream.read(MAX_BLOCK_BYTES + 1)
    if len(inflated) > MAX_BLOCK_BYTES:
        raise CorruptAvroError(f"a block that inflates past {MAX_BLOCK_BYTES} bytes")
    return bytes(inflated)


_CODECS: Mapping[str, Callable[[bytes], bytes]] = {
    "null": lambda block: block,
    "deflate": lambda block: _inflate_by(zlib.decompressobj(-15), block),
    "snappy": _inflate_snappy,
    "zstandard": _inflate_zstd,
    "bzip2": lambda block: _inflate_by(bz2.BZ2Decompressor(), block),
    "xz": lambda block: _inflate_by(lzma.LZMADecompressor(), block),
}

"""Which reader an object's format has. Each gives pages of judged rows; Parquet, which is no stream, is read apart."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from functions.land_object.diagnosing import Findings
from functions.land_object.inflating import GZIP_MAGIC
from ripple.errors import PermanentError
from ripple.ports import StoredObject
from ripple.rows.contracts import Contract
from ripple.rows.judged import JudgedPage
from ripple.rows.layouts.chunks import Chunk, read_chunks
from ripple.rows.layouts.reading import judge_chunks

_CONTENT = re.compile(rb"\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is read: the object, its format, and the layer of compression that was taken off, if any."""

    stored: StoredObject
    format: str
    layer: str

    @property
    def uri(self) -> str:
        return self.stored.ref.uri


def read_pages(stream: IO[bytes], source: Source, contract: Contract, findings: Findings) -> Iterator[JudgedPage]:
    """Every row of the stream, judged."""
    return _READERS[source.format](stream, source, contract, findings)


def _read_lines(stream: IO[bytes], source: Source, contract: Contract, findings: Findings) -> Iterator[JudgedPage]:
    return judge_chunks(_watch_head(read_chunks(stream), source, findings), contract)


def _read_elements(stream: IO[bytes], source: Source, contract: Contract, _findings: Findings) -> Iterator[JudgedPage]:
    from ripple.rows.formats.elements import judge_elements

    return judge_elements(stream, source.uri, contract)


def _read_records(stream: IO[bytes], source: Source, contract: Contract, _findings: Findings) -> Iterator[JudgedPage]:
    from ripple.rows.formats.delimited import judge_delimited
    from ripple.rows.formats.transcoding import as_utf8

    assert contract.dialect is not None
    return judge_delimited(as_utf8(stream, contract.dialect.encoding), source.uri, contract, contract.dialect)


def _read_avro(stream: IO[bytes], source: Source, contract: Contract, _findings: Findings) -> Iterator[JudgedPage]:
    from ripple.rows.formats.avro import judge_avro

    return judge_avro(stream, source.uri, contract)


_READERS: Mapping[str, Callable[[IO[bytes], Source, Contract, Findings], Iterator[JudgedPage]]] = {
    "jsonl": _read_lines,
    "json": _read_elements,
    "csv": _read_records,
    "tsv": _read_records,
    "avro": _read_avro,
}


def _watch_head(chunks: Iterator[Chunk], source: Source, findings: Findings) -> Iterator[Chunk]:
    """A byte order mark belongs to no row; the first line shows what an object is that is no JSON lines."""
    for chunk in chunks:
        head = chunk.text or (chunk.overlong.content if chunk.overlong else b"")
        if chunk.offset == 0:
            _expect_lines(head, source)
        findings.note_head(_first_line(head))
        yield chunk


def _expect_lines(head: bytes, source: Source) -> None:
    if head.startswith(codecs.BOM_UTF8):
        raise PermanentError("byte_order_mark", f"{source.uri} begins with a byte order mark", "write it without one")
    if source.layer and head.startswith(GZIP_MAGIC):
        raise PermanentError("gzip_twice", f"{source.uri} is gzip within {source.layer}", "compress it once")


def _first_line(text: bytes) -> bytes:
    """The first line that is not blank; empty if there is none."""
    found = _CONTENT.search(text)
    if found is None:
        return b""
    begin, end = text.rfind(b"\n", 0, found.start()) + 1, text.find(b"\n", found.start())
    return text[begin : end if end >= 0 else None].removesuffix(b"\r")

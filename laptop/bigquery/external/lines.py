"""Raw lines of a text object as an Arrow table, as a one-column CSV without quoting is read."""

from __future__ import annotations

import zlib

import pyarrow as pa

from laptop.bigquery.errors import invalid_query
from laptop.bigquery.external.definition import Definition


def inflate(content: bytes, name: str) -> bytes:
    """Gzip by name or by magic: a store may already have inflated a transcoded object. Raises ApiError if broken."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    pieces = []
    try:
        while content.startswith(b"\x1f\x8b"):
            stream = zlib.decompressobj(wbits=31)
            pieces.append(stream.decompress(content))
            content = stream.unused_data
    except zlib.error as error:
        raise invalid_query(f"Error while reading data, could not inflate {name}: {error}") from error
    return b"".join(pieces)


def split_lines(content: bytes) -> list[str]:
    """UTF-8, bad bytes as U+FFFD; lines end in LF or CRLF; empty ones are left out."""
    lines = content.decode("utf-8", errors="replace").split("\n")
    return [line for line in (raw.removesuffix("\r") for raw in lines) if line]


def read_lines(content: bytes, definition: Definition, uri: str) -> pa.Table:
    """One STRING column. A line that holds the delimiter has too many fields: bad, unless unknown values are ignored."""
    lines = split_lines(content)[definition.skip_rows :]
    extra = [line for line in lines if definition.delimiter in line]
    if extra and definition.ignore_unknown:
        lines = [line.split(definition.delimiter, 1)[0] for line in lines]
    elif len(extra) > definition.max_bad:
        raise invalid_query(f"Error while reading data: too many fields in {len(extra)} lines of {uri}")
    elif extra:
        lines = [line for line in lines if definition.delimiter not in line]
    return pa.table({definition.columns[0]["name"]: pa.array(lines, pa.string())})

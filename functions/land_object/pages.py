"""What the page headers of a Parquet file say a reader will allocate, summed before anything is decoded.

The footer can lie, and a page of 100 kB can inflate to a gigabyte; a reader believes the header in front of each page.
https://github.com/apache/parquet-format: headers are structs of Thrift's compact protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from ripple.errors import PermanentError

MAX_PAGE_BYTES = 32 * 1024**2
MAX_ROWS = 5_000_000
MAX_VALUES = 4_000_000
"""Of one column in one row group: a list can hold any number in a row."""
MAX_VALUE_BYTES = 1024 * 1024
"""On the average of a page; a document has no more."""
MAX_GROUPS = 500
MAX_PAGES = 100_000
MAX_LIST_BYTES = 64 * 1024**2
"""Of a list's column in one row group: a single row can hold all of it."""
MAX_RATIO = 200
_RATIO_COUNTS_FROM = 16 * 1024**2
_HEADER_BYTES = 64 * 1024
_BATCH_BYTES = 16 * 1024**2
_BATCH_ROWS = 16_384
_DICTIONARY_CODED = (2, 8)
_STOP, _STRUCT, _BINARY = 0, 12, 8
_SIZES = {1: 0, 2: 0, 3: 1, 7: 8}
_INTEGERS = (4, 5, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: bytes of its header, as stored and inflated, how many values it declares, and whether they are rows' own."""

    header: int
    stored: int
    inflated: int
    values: int
    is_data: bool
    is_coded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReadPlan:
    """How a column is read within bounds: so many rows at once, and as dictionaries where its pages are all coded so.

    A code may stand for a megabyte, so coded pages are not spread out; pages that are not would fill a dictionary for nothing.
    """

    rows: int
    as_dictionary: bool


def plan_batches(metadata: Any, raw: IO[bytes], uri: str) -> dict[str, ColumnReadPlan]:
    """By column, how it can be read with some 16 MiB at once.

    PermanentError `parquet_too_large` if reading the file would take more memory or time than a function has; ValueError
    where its pages do not lie as its footer says.
    """
    if metadata.num_rows > MAX_ROWS:
        raise _too_large(uri, f"{metadata.num_rows} rows, more than {MAX_ROWS}")
    if metadata.num_row_groups > MAX_GROUPS:
        raise _too_large(uri, f"{metadata.num_row_groups} row groups, more than {MAX_GROUPS}")
    columns: dict[str, list[_Chunk]] = {}
    every: list[_Chunk] = []
    for group in range(metadata.num_row_groups):
        for at in range(metadata.num_columns):
            path = metadata.schema.column(at).path
            chunk = _measure(_check_pages(_walk(metadata.row_group(group).column(at), raw), uri), "." in path)
            _check_chunk(chunk, path, metadata.row_group(group).num_rows, uri)
            every.append(chunk)
            columns.setdefault(path.split(".")[0], []).append(chunk)
        _check_sum(every, uri)
    return {name: _plan(chunks) for name, chunks in columns.items()}


def _plan(chunks: Sequence[_Chunk]) -> ColumnReadPlan:
    widest = max(chunk.widest for chunk in chunks)
    as_dictionary = all(chunk.is_coded or chunk.is_list for chunk in chunks)
    if not as_dictionary:
        widest = max(widest, *(chunk.dictionary for chunk in chunks))
    return ColumnReadPlan(rows=max(min(_BATCH_ROWS, _BATCH_BYTES // max(widest, 1)), 1), as_dictionary=as_dictionary)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """The pages of one column in one row group together; `widest` is the most bytes of a value on a page's average.

    `dictionary` is in bytes: any of its values may be nearly all of it.
    """

    pages: int
    stored: int
    inflated: int
    values: int
    widest: int
    dictionary: int
    is_coded: bool
    is_list: bool


def _measure(pages: Iterator[Page], is_list: bool) -> _Chunk:
    held = list(pages)
    return _Chunk(
        pages=len(held),
        stored=sum(page.stored for page in held),
        inflated=sum(page.inflated for page in held),
        values=sum(page.values for page in held if page.is_data),
        widest=max((page.inflated // max(page.values, 1) for page in held), default=0),
        dictionary=sum(page.inflated for page in held if not page.is_data),
        is_coded=all(page.is_coded for page in held if page.is_data),
        is_list=is_list,
    )


def _check_chunk(chunk: _Chunk, path: str, rows: int, uri: str) -> None:
    if chunk.is_list and chunk.inflated > MAX_LIST_BYTES:
        raise _too_large(uri, f"lists of more than {MAX_LIST_BYTES} bytes in one row group")
    if not chunk.is_list and chunk.values != rows:
        # A reader stops at what the footer says: the other rows would be gone without a word.
        raise ValueError(f"{path} holds {chunk.values} values, its row group {rows} rows")


def _check_sum(chunks: Sequence[_Chunk], uri: str) -> None:
    if sum(chunk.pages for chunk in chunks) > MAX_PAGES:
        raise _too_large(uri, f"more than {MAX_PAGES} pages")
    inflated, stored = sum(chunk.inflated for chunk in chunks), sum(chunk.stored for chunk in chunks)
    if inflated > max(_RATIO_COUNTS_FROM, MAX_RATIO * stored):
        raise _too_large(uri, f"pages that inflate past {MAX_RATIO} times their size")


def _check_pages(pages: Iterator[Page], uri: str) -> Iterator[Page]:
    values = 0
    for page in islice(pages, MAX_PAGES + 1):
        values += page.values
        if page.inflated > MAX_PAGE_BYTES:
            raise _too_large(uri, f"a page of {page.inflated} bytes, more than {MAX_PAGE_BYTES}")
        if page.inflated > MAX_VALUE_BYTES * max(page.values, 1):
            raise _too_large(uri, f"values of more than {MAX_VALUE_BYTES} bytes")
        if values > MAX_VALUES:
            raise _too_large(uri, f"more than {MAX_VALUES} values of a column in one row group")
        yield page


def _too_large(uri: str, what: str) -> PermanentError:
    return PermanentError("parquet_too_large", f"{uri} has {what}", "write it in more, smaller files and row groups")


def _walk(chunk: Any, raw: IO[bytes]) -> Iterator[Page]:
    """The pages of a column chunk, the dictionary's first; ValueError where they do not lie as the footer says."""
    # 0 or None stands for a page that is not there.
    starts = [offset for offset in (chunk.dictionary_page_offset, chunk.data_page_offset) if offset]
    at = min(starts, default=0)
    end = at + (chunk.total_compressed_size if starts else 0)
    while at < end:
        page = _read_at(raw, at)
        yield page
        at += page.header + page.stored


def _read_at(raw: IO[bytes], at: int) -> Page:
    """Most headers are of some 20 bytes; one that holds statistics may be long."""
    raw.seek(at)
    try:
        return read_header(raw.read(512))
    except ValueError:
        raw.seek(at)
        return read_header(raw.read(_HEADER_BYTES))


def read_header(data: bytes) -> Page:
    """The page whose header `data` begins with; ValueError if it is none."""
    try:
        fields, length = _read_struct(data, 0, 0)
    except IndexError:
        raise ValueError("a page header is cut") from None
    inflated, stored = fields.get(2, -1), fields.get(3, -1)
    kinds = [number for number in (5, 7, 8) if isinstance(fields.get(number), dict)]
    values = fields[kinds[0]].get(1, -1) if kinds else 0
    if not all(isinstance(number, int) and number >= 0 for number in (inflated, stored, values)):
        raise ValueError("a page header without its sizes")
    is_data = kinds[:1] in ([5], [8])
    # Where a data page's header says its encoding: second in version 1, fourth in version 2.
    encoding = fields[kinds[0]].get(2 if kinds[0] == 5 else 4) if is_data else None
    return Page(
        header=length,
        stored=stored,
        inflated=inflated,
        values=values,
        is_data=is_data,
        is_coded=encoding in _DICTIONARY_CODED,
    )


def _read_struct(data: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    fields: dict[int, Any] = {}
    number = 0
    if depth > 8:
        raise ValueError("a page header nested deeper than any")
    while (head := data[at]) != _STOP:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _read_integer(data, at)
        fields[number], at = _read_value(data, at, head & 15, depth)
    return fields, at + 1


def _read_value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        return _read_integer(data, at)
    if kind in _SIZES:
        return None, at + _SIZES[kind]
    if kind == _STRUCT:
        return _read_struct(data, at, depth + 1)
    if kind == _BINARY:
        length, at = _read_varint(data, at)
        return None, at + length
    raise ValueError(f"a page header with a field of type {kind}, which has none")


def _read_integer(data: bytes, at: int) -> tuple[int, int]:
    """Zigzag: 0, -1, 1, -2 ..."""
    number, at = _read_varint(data, at)
    return (number >> 1) ^ -(number & 1), at


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at, number, shift = at + 1, number | (byte & 127) << shift, shift + 7
        if byte < 128:
            return number, at
        if shift > 63:
            raise ValueError("a number of more than 64 bits in a page header")

"""The records of a part of a delimited file, a column at a time, by the positions of its delimiters. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ripple.rows.contracts import Contract
from ripple.rows.formats.cells import read_column, undouble
from ripple.rows.formats.dialect import Dialect
from ripple.rows.judged import CORRECTS, DIGEST, OFFSET, accepted_schema
from ripple.rows.layouts.chunks import Chunk
from ripple.rows.layouts.hashing import hash_lines
from ripple.rows.layouts.matching import Matched, cut
from ripple.rows.layouts.pages import Bools, Ints, find_byte, find_content, find_undecodable
from ripple.rows.sales_schema import RESCUED, arrow_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What the records of an object are read by: names of their fields in order, the flow's contract, the dialect."""

    names: Sequence[str]
    contract: Contract
    dialect: Dialect

    @property
    def is_known(self) -> bool:
        """Whether columns can be read: no field is unknown to the contract, and none that it requires is absent."""
        known, given = self.contract.kinds.keys(), set(self.names)
        return given <= known and known - given <= self.contract.nullable


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Rows that the columns vouch for; `left` are the begins and ends of the other lines, `places` where they stand among all.

    `spans`: a record may span lines, and nothing is read. `lines` are those that are not blank.
    """

    accepted: Any
    lines: int
    places: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    numbers: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    left: Sequence[tuple[int, int]] = ()
    spans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    text: bytes
    data: Any
    numbers: Ints
    starts: Ints
    ends: Ints
    quotes: Ints


def read_records(part: Chunk, reader: Reader) -> Records:
    """The records of whole lines; numbers count from 0, blank lines too."""
    text, data = part.text, np.frombuffer(part.text, np.uint8)
    numbers, starts, ends = find_content(text, data, find_byte(data, ord("\n")))
    quotes = find_byte(data, ord(reader.dialect.quote))
    counts = np.searchsorted(quotes, ends) - np.searchsorted(quotes, starts)
    schema = accepted_schema(reader.contract)
    if (counts % 2).any():
        return Records(accepted=schema.empty_table(), lines=len(starts), spans=True)
    lines = _Lines(text=text, data=data, numbers=numbers, starts=starts, ends=ends, quotes=quotes)
    accepted, vouched = _read(lines, reader, part.offset) if reader.is_known else (schema.empty_table(), None)
    left = np.ones(len(starts), np.bool_)
    if vouched is not None:
        left[vouched] = False
    places = np.flatnonzero(left)
    spans = list(zip(starts[places].tolist(), ends[places].tolist(), strict=True))
    return Records(accepted=accepted, lines=len(starts), places=places, numbers=numbers[places], left=spans)


def _read(lines: _Lines, reader: Reader, offset: int) -> tuple[Any, Ints]:
    """The accepted rows of lines that are read by position, and which lines those are."""
    at, edges, quotes = _find_fields(lines, reader)
    matched = Matched(lines=at, pieces=cut(lines.data, edges), stride=edges.shape[1])
    columns, doubts = _read_columns(matched, quotes, reader)
    sound = at[~doubts]
    starts, kept = lines.starts[sound], pa.array(~doubts)
    rows = len(sound)
    whole = {name: column.filter(kept) for name, column in columns.items()} | {
        RESCUED.name: pa.nulls(rows, pa.string()),
        CORRECTS: pa.nulls(rows, pa.int64()),
        OFFSET: pa.array(starts + offset),
        DIGEST: hash_lines(lines.text, starts, lines.ends[sound]),
    }
    schema = accepted_schema(reader.contract)
    return pa.table([whole[name] for name in schema.names], schema=schema), sound


def _read_columns(matched: Matched, quotes: Any, reader: Reader) -> tuple[Mapping[str, Any], Bools]:
    rows = len(matched.lines)
    columns, doubts = {}, np.zeros(rows, np.bool_)
    for name, rule in reader.contract.kinds.items():
        if name not in reader.names:
            columns[name] = pa.nulls(rows, arrow_type(rule))
            continue
        place = reader.names.index(name)
        texts, stray = undouble(matched.texts(place), quotes[:, place] > 2, reader.dialect)
        read = read_column(texts, quotes[:, place] > 0, name, reader.contract, reader.dialect)
        columns[name] = read.values
        doubts |= read.doubts | stray
    return columns, doubts


def _find_fields(lines: _Lines, reader: Reader) -> tuple[Ints, Any, Any]:
    """Lines with as many fields as names; a row each: its begin, begin and end of each field, its end; and the quotes of each."""
    fields = len(reader.names)
    delimiters = find_byte(lines.data, ord(reader.dialect.delimiter))
    if len(lines.quotes):
        # Each line has its quotes in pairs: what is outside of them has an even number before it.
        delimiters = delimiters[np.searchsorted(lines.quotes, delimiters) % 2 == 0]
    firsts = np.searchsorted(delimiters, lines.starts)
    right = np.searchsorted(delimiters, lines.ends) - firsts == fields - 1
    right &= ~find_undecodable(lines.text, lines.data, lines.starts, lines.ends)
    at = np.flatnonzero(right)
    edges = np.empty((len(at), 2 * fields + 2), np.int32)
    edges[:, 0], edges[:, 1] = lines.starts[at], lines.starts[at]
    edges[:, -1], edges[:, -2] = lines.ends[at], lines.ends[at]
    for place in range(fields - 1):
        edges[:, 2 * place + 2] = delimiters[firsts[at] + place]
        edges[:, 2 * place + 3] = edges[:, 2 * place + 2] + 1
    return _unquote(at, edges, lines, ord(reader.dialect.quote))


def _unquote(at: Ints, edges: Any, lines: _Lines, quote: int) -> tuple[Ints, Any, Any]:
    """Fields in quotes begin behind the first and end before the last; how many quotes each has. A line with a field that has
    some, and not around it, is left out."""
    begins, ends = edges[:, 1:-1:2], edges[:, 2:-1:2]
    if not len(lines.quotes) or not len(at):
        return at, edges, np.zeros(begins.shape, np.int32)
    counts = np.searchsorted(lines.quotes, ends) - np.searchsorted(lines.quotes, begins)
    closed = (counts >= 2) & (ends - begins >= 2)
    closed[closed] = (lines.data[begins[closed]] == quote) & (lines.data[ends[closed] - 1] == quote)
    begins += closed
    ends -= closed
    plain = (closed | (counts == 0)).all(axis=1)
    return at[plain], edges[plain], counts[plain]

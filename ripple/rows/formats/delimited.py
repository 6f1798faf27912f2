"""Read CSV and TSV: records by the positions of their delimiters, a column at a time; what that does not vouch for, one by one.

A record spans lines only if, read so, it has as many fields as there are names and no quote where none may stand. Else its first line is
bad by itself, and the next lines are read for themselves: a quote that nobody closed harms its own line only.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO

import pyarrow as pa

from ripple.errors import PermanentError
from ripple.rows.contracts import Contract
from ripple.rows.contracts.checks import Violation
from ripple.rows.contracts.lines import KEPT_RAW, MAX_LINE_BYTES, Line, hash_line
from ripple.rows.formats.cells import to_row
from ripple.rows.formats.dialect import Dialect, parse_record
from ripple.rows.formats.records import Reader, Records, read_records
from ripple.rows.judged import DecodedRow, JudgedPage, judge_decoded
from ripple.rows.layouts.chunks import CHUNK_BYTES, Chunk, read_chunks
from ripple.rows.layouts.pages import MOST_LINES
from ripple.rows.layouts.reading import LEAST_LINES

MOST_SPANNED = 1_000
"""Lines of one record."""


def judge_delimited(
    stream: IO[bytes],
    uri: str,
    contract: Contract,
    dialect: Dialect,
    size: int = CHUNK_BYTES,
    least: int = LEAST_LINES,
) -> Iterator[JudgedPage]:
    """The records of an object, judged as the rows that they are. PermanentError for a header that is none.

    `least`: fewer lines are read one by one.
    """
    head = _read_head(stream, dialect) if dialect.header else b""
    names = read_names(head, uri, dialect, contract) if dialect.header else dialect.names
    sequence = _Sequence(Reader(names=names, contract=contract, dialect=dialect), least)
    number, offset = 1 + head.count(b"\n"), len(head)
    for chunk in read_chunks(stream, size):
        at = Chunk(text=chunk.text, offset=chunk.offset + offset)
        for part, lines in _part(at):
            yield sequence.judge(part, number, lines)
            number += lines
        if chunk.overlong is not None:
            yield sequence.end()
            yield sequence.judge_overlong(chunk.overlong, number, offset)
            number += 1
    yield sequence.end()


def _part(chunk: Chunk) -> Iterator[tuple[Chunk, int]]:
    """Parts of few enough lines, each with how many."""
    begin, text = 0, chunk.text
    while begin < len(text):
        end = begin
        lines = 0
        while end < len(text) and lines < MOST_LINES:
            end = text.find(b"\n", end) + 1 or len(text)
            lines += 1
        yield Chunk(text=text[begin:end], offset=chunk.offset + begin), lines
        begin = end


def _read_head(stream: IO[bytes], dialect: Dialect) -> bytes:
    head, quote = stream.readline(MAX_LINE_BYTES), dialect.quote.encode()
    while head.count(quote) % 2 and len(head) < MAX_LINE_BYTES and (more := stream.readline(MAX_LINE_BYTES)):
        head += more
    return head


def read_names(head: bytes, uri: str, dialect: Dialect, contract: Contract) -> Sequence[str]:
    """The names that a header gives; PermanentError for one that names a field twice, or none of the contract's."""
    record = head.removeprefix(codecs.BOM_UTF8).removesuffix(b"\n").removesuffix(b"\r")
    try:
        cells = parse_record(record, dialect)
    except UnicodeDecodeError:
        cells = None
    names = [cell.text for cell in cells or ()]
    if len(set(names)) < len(names) or "" in names or not names:
        raise _refuse(uri, f"{record[:200].decode(errors='replace')!r} does not name each field once")
    if not set(names) & contract.kinds.keys():
        raise _refuse(
            uri, f"its header has none of the contract's fields, read with the delimiter {dialect.delimiter!r}"
        )
    return names


def _refuse(uri: str, what: str) -> PermanentError:
    return PermanentError("header_malformed", f"{uri}: {what}", "see the dialect in the flow's contract")


class _Sequence:
    """Records in their order. `_open` are the lines of a record that is not closed yet, with number and offset."""

    def __init__(self, reader: Reader, least: int) -> None:
        self._reader, self._least = reader, least
        self._quote = reader.dialect.quote.encode()
        self._open: list[tuple[int, int, bytes]] = []

    def judge(self, part: Chunk, number: int, lines: int) -> JudgedPage:
        """A part at once, if no record spans lines in it; else line by line."""
        is_apart = not self._open and lines >= self._least
        if is_apart and not (records := read_records(part, self._reader)).spans:
            return self._complete(records, part, number)
        rows = [row for line in _split(part, number) for row in self._take(line)]
        return self._judge_rows(rows)

    def _complete(self, records: Records, part: Chunk, number: int) -> JudgedPage:
        """With the lines that no column vouches for, each by itself."""
        rows = [
            decode(part.text[start:end], number + at, part.offset + start, self._reader)
            for at, (start, end) in zip(records.numbers.tolist(), records.left, strict=True)
        ]
        judged = self._judge_rows(rows)
        odd = [(int(records.places[at - 1]) + 1, found) for at, found in judged.odd]
        accepted = pa.concat_tables([records.accepted, judged.accepted])
        return JudgedPage(rows=records.lines, accepted=accepted, odd=odd)

    def end(self) -> JudgedPage:
        """What is open at the end of the object is closed by nothing."""
        rows: list[DecodedRow] = []
        while self._open:
            rows += self._give_up()
        return self._judge_rows(rows)

    def judge_overlong(self, line: Line, number: int, offset: int) -> JudgedPage:
        violation = Violation("line_too_long", "", f"a line holds at most {MAX_LINE_BYTES} bytes")
        raw = line.content.decode(errors="replace")[:KEPT_RAW]
        digest = line.line_hash or ""
        row = DecodedRow(line=number, offset=offset + line.offset, row={}, line_hash=digest, raw=raw)
        return self._judge_rows([replace(row, violation=violation)])

    def _judge_rows(self, rows: Sequence[DecodedRow]) -> JudgedPage:
        return judge_decoded(rows, self._reader.contract)

    def _take(self, line: tuple[int, int, bytes]) -> Iterator[DecodedRow]:
        if not self._open and not line[2].strip():
            return
        self._open.append(line)
        held = b"".join(content for _, _, content in self._open)
        if held.count(self._quote) % 2 == 0:
            yield from self._close(held)
        elif len(held) > MAX_LINE_BYTES or len(self._open) > MOST_SPANNED:
            yield from self._give_up()

    def _close(self, held: bytes) -> Iterator[DecodedRow]:
        number, offset, _ = self._open[0]
        row = decode(_without_end(held), number, offset, self._reader)
        if row.violation is not None and len(self._open) > 1:
            yield from self._give_up()
            return
        self._open = []
        yield row

    def _give_up(self) -> Iterator[DecodedRow]:
        """The first line is bad by itself; those behind it are read for themselves."""
        (number, offset, line), *rest = self._open
        self._open = []
        yield decode(_without_end(line), number, offset, self._reader)
        for following in rest:
            yield from self._take(following)


def _split(part: Chunk, number: int) -> Iterator[tuple[int, int, bytes]]:
    """Lines with their ends, number and offset. Line feeds alone end a line: `splitlines` parts at returns too."""
    begin = 0
    while begin < len(part.text):
        end = part.text.find(b"\n", begin) + 1 or len(part.text)
        yield number, part.offset + begin, part.text[begin:end]
        begin, number = end, number + 1


def _without_end(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def decode(record: bytes, number: int, offset: int, reader: Reader) -> DecodedRow:
    """A record as a row, or with what keeps it from being one."""
    text = record.decode(errors="replace")
    bad = DecodedRow(line=number, offset=offset, row={}, line_hash=hash_line(text), raw=text[:KEPT_RAW])
    if len(record) > MAX_LINE_BYTES:
        return replace(bad, violation=Violation("line_too_long", "", f"a line holds at most {MAX_LINE_BYTES} bytes"))
    if "\ufffd" in text:
        return replace(bad, violation=Violation("invalid_utf8", "", "is no UTF-8, or holds U+FFFD, its scar"))
    cells = parse_record(record, reader.dialect)
    if cells is None:
        return replace(bad, violation=Violation("malformed_csv", "", "a quote stands where none may, or is not closed"))
    if len(cells) != len(reader.names):
        message = f"has {len(cells)} fields, expected {len(reader.names)}"
        return replace(bad, violation=Violation("wrong_field_count", "", message))
    return replace(bad, row=to_row(cells, reader.names, reader.contract, reader.dialect))

"""Check JSON lines one by one. Pure but for the stream of a line that is too long to hold."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any

import orjson

from ripple.rows.contracts.checks import Contract, Violation
from ripple.rows.contracts.cutting import cut_from_line
from ripple.rows.contracts.evolution import Drift, examine
from ripple.rows.contracts.holding import hold

MAX_LINE_BYTES = 1024 * 1024
MAX_DEPTH = 64
KEPT_RAW = 8192
_APART = re.compile(rb'"[ \t\r]')


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be used: 1-based number, byte offset, why, its text (cut at 8 KiB) and its sha256."""

    line: int
    offset: int
    violation: Violation
    raw: str
    line_hash: str
    drifts: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodLine:
    """A line that keeps to its contract: byte offset, the decoded row, its bytes."""

    offset: int
    row: Mapping[str, Any]
    content: bytes

    @property
    def line_hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RescuedLine:
    """A line that lands although it drifted: 1-based number, byte offset, size in bytes, the row as its contract's types hold it.

    `rescued` is what its contract does not foresee, as JSON text.
    """

    line: int
    offset: int
    size: int
    row: Mapping[str, Any]
    line_hash: str
    rescued: str
    drifts: tuple[Drift, ...]


JudgedLine = GoodLine | RescuedLine | BadLine


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. One over the limit is cut to it; `line_hash` is then of the whole text."""

    number: int
    offset: int
    content: bytes
    line_hash: str | None = None


def skip_rest(stream: IO[bytes], head: bytes) -> tuple[int, str]:
    """Read an overlong line to its end: its size in bytes and the hash of its text."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(errors="replace")
    size, piece = len(head), head
    while not piece.endswith(b"\n"):
        # A carriage return at a seam may be the first half of the line's end.
        held = b"\r" if piece.endswith(b"\r") else b""
        digest.update(decoder.decode(piece.removesuffix(held)).encode())
        following = stream.readline(MAX_LINE_BYTES)
        size, piece = size + len(following), held + following
        if not following:
            break
    digest.update(decoder.decode(piece.removesuffix(b"\n").removesuffix(b"\r"), final=True).encode())
    return size, digest.hexdigest()


def judge_lines(lines: Iterable[Line], contract: Contract) -> Iterator[JudgedLine]:
    """Every line that is not blank, with its row if it lands, or with what is wrong."""
    for line in lines:
        if not line.content.strip():
            continue
        row, violation = read_line(line.content, contract)
        if violation is None:
            yield GoodLine(offset=line.offset, row=row, content=line.content)
        else:
            yield _sort_out(line, violation, contract)


def _sort_out(line: Line, violation: Violation, contract: Contract) -> BadLine | RescuedLine:
    """What breaks the contract may be drift; what is no row at all, or broken in another way as well, is a bad line."""
    row = _decode_again(line.content)
    if not isinstance(row, dict) or contract.find_violation(row) != violation:
        return _bad(line, violation)
    examined = examine(row, contract)
    bad = replace(_bad(line, violation), drifts=examined.drifts)
    if not examined.lands:
        return bad
    try:
        rescued = cut_from_line(line.content.decode(), examined.paths)
    except RecursionError:
        return bad
    return RescuedLine(
        line=line.number,
        offset=line.offset,
        size=len(line.content),
        row=hold(row, contract),
        line_hash=bad.line_hash,
        rescued=rescued,
        drifts=examined.drifts,
    )


def _decode_again(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def read_line(line: bytes, contract: Contract) -> tuple[Any, Violation | None]:
    """The decoded row of one line's bytes, None if it is not JSON, and the first thing wrong with it, or None."""
    if len(line) > MAX_LINE_BYTES:
        return None, Violation("line_too_long", "", f"a line holds at most {MAX_LINE_BYTES} bytes")
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return None, _why_unreadable(line, error)
    if b"\xef\xbf\xbd" in line:
        return row, Violation("invalid_utf8", "", "holds U+FFFD, the scar of an earlier decoding error")
    return row, _find_duplicate_key(line, row) or contract.find_violation(row)


def _why_unreadable(line: bytes, error: Exception) -> Violation:
    try:
        line.decode()
    except UnicodeDecodeError as undecodable:
        return Violation("invalid_utf8", "", f"byte {undecodable.start} is not UTF-8")
    return Violation("malformed_json", "", str(error))


def _find_duplicate_key(line: bytes, row: Any) -> Violation | None:
    """Parsers keep the last of two equal keys in silence. Count first: the slow way only where a count is off."""
    if isinstance(row, dict) and line.count(b'":') == len(row) and not _APART.search(line):
        return None
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names = Counter(name for name, _ in pairs)
        if len(names) < len(pairs):
            found.extend(name for name, times in names.items() if times > 1)

    try:
        json.loads(line, object_pairs_hook=note)
    except RecursionError:
        return Violation("malformed_json", "", f"nested deeper than {MAX_DEPTH}")
    return Violation("duplicate_key", found[0][:200], f"{found[0][:200]!r} stands twice") if found else None


def _bad(line: Line, violation: Violation) -> BadLine:
    text = line.content.decode(errors="replace")
    digest = line.line_hash or hash_line(text)
    return BadLine(line=line.number, offset=line.offset, violation=violation, raw=text[:KEPT_RAW], line_hash=digest)


def hash_line(text: str) -> str:
    """What SQL computes as TO_HEX(SHA256(line)): how a quarantined line is distinguished from the good ones."""
    return hashlib.sha256(text.encode()).hexdigest()

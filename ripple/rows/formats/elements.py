"""The elements of one JSON array, or the one object that a file is: where each begins and ends, found without parsing them.

The text is scanned some megabytes at a time: outside of strings, brackets give the depth, and a comma at depth one parts two elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from ripple.errors import PermanentError
from ripple.rows.contracts import Contract
from ripple.rows.contracts.lines import BadLine
from ripple.rows.judged import JudgedPage
from ripple.rows.layouts.chunks import CHUNK_BYTES, Chunk
from ripple.rows.layouts.pages import MOST_LINES, Ints, Page, find_byte, find_doubtful, make_page
from ripple.rows.layouts.reading import LEAST_LINES, PageJudge

MOST_HELD = 64 * 1024**2
"""Bytes without an end of an element: no row is as long."""
_ESCAPE = re.compile(rb"\\[\s\S]")
_BLANK = b" \t\r\n"
_QUOTE, _COMMA = b'",'
_OPEN, _CLOSE = np.frombuffer(b"{[", np.uint8), np.frombuffer(b"}]", np.uint8)


def judge_elements(
    stream: IO[bytes], uri: str, contract: Contract, size: int = CHUNK_BYTES, least: int = LEAST_LINES
) -> Iterator[JudgedPage]:
    """The elements of an array, or the one object, judged as lines are. PermanentError for what is no JSON as a whole."""
    judge = PageJudge(contract, least)
    for page in read_elements(stream, uri, size):
        judged = judge.judge(page)
        for _, found in judged.odd:
            if isinstance(found, BadLine) and found.violation.code == "malformed_json":
                raise _malformed(uri, f"element {found.line}, at byte {found.offset}: {found.violation.reason}")
        yield judged


def read_elements(stream: IO[bytes], uri: str, size: int = CHUNK_BYTES) -> Iterator[Page]:
    """Pages of elements, by number from 1 and offset in the stream."""
    offset, text = _skip_blank(stream, b"", 0, size)
    if text.startswith(b"{"):
        yield from _read_object(stream, text, offset, uri, size)
        return
    if not text.startswith(b"["):
        raise _malformed(uri, "it is neither an array nor an object")
    number, offset, text = 1, offset + 1, text[1:]
    while True:
        cut = _cut(text)
        _expect_sound(cut, text, uri)
        if cut.is_ended or len(cut.ends):
            yield from _to_pages(text, cut, number, offset)
            number += len(cut.ends)
            offset, text = offset + cut.taken, text[cut.taken :]
        if cut.is_ended:
            break
        text = _read_more(stream, text, uri, size)
    _, rest = _skip_blank(stream, text, offset, size)
    if rest:
        raise _malformed(uri, "something follows its end")


def _expect_sound(cut: _Cut, text: bytes, uri: str) -> None:
    if cut.is_ended and not text.startswith(b"]", cut.taken - 1):
        raise _malformed(uri, "a bracket closes what another opened")
    if (cut.starts == cut.ends).any():
        raise _malformed(uri, "nothing stands before a comma, or behind the last one")


def _read_more(stream: IO[bytes], text: bytes, uri: str, size: int) -> bytes:
    more = stream.read(size)
    if not more:
        raise _malformed(uri, "it ends before its array does")
    if len(text) > MOST_HELD:
        raise _malformed(uri, f"an element of more than {MOST_HELD} bytes")
    return text + more


def _skip_blank(stream: IO[bytes], text: bytes, offset: int, size: int) -> tuple[int, bytes]:
    """What follows white space, and where; nothing at the end."""
    while True:
        rest = text.lstrip(_BLANK)
        offset += len(text) - len(rest)
        text = rest or stream.read(size)
        if rest or not text:
            return offset, text


def _read_object(stream: IO[bytes], text: bytes, offset: int, uri: str, size: int) -> Iterator[Page]:
    while more := stream.read(size):
        if len(text) > MOST_HELD:
            raise _malformed(uri, f"an object of more than {MOST_HELD} bytes")
        text += more
    text = text.rstrip(_BLANK)
    whole = _Cut(starts=np.zeros(1, np.int64), ends=np.array([len(text)]), taken=len(text), is_ended=True)
    yield from _to_pages(text, whole, 1, offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """Begin and end of the elements that a text holds whole, white space around them not; bytes up to behind the last; the array's end."""

    starts: Ints
    ends: Ints
    taken: int
    is_ended: bool


def _cut(text: bytes) -> _Cut:
    """The elements of a text that begins within an array, at an element. Pure."""
    plain = _ESCAPE.sub(b"__", text) if b"\\" in text else text
    data = np.frombuffer(plain, np.uint8)
    signs, steps = _find_signs(data)
    depths = np.cumsum(steps)
    # The array itself is closed where the depth falls below that of its elements.
    closed = np.flatnonzero(depths < 0)
    last = closed[0] if len(closed) else len(signs)
    parting = signs[:last][(data[signs[:last]] == _COMMA) & (depths[:last] == 0)]
    edges = np.append(parting, signs[last]) if len(closed) else parting
    starts = np.concatenate([np.zeros(1, np.int64), edges[:-1] + 1]) if len(edges) else edges
    starts, ends = _strip(text, starts, edges)
    is_ended = bool(len(closed))
    if is_ended and len(ends) == 1 and starts[0] == ends[0]:
        starts, ends = starts[:0], ends[:0]
    return _Cut(starts=starts, ends=ends, taken=int(edges[-1]) + 1 if len(edges) else 0, is_ended=is_ended)


def _find_signs(data: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> tuple[Ints, Ints]:
    """Positions of brackets and commas outside of strings, and by how much each changes the depth."""
    quotes = find_byte(data, _QUOTE)
    kinds = np.zeros(256, np.int8)
    kinds[_OPEN], kinds[_CLOSE], kinds[_COMMA] = 1, -1, 2
    signs = np.flatnonzero(kinds[data])
    signs = signs[np.searchsorted(quotes, signs) % 2 == 0]
    steps = kinds[data[signs]].astype(np.int64)
    steps[steps == 2] = 0
    return signs, steps


def _strip(text: bytes, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    pieces = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    before = np.array([len(piece) - len(piece.lstrip(_BLANK)) for piece in pieces], np.int64)
    after = np.array([len(piece) - len(piece.rstrip(_BLANK)) for piece in pieces], np.int64)
    return starts + before, np.maximum(ends - after, starts + before)


def _to_pages(text: bytes, cut: _Cut, number: int, offset: int) -> Iterator[Page]:
    chunk = Chunk(text=text[: cut.taken], offset=offset)
    data = np.frombuffer(chunk.text, np.uint8)
    quotes = find_byte(data, _QUOTE)
    doubtful = find_doubtful(chunk.text, data, cut.starts, cut.ends, -1)
    for begin in range(0, len(cut.ends), MOST_LINES):
        part = slice(begin, begin + MOST_LINES)
        spans = (cut.starts[part], cut.ends[part])
        count = len(spans[0])
        yield make_page(chunk, number + begin, count, np.arange(count), spans, quotes, doubtful[part])


def _malformed(uri: str, what: str) -> PermanentError:
    return PermanentError(
        "json_malformed", f"{uri} is no JSON array of rows, and no row: {what}", "write it again, whole"
    )

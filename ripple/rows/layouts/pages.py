"""Where the lines of a chunk begin and end, where its quotes are, and which lines no layout may vouch for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ripple.rows.contracts.lines import MAX_LINE_BYTES, Line, hash_line
from ripple.rows.layouts.chunks import Chunk

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
_LINE_FEED, _RETURN, _QUOTE, _BACKSLASH, _SPACE = b'\n\r"\\ '
_WIDE = 128
_BLOCK = 64 * 1024
_SCAR = "\ufffd".encode()
MOST_LINES = 50_000
"""Of a page: each may be bad, and a bad line is a hundred times as large as the shortest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The lines of a chunk that are not blank, by position: place among all (from 0), begin and end of content, first quote, quotes.

    The first of all `total` lines of the chunk, blank ones too, has the number `number`.

    `doubtful` marks those with a byte that means more than itself: escapes, controls, what is no UTF-8; or that are too long.
    """

    chunk: Chunk
    number: int
    total: int
    data: Bytes
    places: Ints
    starts: Ints
    ends: Ints
    quotes: npt.NDArray[np.int32]
    firsts: Ints
    counts: Ints
    doubtful: Bools

    def __len__(self) -> int:
        return len(self.places)

    def content(self, at: int) -> bytes:
        return self.chunk.text[self.starts[at] : self.ends[at]]

    def line(self, at: int) -> Line:
        """As `split_lines` gives it: one over the limit is cut, with the hash of the whole."""
        start, number = int(self.starts[at]), self.number + int(self.places[at])
        content, offset = self.content(at), self.chunk.offset + start
        if len(content) <= MAX_LINE_BYTES:
            return Line(number, offset, content)
        piece = self.chunk.text[start : start + MAX_LINE_BYTES + 2]
        if piece.endswith(b"\n") or start + len(piece) == len(self.chunk.text) < start + MAX_LINE_BYTES + 2:
            return Line(number, offset, content)
        return Line(number, offset, piece, hash_line(content.decode(errors="replace")))


def find_pages(chunk: Chunk, number: int) -> Iterator[Page]:
    """The pages of a chunk whose first line has this number in its object: one, if it has no more lines than a page may."""
    data = np.frombuffer(chunk.text, np.uint8)
    feeds = find_byte(data, _LINE_FEED)
    begin = 0
    for last in feeds[MOST_LINES - 1 :: MOST_LINES].tolist() if len(feeds) > MOST_LINES else ():
        part = Chunk(text=chunk.text[begin : last + 1], offset=chunk.offset + begin)
        page = np.frombuffer(part.text, np.uint8)
        yield _find_lines(part, number, page, find_byte(page, _LINE_FEED))
        begin, number = last + 1, number + MOST_LINES
    rest = replace(chunk, text=chunk.text[begin:], offset=chunk.offset + begin) if begin else chunk
    yield _find_lines(rest, number, data[begin:], feeds[feeds >= begin] - begin)


def _find_lines(chunk: Chunk, number: int, data: Bytes, feeds: Ints) -> Page:
    places, starts, ends = find_content(chunk.text, data, feeds)
    quotes = find_byte(data, _QUOTE)
    total = len(feeds) + (not chunk.text.endswith(b"\n") and bool(chunk.text))
    doubtful = find_doubtful(chunk.text, data, starts, ends, len(feeds))
    return make_page(chunk, number, total, places, (starts, ends), quotes, doubtful)


def make_page(
    chunk: Chunk, number: int, total: int, places: Ints, spans: tuple[Ints, Ints], quotes: Ints, doubtful: Bools
) -> Page:
    """A page of the parts of a chunk that begin and end at `spans`; `quotes` are those of all the chunk."""
    starts, ends = spans
    firsts = np.searchsorted(quotes, starts)
    return Page(
        chunk=chunk,
        number=number,
        total=total,
        data=np.frombuffer(chunk.text, np.uint8),
        places=places,
        starts=starts,
        ends=ends,
        quotes=quotes.astype(np.int32),
        firsts=firsts,
        counts=np.searchsorted(quotes, ends) - firsts,
        doubtful=doubtful,
    )


def find_content(text: bytes, data: Bytes, feeds: Ints) -> tuple[Ints, Ints, Ints]:
    """Place, begin and end of every line that is not blank; a carriage return before the line feed is not of the content."""
    starts = np.concatenate([np.zeros(1, np.int64), feeds + 1])
    ends = np.append(feeds, len(data)) if starts[-1] < len(data) else feeds
    starts = starts[: len(ends)]
    ends = ends - ((ends > starts) & (data[ends - 1] == _RETURN)) if len(ends) else ends
    kept = ends > starts
    # What begins with white space may be nothing else.
    for at in np.flatnonzero(kept)[data[starts[kept]] <= _SPACE].tolist():
        kept[at] = bool(text[starts[at] : ends[at]].strip())
    return np.flatnonzero(kept), starts[kept], ends[kept]


def find_doubtful(text: bytes, data: Bytes, starts: Ints, ends: Ints, feeds: int) -> Bools:
    """Lines with controls, escapes, bytes that are no UTF-8, the scar of an earlier decoding error; and those that are too long.

    `feeds`: how many line feeds are between lines, and so are no controls of any.
    """
    doubtful: Bools = ends - starts > MAX_LINE_BYTES
    # Counting costs a tenth of finding, and most have none but their line feeds.
    if sum(np.count_nonzero(block < _SPACE) for _, block in _in_blocks(data)) > feeds:
        doubtful[_lines_of(_find(data, lambda block: block < _SPACE), starts, ends)] = True
    if b"\\" in text:
        doubtful[_lines_of(find_byte(data, _BACKSLASH), starts, ends)] = True
    doubtful[_find_undecodable(text, data, starts, ends)] = True
    return doubtful


def find_undecodable(text: bytes, data: Bytes, starts: Ints, ends: Ints) -> Bools:
    """Lines that are no UTF-8, hold the scar of an earlier decoding error, or are too long."""
    doubtful: Bools = ends - starts > MAX_LINE_BYTES
    doubtful[_find_undecodable(text, data, starts, ends)] = True
    return doubtful


def _find_undecodable(text: bytes, data: Bytes, starts: Ints, ends: Ints) -> Sequence[int]:
    if text.isascii():
        return []
    wide = _lines_of(_find(data, lambda block: block >= _WIDE), starts, ends)
    return [at for at in wide.tolist() if _is_undecodable(text[starts[at] : ends[at]])]


def _in_blocks(data: Bytes) -> Iterator[tuple[int, Bytes]]:
    """A scan of all at once would spend most of its time on memory that is new to it."""
    return ((begin, data[begin : begin + _BLOCK]) for begin in range(0, len(data), _BLOCK))


def _find(data: Bytes, test: Callable[[Bytes], Bools]) -> Ints:
    found = [np.flatnonzero(test(block)) + begin for begin, block in _in_blocks(data)]
    return np.concatenate([np.zeros(0, np.int64), *found])


def find_byte(data: Bytes, byte: int) -> Ints:
    return _find(data, lambda block: block == byte)


def _lines_of(positions: Ints, starts: Ints, ends: Ints) -> Ints:
    """The lines that hold one of the positions, each once."""
    at = np.searchsorted(starts, positions, "right") - 1
    within = at >= 0
    within[within] = positions[within] < ends[at[within]]
    return np.unique(at[within])


def _is_undecodable(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return _SCAR in content

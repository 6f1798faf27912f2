"""Whole lines of a stream, some megabytes at a time. No more than that and one line is ever held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from ripple.rows.contracts.lines import MAX_LINE_BYTES, Line, skip_rest

CHUNK_BYTES = 8 * 1024**2
_MOST_READ = MAX_LINE_BYTES + 2
"""Of one line, its end included, which may be CR LF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Whole lines: their bytes, the offset of the first; then a line too long to hold, if any, numbered from the first of the chunk."""

    text: bytes
    offset: int
    overlong: Line | None = None


def read_chunks(stream: IO[bytes], size: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """The lines of a stream, as `split_lines` finds them, in chunks of `size` bytes and the rest of their last line."""
    offset = 0
    while text := stream.read(size):
        overlong, taken = None, 0
        if not text.endswith(b"\n"):
            text += stream.readline(_MOST_READ)
        begin = text.rfind(b"\n") + 1
        if len(text) - begin >= _MOST_READ:
            text, head = text[:begin], text[begin:]
            taken, line_hash = skip_rest(stream, head)
            overlong = Line(text.count(b"\n"), offset + begin, head[:_MOST_READ], line_hash)
        yield Chunk(text=text, offset=offset, overlong=overlong)
        offset += len(text) + taken

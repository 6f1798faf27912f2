"""The lines of a stream one by one: what chunks and their pages are held against."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

from ripple.rows.contracts.lines import MAX_LINE_BYTES, Line, skip_rest


def split_lines(stream: IO[bytes]) -> Iterator[Line]:
    """Lines of a stream; no more than the limit of one line is ever held."""
    number = offset = 0
    # Two more than a line holds: its end may be CR LF.
    while piece := stream.readline(MAX_LINE_BYTES + 2):
        number += 1
        if piece == b"\n":
            blank = _skip_blank(stream)
            number, offset = number + blank, offset + 1 + blank
        elif piece.endswith(b"\n") or len(piece) < MAX_LINE_BYTES + 2:
            yield Line(number, offset, piece.removesuffix(b"\n").removesuffix(b"\r"))
            offset += len(piece)
        else:
            size, line_hash = skip_rest(stream, piece)
            yield Line(number, offset, piece, line_hash)
            offset += size


def _skip_blank(stream: IO[bytes]) -> int:
    """Read on over line feeds, and count them: a small gzip file can hold 16 million."""
    skipped = 0
    while isinstance(stream, io.BufferedReader) and (ahead := stream.peek(1)).startswith(b"\n"):
        skipped += len(stream.read(len(ahead) - len(ahead.lstrip(b"\n"))))
    return skipped

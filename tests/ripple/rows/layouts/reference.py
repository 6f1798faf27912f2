"""What the judge of single lines says of a stream, in the form in which pages of layouts say it: the two must be equal."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from ripple.rows.arrow_rows import to_columns
from ripple.rows.contracts import Contract
from ripple.rows.contracts.lines import BadLine, GoodLine, RescuedLine, judge_lines
from ripple.rows.layouts.chunks import CHUNK_BYTES, read_chunks
from ripple.rows.layouts.reading import judge_chunks
from tests.ripple.rows.splitting import split_lines


@dataclass(frozen=True, slots=True)
class Judged:
    """Lines that are not blank; accepted rows as `(offset, hash, rescued, values by field)`; the others with their place among all."""

    lines: int
    accepted: list[tuple[int, str, str | None, dict[str, Any]]]
    odd: list[tuple[int, BadLine | RescuedLine]]


def judge_singly(data: bytes, contract: Contract) -> Judged:
    accepted: list[tuple[int, str, str | None, dict[str, Any]]] = []
    odd: list[tuple[int, BadLine | RescuedLine]] = []
    count = 0
    for found in judge_lines(split_lines(io.BytesIO(data)), contract):
        count += 1
        if not isinstance(found, GoodLine):
            odd.append((count, found))
        if not isinstance(found, BadLine):
            columns = to_columns([found.row], contract)
            values = {name: _exact(column) for name, column in columns.items()}
            accepted.append((found.offset, found.line_hash, getattr(found, "rescued", None), values))
    return Judged(count, accepted, odd)


def judge_in_pages(data: bytes, contract: Contract, size: int = CHUNK_BYTES, least: int = 1) -> Judged:
    accepted: list[tuple[int, str, str | None, dict[str, Any]]] = []
    odd: list[tuple[int, BadLine | RescuedLine]] = []
    count = 0
    for page in judge_chunks(read_chunks(io.BytesIO(data), size), contract, least):
        odd += [(count + at, found) for at, found in page.odd]
        count += page.rows
        accepted += list_accepted(page.accepted, contract)
    return Judged(count, sorted(accepted, key=lambda row: row[0]), odd)


def list_accepted(table: Any, contract: Contract) -> list[tuple[int, str, str | None, dict[str, Any]]]:
    table.validate(full=True)
    found = []
    for at in range(len(table)):
        values = {name: _exact(table.column(name).slice(at, 1).combine_chunks()) for name in contract.kinds}
        place, digest, rescued = (table.column(name)[at].as_py() for name in ("source_offset", "line_hash", "_rescued"))
        found.append((place, digest, rescued, values))
    return found


def _exact(column: Any) -> str:
    """With the sign of a zero and all digits."""
    return repr(column.to_pylist()[0])

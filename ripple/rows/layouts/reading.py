"""Judge JSON lines a chunk at a time: by their layouts where one vouches for them, else one by one, with the same verdicts.

A layout may doubt a good line; it never vouches for a bad one. See `judge_lines`, which says what is so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from ripple.rows.arrow_rows import to_columns
from ripple.rows.contracts import Contract
from ripple.rows.contracts.lines import BadLine, GoodLine, Line, RescuedLine, judge_lines
from ripple.rows.contracts.validation import CORRECTS_FIELD
from ripple.rows.judged import CORRECTS, DIGEST, OFFSET, JudgedPage, accepted_schema, without_corrections
from ripple.rows.layouts.chunks import Chunk
from ripple.rows.layouts.columns import read_row
from ripple.rows.layouts.hashing import hash_lines
from ripple.rows.layouts.matching import match
from ripple.rows.layouts.pages import Ints, Page, find_pages
from ripple.rows.layouts.scanning import Outline, outline
from ripple.rows.sales_schema import RESCUED

LEAST_LINES = 40
"""Fewer are judged one by one: columns have their cost too."""
_MOST_OUTLINES = 48
_MOST_VAIN = 6
"""Lines of a page that are tried for an outline, and have one that few others have, or none."""
_ROWS_AT_ONCE = 10_000


class PageJudge:
    """Judges pages of JSON texts as `judge_lines` does, and learns their layouts. `least`: of fewer lines no outline is made."""

    def __init__(self, contract: Contract, least: int = LEAST_LINES) -> None:
        self._contract, self._schema = contract, accepted_schema(contract)
        self._outlines = Outlines(contract, least)

    def judge(self, page: Page) -> JudgedPage:
        parts, left = self._outlines.read(page)
        slow, odd = _judge_singly(((int(at), page.line(int(at))) for at in left), self._contract)
        return JudgedPage(rows=len(page), accepted=_join([*parts, *slow], page, self._schema), odd=odd)

    def judge_overlong(self, line: Line) -> JudgedPage:
        """A line that no page holds: always a bad one."""
        (found,) = judge_lines([line], self._contract)
        assert isinstance(found, BadLine)
        return JudgedPage(rows=1, accepted=self._schema.empty_table(), odd=[(1, found)])


def judge_chunks(chunks: Iterable[Chunk], contract: Contract, least: int = LEAST_LINES) -> Iterator[JudgedPage]:
    """Every chunk's lines, judged as `judge_lines` does."""
    judge, number = PageJudge(contract, least), 1
    for chunk in chunks:
        for page in find_pages(chunk, number):
            number += page.total
            yield judge.judge(page)
        if chunk.overlong is not None:
            yield judge.judge_overlong(replace(chunk.overlong, number=number))
            number += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Accepted rows of some lines of a page, by field; what is rescued and corrected of each, if anything."""

    lines: Ints
    columns: Mapping[str, Any]
    rescued: Sequence[str | None] | None = None
    corrects: Sequence[int | None] | None = None


@dataclass(slots=True)
class _Known:
    outline: Outline
    times: int = 0


class Outlines:
    """The layouts that have been met, and how many lines had each."""

    def __init__(self, contract: Contract, least: int) -> None:
        self._contract, self._least = contract, least
        self._known: list[_Known] = []

    def read(self, page: Page) -> tuple[list[Part], Ints]:
        """Rows that a layout vouches for, and the lines that none does, in order."""
        doubtful = np.flatnonzero(page.doubtful)
        left = np.flatnonzero(~page.doubtful)
        parts: list[Part] = []
        # The fields of a correction are no columns of its flow.
        if CORRECTS_FIELD in self._contract.kinds:
            return parts, np.arange(len(page))
        set_apart = [doubtful]
        for known in sorted(self._known, key=lambda one: -one.times):
            if len(left) >= self._least:
                left = self._take(known, page, left, parts, set_apart)
        vain = 0
        while len(left) >= self._least and vain < _MOST_VAIN:
            before = len(left)
            left = self._learn(page, left, parts, set_apart)
            vain += before - len(left) < self._least
        return parts, np.sort(np.concatenate([left, *set_apart]))

    def _take(self, known: _Known, page: Page, left: Ints, parts: list[Part], set_apart: list[Ints]) -> Ints:
        matched = match(known.outline, page, left)
        if not len(matched.lines):
            return left
        known.times += len(matched.lines)
        columns, doubts = read_row(known.outline.row, self._contract, matched)
        part = Part(lines=matched.lines, columns=columns)
        if doubts.any():
            set_apart.append(matched.lines[doubts])
            sound = pa.array(~doubts)
            part = Part(
                lines=matched.lines[~doubts], columns={name: held.filter(sound) for name, held in columns.items()}
            )
        parts.append(part)
        is_left = np.zeros(len(page), np.bool_)
        is_left[left] = True
        is_left[matched.lines] = False
        return np.flatnonzero(is_left)

    def _learn(self, page: Page, left: Ints, parts: list[Part], set_apart: list[Ints]) -> Ints:
        """Of a line like most that are left; one that no layout can be made of is judged by itself."""
        chosen = int(left[page.counts[left] == np.bincount(page.counts[left]).argmax()][0])
        line = page.line(chosen)
        (found,) = judge_lines([line], self._contract)
        made = outline(line.content, self._contract) if isinstance(found, GoodLine) else None
        if made is None:
            set_apart.append(np.array([chosen]))
            return np.setdiff1d(left, [chosen], assume_unique=True)
        if len(self._known) == _MOST_OUTLINES:
            self._known.remove(min(self._known, key=lambda one: one.times))
        self._known.append(_Known(made))
        return self._take(self._known[-1], page, left, parts, set_apart)


def _judge_singly(
    lines: Iterable[tuple[int, Line]], contract: Contract
) -> tuple[list[Part], list[tuple[int, BadLine | RescuedLine]]]:
    parts: list[Part] = []
    odd: list[tuple[int, BadLine | RescuedLine]] = []
    good: list[tuple[int, GoodLine | RescuedLine]] = []
    for at, line in lines:
        for found in judge_lines([line], contract):
            if not isinstance(found, GoodLine):
                odd.append((at + 1, found))
            if not isinstance(found, BadLine):
                good.append((at, found))
        if len(good) == _ROWS_AT_ONCE:
            parts.append(_to_part(good, contract))
            good = []
    return [*parts, _to_part(good, contract)] if good else parts, odd


def _to_part(good: Sequence[tuple[int, GoodLine | RescuedLine]], contract: Contract) -> Part:
    return Part(
        lines=np.array([at for at, _ in good], np.int64),
        columns=to_columns([found.row for _, found in good], without_corrections(contract)),
        rescued=[getattr(found, "rescued", None) for _, found in good],
        corrects=[found.row.get(CORRECTS_FIELD) for _, found in good],
    )


def _join(parts: Sequence[Part], page: Page, schema: Any) -> Any:
    """All parts as one table, with where each line begins and its hash."""
    tables = [_to_table(part, page, schema) for part in parts]
    return pa.concat_tables([schema.empty_table(), *tables])


def _to_table(part: Part, page: Page, schema: Any) -> Any:
    rows, starts = len(part.lines), page.starts[part.lines]
    columns = {
        **part.columns,
        RESCUED.name: pa.nulls(rows, pa.string()) if part.rescued is None else pa.array(part.rescued, pa.string()),
        CORRECTS: pa.nulls(rows, pa.int64()) if part.corrects is None else pa.array(part.corrects, pa.int64()),
        OFFSET: pa.array(starts + page.chunk.offset),
        DIGEST: hash_lines(page.chunk.text, starts, page.ends[part.lines]),
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)

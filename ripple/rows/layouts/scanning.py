"""The layout of one JSON line: its text apart from its values, and where each value stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ripple.rows.contracts import Contract

_TOKEN = re.compile(rb' *(?:"([^"\\]*)"|([{}\[\],:])|([^ "{}\[\],:]+))')
_WITH_LISTS = ("strings", "records")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where a value stands: a text after quote number `before`; or a word `lead` bytes after that quote, `trail` before the next.

    `place` counts the values of the line, from 0. The number of the quote counts those of the line.
    """

    place: int
    is_text: bool
    start: int
    end: int
    before: int
    lead: int = 0
    trail: int = 0


Node = Slot | Sequence[Any] | Mapping[str, Any]
"""A value of a line: a slot, a list of them, or an object of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """`row` by field; `slots` in order of place; how many quotes a line has; the texts between the slots, one more than those."""

    row: Mapping[str, Node]
    slots: Sequence[Slot]
    quotes: int
    runs: Sequence[bytes]


def outline(line: bytes, contract: Contract) -> Outline | None:
    """The outline of a line that keeps to its contract; None if it has a form whose columns are not read."""
    slots: list[Slot] = []
    tokens = _Tokens(line)
    row = _read(tokens, slots)
    is_read = isinstance(row, Mapping) and tokens.at == len(line) and _fits(row, contract)
    if not is_read or not slots or not _are_apart(slots):
        return None
    edges = [0, *(edge for slot in slots for edge in (slot.start, slot.end)), len(line)]
    runs = [line[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]
    placed = [_measure(slot, line) for slot in slots]
    return Outline(row=_replace(row, placed), slots=placed, quotes=line.count(b'"'), runs=runs)


class _Tokens:
    """A line token by token; `quotes` counts those that have been read."""

    def __init__(self, line: bytes) -> None:
        self.line, self.at, self.quotes = line, 0, 0

    def take(self) -> re.Match[bytes]:
        found = _TOKEN.match(self.line, self.at)
        if found is None:
            raise ValueError("no token of JSON without escapes")
        self.at = found.end()
        self.quotes += 2 * (found[1] is not None)
        return found

    def peek(self) -> bytes:
        found = _TOKEN.match(self.line, self.at)
        return (found[2] or b"") if found else b""


def _read(tokens: _Tokens, slots: list[Slot]) -> Node:
    found = tokens.take()
    if found[2] == b"{":
        return dict(_read_members(tokens, slots))
    if found[2] == b"[":
        return list(_read_items(tokens, slots))
    is_text = found[1] is not None
    start, end = found.span(1) if is_text else found.span(3)
    before = tokens.quotes - 2 if is_text else tokens.quotes - 1
    slots.append(Slot(place=len(slots), is_text=is_text, start=start, end=end, before=before))
    return slots[-1]


def _read_members(tokens: _Tokens, slots: list[Slot]) -> Iterator[tuple[str, Node]]:
    while tokens.peek() != b"}":
        name = tokens.take()[1].decode()
        tokens.take()
        yield name, _read(tokens, slots)
        if tokens.peek() == b",":
            tokens.take()
    tokens.take()


def _read_items(tokens: _Tokens, slots: list[Slot]) -> Iterator[Node]:
    while tokens.peek() != b"]":
        yield _read(tokens, slots)
        if tokens.peek() == b",":
            tokens.take()
    tokens.take()


def _are_apart(slots: Sequence[Slot]) -> bool:
    """A word is found by the quotes around it: no two between the same ones, and one before the first."""
    words = [slot.before for slot in slots if not slot.is_text]
    return len(set(words)) == len(words) and min(words, default=0) >= 0


def _measure(slot: Slot, line: bytes) -> Slot:
    if slot.is_text:
        return slot
    quote = line.rfind(b'"', 0, slot.start)
    following = line.find(b'"', slot.end)
    trail = (len(line) if following < 0 else following) - slot.end
    return Slot(
        place=slot.place,
        is_text=False,
        start=slot.start,
        end=slot.end,
        before=slot.before,
        lead=slot.start - quote,
        trail=trail,
    )


def _replace(node: Any, placed: Sequence[Slot]) -> Any:
    if isinstance(node, Slot):
        return placed[node.place]
    if isinstance(node, Mapping):
        return {name: _replace(held, placed) for name, held in node.items()}
    return [_replace(held, placed) for held in node]


def _fits(row: Mapping[str, Node], contract: Contract) -> bool:
    """Whether all that a contract asks for is there and nothing else is, as what its kinds can be."""
    if not row.keys() <= contract.kinds.keys() or not contract.kinds.keys() - row.keys() <= contract.nullable:
        return False
    return all(_may_be(node, name, contract) for name, node in row.items())


def _may_be(node: Node, name: str, contract: Contract) -> bool:
    rule = contract.kinds[name]
    if isinstance(node, Slot):
        return True
    if isinstance(node, Mapping) or rule["kind"] not in _WITH_LISTS or len(node) > rule["max"]:
        return False
    if rule["kind"] == "strings":
        return all(isinstance(item, Slot) and item.is_text for item in node)
    inner = contract.records[name]
    return all(isinstance(item, Mapping) and _fits(item, inner) for item in node)

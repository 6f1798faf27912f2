"""Which files of a batch a run takes: those of some flows whose ids are within a range. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ripple.state.records import Record

Members = Mapping[str, Sequence[str]]
"""Ids of files by flow, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Record):
    """Files of a batch."""

    flows: tuple[str, ...]
    """Their flows, in order."""
    first: str = ""
    """The first id that it may hold; empty: it begins with the first of all."""
    last: str = ""
    """The last id that it may hold; empty: it ends with the last of all."""
    files: int = 0
    """How many they are."""
    failed_before: bool = False
    """Of a single file: whether it failed already, and a trial has passed since."""

    def holds(self, flow: str | None, id: str) -> bool:
        return flow in self.flows and self.first <= id and (not self.last or id <= self.last)


def find_members(part: Part, members: Members) -> Members:
    """Those of the members that the part holds; a flow without any is left out."""
    found = {flow: [id for id in ids if part.holds(flow, id)] for flow, ids in members.items()}
    return {flow: ids for flow, ids in found.items() if ids}


def cut(part: Part, members: Members) -> tuple[Part, ...]:
    """The part by flows; one of one flow in halves; one of one file as it is; one of none is nothing."""
    held = find_members(part, members)
    if len(held) != 1:
        return tuple(span((flow,), ids) for flow, ids in held.items())
    ((flow, ids),) = held.items()
    middle = (len(ids) + 1) // 2
    return tuple(span((flow,), half) for half in (ids[:middle], ids[middle:]) if half)


def span(flows: tuple[str, ...], ids: Sequence[str]) -> Part:
    """The part from the first to the last of the ids, which are in order."""
    return Part(flows=flows, first=ids[0], last=ids[-1], files=len(ids))


def pick(starts: Iterable[str], part: Part, members: Members) -> tuple[Part, ...]:
    """A part for each file of `part` whose id begins with one of `starts`."""
    begins = tuple(starts)
    held = find_members(part, members)
    return tuple(span((flow,), [id]) for flow, ids in held.items() for id in ids if begins and id.startswith(begins))

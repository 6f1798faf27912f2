"""Cut parts out of a row and write them as one JSON object with sorted keys, each part in its own text. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ripple.rows.contracts.evolution import Path

Tree = dict[Any, Any]
"""Paths as nested keys; None at the end of one."""
Place = TypeVar("Place")


def cut_from_line(line: str, paths: Iterable[Path]) -> str:
    """The parts of a JSON line at `paths`, each exactly as it is written there, as a JSON object with sorted keys.

    A list is an object of positions: `{"items":{"1":{"gift":true}}}`. RecursionError if a part nests too deep to be read.
    """

    def members(place: tuple[int, int]) -> Mapping[str | int, tuple[int, int]]:
        return _find_members(line, place[0])

    start = _skip_space(line, 0)
    return write_parts(plant(paths), (start, len(line)), members, lambda place: line[place[0] : place[1]])


def plant(paths: Iterable[Path]) -> Tree:
    """Paths as one tree."""
    tree: Tree = {}
    for path in paths:
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = None
    return tree


def write_parts(
    tree: Tree,
    place: Place,
    members: Callable[[Place], Mapping[str | int, Place]],
    text: Callable[[Place], str],
) -> str:
    """The parts of a row that `tree` names, as a JSON object with sorted keys; `text` writes the end of a path."""
    inside = members(place)
    parts = (
        json.dumps(str(step), ensure_ascii=False)
        + ":"
        + (text(inside[step]) if tree[step] is None else write_parts(tree[step], inside[step], members, text))
        for step in sorted(tree)
    )
    return "{" + ",".join(parts) + "}"


# Numbers stay text: an integer of more than 4,300 digits is refused by int(), and no number is of interest here.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
_SPACE = re.compile(r"[ \t\r\n]*")


def _skip_space(text: str, at: int) -> int:
    """Compact JSON has none, and the pattern costs more than all else here."""
    found = None if text[at] > " " else _SPACE.match(text, at)
    return found.end() if found else at


def _find_members(text: str, at: int) -> dict[str | int, tuple[int, int]]:
    """Begin and end of each member of the object or list that begins at `at` of valid JSON."""
    found: dict[str | int, tuple[int, int]] = {}
    is_object = text[at] == "{"
    at = _skip_space(text, at + 1)
    while text[at] not in "}]":
        key: str | int = len(found)
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip_space(text, _skip_space(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        found[key] = (at, end)
        at = _skip_space(text, end)
        at = _skip_space(text, at + 1) if text[at] == "," else at
    return found

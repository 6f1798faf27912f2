"""A pattern in the words of `strptime` as templates. A directive has one width, or says so with a `-`; locale never matters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ripple.rows.timestamp_formats import FRACTIONS, MONTH_LETTERS, Format, join

DIRECTIVES: Mapping[str, tuple[str, Sequence[str]]] = {
    "%Y": ("year, 4 digits", ["yyyy"]),
    "%m": ("month, 2 digits", ["oo"]),
    "%-m": ("month, 1 or 2 digits", ["oo", "o"]),
    "%b": ("month's short English name", ["bbb"]),
    "%B": ("month's English name, full or short", MONTH_LETTERS),
    "%d": ("day, 2 digits", ["dd"]),
    "%-d": ("day, 1 or 2 digits", ["dd", "d"]),
    "%j": ("day of the year, 3 digits", ["jjj"]),
    "%a": ("weekday's short English name, which must be right", ["aaa"]),
    "%H": ("hour, 2 digits", ["hh"]),
    "%-H": ("hour, 1 or 2 digits", ["hh", "h"]),
    "%I": ("hour of 12, 2 digits", ["ii"]),
    "%-I": ("hour of 12, 1 or 2 digits", ["ii", "i"]),
    "%p": ("AM or PM, am or pm", ["xx"]),
    "%M": ("minute, 2 digits", ["mm"]),
    "%S": ("second, 2 digits", ["ss"]),
    "%f": ("fraction of a second, 1 to 9 digits", FRACTIONS),
    "%z": ("offset as `±hhmm`", ["±ppqq"]),
    "%:z": ("offset as `±hh:mm`", ["±pp:qq"]),
    "%%": ("a percent sign", ["%"]),
}
_PARTS = re.compile(r"%[-:]?.|[^%]|%", re.DOTALL)
_ROLES = {"%Y": "year", "%m": "month", "%-m": "month", "%b": "month", "%B": "month", "%d": "day", "%-d": "day",
          "%j": "day of the year", "%a": "weekday", "%H": "hour", "%-H": "hour", "%I": "hour of 12", "%-I": "hour of 12",
          "%p": "AM or PM", "%M": "minute", "%S": "second", "%f": "fraction", "%z": "offset", "%:z": "offset"}  # fmt: skip
_NEEDS = {"minute": ("hour", "hour of 12"), "second": ("minute",), "fraction": ("second",), "hour of 12": ("AM or PM",),
          "AM or PM": ("hour of 12",), "offset": ("hour", "hour of 12")}  # fmt: skip
_UTC = re.compile(r"(Z| UTC| GMT)\Z")
MOST_LETTERS = 64


def find_pattern_fault(pattern: object) -> str:
    """What is wrong with a pattern, with what would be right; empty if it reads whole dates."""
    if not isinstance(pattern, str) or not 0 < len(pattern) <= MOST_LETTERS or not re.fullmatch(r"[ -~]+", pattern):
        return f"must be a text of 1 to {MOST_LETTERS} ASCII characters"
    parts = _PARTS.findall(pattern)
    for part in parts:
        if part.startswith("%") and part not in DIRECTIVES:
            return f"{part} is no directive here; known are {' '.join(DIRECTIVES)}"
    return _find_missing([_ROLES[part] for part in parts if part in _ROLES])


def _find_missing(roles: Sequence[str]) -> str:
    for role in roles:
        if roles.count(role) > 1:
            return f"names {role} twice"
        if role in _NEEDS and not {*_NEEDS[role]} & {*roles}:
            return f"names {role} without {' or '.join(_NEEDS[role])}"
    if {"hour", "hour of 12"} <= {*roles}:
        return "names hour and hour of 12"
    if {*roles} & {"year", "month", "day", "day of the year"} not in (
        {"year", "month", "day"},
        {"year", "day of the year"},
    ):
        return "must have a year with a month and a day, or with a day of the year"
    return ""


def read_pattern(pattern: str) -> Format:
    """The format of a pattern without fault. One that ends in Z, UTC or GMT is in UTC, whatever zone is declared."""
    parts = _PARTS.findall(pattern)
    texts = [DIRECTIVES[part][1] if part in DIRECTIVES else ["\\" + part] for part in parts]
    is_naive = not {"%z", "%:z"} & {*parts} and not _UTC.search(pattern)
    return Format(meaning="a pattern", example=pattern, templates=join(*texts), is_naive=is_naive)

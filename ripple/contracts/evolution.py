"""Drift: what a row holds beyond its contract, and whether a contract that says `evolve` lets it through.

Two kinds can evolve, and only as far as nothing is lost: a field that the contract does not know, and a value of a wider type,
whose every narrower value it could hold as well (integer to number, date to moment). Any other change of type stays refused.
Pure; it names and cuts out, it never coerces.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from ripple.contracts.checks import Contract
from ripple.timestamps import Refusal, parse_timestamp

NEW_FIELD = "new_field"
WIDENED_TYPE = "widened_type"
CHANGED_TYPE = "changed_type"
MOST_FIELDS = 50
_MOST_REPORT_BYTES = 65536

Path = tuple[str | int, ...]
"""Where a part of a row stands: keys, and positions in lists."""
Tree = dict[Any, Any]
"""Paths as nested keys; None at the end of one."""
Place = TypeVar("Place")

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_MOMENTS = frozenset({"iso_zoned", "timestamp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How a field differs from its contract: kind of change, path (`items[].gift`), type declared (empty if new), type seen."""

    kind: str
    field: str
    declared: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The drift of one row, the paths of what is to be rescued, and whether it lands: nothing is wrong but what may evolve."""

    drifts: tuple[Drift, ...]
    paths: tuple[Path, ...]
    lands: bool


class _Findings:
    def __init__(self) -> None:
        self.drifts: dict[Drift, None] = {}
        self.paths: list[Path] = []
        self.is_sound = True

    def add(self, kind: str, path: Path, declared: str, seen: str, evolves: bool) -> None:
        self.drifts[Drift(kind=kind, field=_label(path), declared=declared, seen=seen)] = None
        self.paths.append(path)
        self.is_sound &= evolves


def examine(row: Mapping[str, Any], contract: Contract) -> Examined:
    """All drift of a decoded row that breaks its contract."""
    found = _Findings()
    _examine_record(row, contract, (), found)
    return Examined(drifts=tuple(found.drifts), paths=tuple(found.paths), lands=found.is_sound and bool(found.paths))


def _examine_record(row: Mapping[str, Any], contract: Contract, path: Path, found: _Findings) -> None:
    for field in contract.checks:
        _examine_field(field, row.get(field), contract, (*path, field), found)
    for name in row:
        if name not in contract.checks:
            evolves = contract.evolution[NEW_FIELD] == "evolve"
            found.add(NEW_FIELD, (*path, name), "", name_type(row[name]), evolves)


def _examine_field(field: str, value: Any, contract: Contract, path: Path, found: _Findings) -> None:
    if value is None:
        found.is_sound &= field in contract.nullable
        return
    wrong = contract.checks[field](value)
    if wrong is None:
        return
    kind = contract.kinds[field]["kind"]
    if field in contract.records and _is_list_of_records(value):
        found.is_sound &= len(value) <= contract.kinds[field]["max"]
        for position, item in enumerate(value):
            _examine_record(item, contract.records[field], (*path, position), found)
    elif wider := _name_wider(contract.kinds[field], value):
        found.add(WIDENED_TYPE, path, kind, wider, contract.evolution[WIDENED_TYPE] == "evolve")
    elif wrong[0] == "wrong_type":
        found.add(CHANGED_TYPE, path, kind, name_type(value), False)
    else:
        found.is_sound = False


def _is_list_of_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _name_wider(rule: Mapping[str, Any], value: Any) -> str:
    """The wider type that the value is of, or nothing: within the field's bounds, or with a zone."""
    if rule["kind"] == "integer":
        return "number" if isinstance(value, float) and rule["min"] <= value <= rule["max"] else ""
    if rule["kind"] == "date":
        is_moment = isinstance(value, str | dt.datetime) and not isinstance(parse_timestamp(value, _MOMENTS), Refusal)
        return "timestamp" if is_moment else ""
    return ""


def name_type(value: Any) -> str:
    """The JSON type of a decoded value; `timestamp` for a datetime."""
    kinds = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (dt.datetime, "timestamp"),
        (Mapping, "object"),
        (list, "array"),
    )
    return "null" if value is None else next((name for kind, name in kinds if isinstance(value, kind)), "other")


def _label(path: Path) -> str:
    """`items[].gift`. A name that is no identifier may be anything, an e-mail address too: it is told as `*`."""
    text = "".join("[]" if isinstance(step, int) else f".{step if _LABEL.fullmatch(step) else '*'}" for step in path)
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """What an event says of an object's drift; see `bronze.contract.drifted.v1`."""

    policy: Mapping[str, str]
    drifts: Sequence[Mapping[str, Any]]
    drifts_further: int
    rows_drifted: int
    rows_rescued: int


_REPORTED = {"field": str, "kind": str, "declared": str, "seen": str, "rows": int, "first_line": int}


def write_report(report: DriftReport) -> str:
    """As JSON, for `read_report`."""
    return json.dumps(asdict(report), sort_keys=True)


def read_report(text: bytes) -> DriftReport:
    """ValueError for what no tally wrote: a report goes into an event, so it is bounded and holds no values."""
    counts = ("drifts_further", "rows_drifted", "rows_rescued")
    report = _parse_report(text)
    if report.keys() != {"policy", "drifts", *counts} or not all(type(report[name]) is int for name in counts):
        raise ValueError("not a report of drift")
    drifts, policy = report["drifts"], report["policy"]
    if not isinstance(policy, dict) or not all(isinstance(value, str) for value in policy.values()):
        raise ValueError("not a report of drift: its policy")
    if not isinstance(drifts, list) or len(drifts) > MOST_FIELDS or not all(map(_is_reported, drifts)):
        raise ValueError("not a report of drift: its fields")
    return DriftReport(**{**report, "drifts": tuple(drifts)})


def _parse_report(text: bytes) -> dict[str, Any]:
    try:
        report = json.loads(text) if len(text) <= _MOST_REPORT_BYTES else None
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict):
        raise ValueError(f"not a report of drift: not a JSON object of at most {_MOST_REPORT_BYTES} bytes")
    return report


def _is_reported(drift: object) -> bool:
    return (
        isinstance(drift, dict)
        and drift.keys() | {"declared"} == _REPORTED.keys()
        and all(type(value) is _REPORTED[name] for name, value in drift.items())
    )


class DriftTally:
    """Drift over the rows of one object, bounded: the first fields, and how often others were seen."""

    def __init__(self) -> None:
        self.rows = self.rescued = self.further = 0
        self._seen: dict[Drift, list[int]] = {}

    def add(self, drifts: Sequence[Drift], line: int, *, rescued: bool) -> None:
        """One row's drift; `line` is its number in the object, from 1."""
        self.rows += bool(drifts)
        self.rescued += rescued
        for drift in drifts:
            if drift in self._seen:
                self._seen[drift][0] += 1
            elif len(self._seen) < MOST_FIELDS:
                self._seen[drift] = [1, line]
            else:
                self.further += 1

    def report(self, contract: Contract) -> DriftReport | None:
        """Fields in order of appearance; None if no row drifted."""
        if not self.rows:
            return None
        drifts = [
            {"field": drift.field, "kind": drift.kind, "seen": drift.seen, "rows": rows, "first_line": first}
            | ({"declared": drift.declared} if drift.declared else {})
            for drift, (rows, first) in self._seen.items()
        ]
        return DriftReport(
            policy=dict(contract.evolution),
            drifts=tuple(drifts),
            drifts_further=self.further,
            rows_drifted=self.rows,
            rows_rescued=self.rescued,
        )


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

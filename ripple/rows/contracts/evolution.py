"""Drift: what a row holds beyond its contract, and whether a contract that says `evolve` lets it through.

Two kinds can evolve, and only as far as nothing is lost: a field that the contract does not know, and a value of a wider type,
whose every narrower value it could hold as well (integer to number, date to moment). Any other change of type stays refused.
Pure; it names, it never coerces.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ripple.rows.contracts.checks import Contract
from ripple.rows.timestamps import Refusal, parse_timestamp

NEW_FIELD = "new_field"
WIDENED_TYPE = "widened_type"
MOST_NEW_FIELDS = 1000
"""Of one record: no schema grows by more at once, and a line of 80,000 keys would cost a third of a second."""
WIDER = frozenset({"integer", "date"})
"""The kinds that have a wider one."""
CHANGED_TYPE = "changed_type"

Path = tuple[str | int, ...]
"""Where a part of a row stands: keys, and positions in lists."""

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
    unknown = [name for name in row if name not in contract.checks]
    evolves = contract.evolution[NEW_FIELD] == "evolve" and len(unknown) <= MOST_NEW_FIELDS
    for name in unknown[:MOST_NEW_FIELDS]:
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
    """`items[].gift`. A name that is no identifier may be anything, an e-mail address too: it is shown as `*`."""
    text = "".join("[]" if isinstance(step, int) else f".{step if _LABEL.fullmatch(step) else '*'}" for step in path)
    return text.removeprefix(".")

"""Which rows of a page may break a contract, found a column at a time; only those are then looked at one by one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ripple.rows.contracts.checks import Contract
from ripple.rows.timestamp_columns import parse_column
from ripple.rows.timestamps import MAX_MICROS, MIN_MICROS


def find_suspects(rows: Sequence[Mapping[str, Any]], contract: Contract) -> set[int]:
    """Indexes of all rows that break the contract, and perhaps of a few that do not."""
    known = contract.checks.keys()
    suspects = {at for at, row in enumerate(rows) if not row.keys() <= known}
    for name in known:
        values = [row.get(name) for row in rows]
        suspects.update(_find_in_column(values, name, contract))
    return suspects


def _find_in_column(values: Sequence[Any], name: str, contract: Contract) -> Iterable[int]:
    rule = contract.kinds[name]
    if name not in contract.nullable:
        return _suspect(values, rule, contract.checks[name])
    held = [at for at, value in enumerate(values) if value is not None]
    if len(held) == len(values):
        return _suspect(values, rule, contract.checks[name])
    found = _suspect([values[at] for at in held], rule, contract.checks[name])
    return [held[at] for at in found]


def _suspect(values: Sequence[Any], rule: Mapping[str, Any], check: Callable[[Any], object]) -> Iterable[int]:
    """The kinds that come in bulk are tested in one comprehension each; any other value is put to its own check."""
    find = _BULK.get("enum" if "enum" in rule else rule["kind"])
    if find is not None:
        return find(values, rule)
    return [at for at, value in enumerate(values) if value is None or check(value) is not None]


def _find_wrong_integers(values: Sequence[Any], rule: Mapping[str, Any]) -> Iterable[int]:
    low, high = rule["min"], rule["max"]
    return [at for at, value in enumerate(values) if type(value) is not int or not low <= value <= high]


def _find_wrong_floats(values: Sequence[Any], rule: Mapping[str, Any]) -> Iterable[int]:
    low, high = rule["min"], rule["max"]
    return [at for at, value in enumerate(values) if type(value) not in (int, float) or not low <= value <= high]


def _find_wrong_booleans(values: Sequence[Any], _rule: Mapping[str, Any]) -> Iterable[int]:
    return [at for at, value in enumerate(values) if type(value) is not bool]


def _find_wrong_moments(values: Sequence[Any], rule: Mapping[str, Any]) -> Iterable[int]:
    read = parse_column(values, rule["grammar"])
    # An arrival sets these bounds; no contract does.
    low, high = rule.get("earliest", MIN_MICROS), rule.get("latest", MAX_MICROS)
    wrong: list[int] = np.flatnonzero((read.refusals != 0) | (read.micros < low) | (read.micros > high)).tolist()
    return wrong


def _find_unlisted(values: Sequence[Any], rule: Mapping[str, Any]) -> Iterable[int]:
    allowed = frozenset(rule["enum"])
    return [at for at, value in enumerate(values) if type(value) is not str or value not in allowed]


_BULK: Mapping[str, Callable[[Sequence[Any], Mapping[str, Any]], Iterable[int]]] = {
    "integer": _find_wrong_integers,
    "float": _find_wrong_floats,
    "boolean": _find_wrong_booleans,
    "timestamp": _find_wrong_moments,
    "enum": _find_unlisted,
}

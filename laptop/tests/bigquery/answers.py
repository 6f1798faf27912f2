"""A query's answer in one plain form, whoever gave it: names and types of the columns, values as YAML has them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_SQL_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`types` as GoogleSQL writes them, `rows` of int, bool, float, str, None, list and dict."""

    names: list[str]
    types: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The message of an error."""

    message: str


def type_of_field(field: dict[str, Any]) -> str:
    """A REST field as `ARRAY<STRUCT<a INT64, b STRING>>`."""
    if field.get("mode") == "REPEATED":
        return f"ARRAY<{type_of_field({**field, 'mode': 'NULLABLE'})}>"
    kind = str(field["type"])
    if kind in ("RECORD", "STRUCT"):
        parts = (f"{part['name']} {type_of_field(part)}" for part in field["fields"])
        return f"STRUCT<{', '.join(parts)}>"
    return _SQL_NAMES.get(kind, kind)


def value_of_cell(cell: Any, field: dict[str, Any]) -> Any:
    """A REST value (`v` of a row's cell) as YAML has it."""
    if field.get("mode") == "REPEATED":
        return [value_of_cell(item["v"], {**field, "mode": "NULLABLE"}) for item in cell]
    if cell is None:
        return None
    if field["type"] == "RECORD":
        parts = zip(field["fields"], cell["f"], strict=True)
        return {part["name"]: value_of_cell(inner["v"], part) for part, inner in parts}
    return {"INT64": int, "FLOAT64": plain_float, "BOOL": "true".__eq__}.get(type_of_field(field), str)(cell)


def plain_float(value: float | str) -> float | str:
    """NaN and the infinities as text: YAML and `==` know no NaN."""
    number = float(value)
    return number if math.isfinite(number) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]


def same(found: Any, wanted: Any) -> bool:
    """Equal, floats to 12 digits: the last bits of EXP and POW are the machine's."""
    if isinstance(found, float) and isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=0)
    if isinstance(found, dict) and isinstance(wanted, dict):
        return list(found) == list(wanted) and all(same(found[key], wanted[key]) for key in found)
    if isinstance(found, Sequence) and isinstance(wanted, Sequence) and not isinstance(found, str):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return type(found) is type(wanted) and bool(found == wanted)

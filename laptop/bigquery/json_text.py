"""JSON as GoogleSQL spells it, where DuckDB's differs: numbers as written, TO_JSON_STRING by type."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from laptop.bigquery.sql.types import split_struct

_STEP = re.compile(r'\."([^"]*)"|\[(\d+)\]')
_EXACT = 1 << 53


class _Number(str):
    """A number's own text."""


def number_at(text: str, path: str) -> str | None:
    """The text of the number at a DuckDB path (`$."a"[0]`): `1.50` stays `1.50`."""
    found: Any = json.loads(text, parse_float=_Number, parse_int=_Number)
    for key, index in _STEP.findall(path):
        found = found[int(index)] if index else found[key]
    return str(found)


def canonical(text: str) -> str | None:
    """A JSON value as BigQuery keeps it: keys in order, the first of a name, no blanks. None for what is no JSON value."""
    try:
        value = json.loads(
            text, object_pairs_hook=_first_of_a_name, parse_constant=_refuse, parse_int=_int, parse_float=_float
        )
    except (ValueError, RecursionError):
        return None
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _first_of_a_name(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _int(digits: str) -> int:
    number = int(digits)
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueError(digits)
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def respell(text: str, duck_type: str) -> str:
    """DuckDB's to_json of a value of `duck_type` as TO_JSON_STRING writes it. Raises ValueError for other types."""
    return _spell(json.loads(text), duck_type)


def _spell(value: Any, duck_type: str) -> str:
    if value is None:
        return "null"
    if duck_type.endswith("[]"):
        return "[" + ",".join(_spell(item, duck_type[:-2]) for item in value) + "]"
    if duck_type.startswith("STRUCT("):
        parts = (f"{_quoted(name)}:{_spell(value[name], kind)}" for name, kind in split_struct(duck_type))
        return "{" + ",".join(parts) + "}"
    return _spell_scalar(value, duck_type)


def _spell_scalar(value: Any, duck_type: str) -> str:
    if duck_type in ("VARCHAR", "BOOLEAN", "DATE"):
        return json.dumps(value, ensure_ascii=False)
    if duck_type in ("BIGINT", "HUGEINT", "INTEGER"):
        return str(value) if abs(value) <= _EXACT else f'"{value}"'
    if duck_type == "DOUBLE":
        return _double(value)
    if duck_type.startswith("DECIMAL"):
        return _decimal(value)
    if duck_type in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "TIME"):
        return _instant(value, duck_type)
    if duck_type == "JSON":
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    raise ValueError(f"TO_JSON_STRING does not support {duck_type} here")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _double(value: float | str) -> str:
    number = float(value)
    if not math.isfinite(number):
        return _quoted("NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity")
    short = f"{number:.15g}"
    return short if float(short) == number else f"{number:.17g}"


def _decimal(value: float | str) -> str:
    text = str(value)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if "." not in text else f'"{text}"'


def _instant(value: str, duck_type: str) -> str:
    moment, _, zone = value.partition("+")
    whole, dot, fraction = moment.replace(" ", "T").partition(".")
    fraction = fraction.ljust(6, "0")
    shown = fraction[:3] if fraction.endswith("000") else fraction
    suffix = "Z" if zone and duck_type == "TIMESTAMP WITH TIME ZONE" else ""
    return f'"{whole}{dot}{shown if dot else ""}{suffix}"'

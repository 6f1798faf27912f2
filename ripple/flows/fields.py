"""The fields of a flow file as a contract's rules: what of the standard's types is read, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ripple.flows.faults import Faults
from ripple.flows.words import FIELD, FIELD_PROPERTIES, OPTIONS
from ripple.rows.contracts.validation import RESERVED

INT64 = (-(2**63), 2**63 - 1)
FLOAT64 = 1.7976931348623157e308
MOST_ITEMS = 1000
TYPES = ("string", "integer", "number", "boolean", "date", "timestamp", "array", "object")
NAME_OF_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
_TAKEN = re.compile(r"_(?:TABLE_|FILE_|PARTITION|ROW_TIMESTAMP|_ROOT__|COLIDENTIFIER)", re.I)
"""BigQuery keeps names that begin so for itself."""
DELIVERED = frozenset(
    {
        "batch", "corrects_line", "source_uri", "source_generation", "source_offset", "arrived_at", "line_hash",
        "broken_rule", "row_key", "arrived_date",
    }
)  # fmt: skip
"""Columns that every row has beside its own."""

Rule = dict[str, Any]
_SCALARS = ("string", "integer", "number", "boolean", "date", "timestamp")


def read_fields(
    found: object, place: str, faults: Faults, taken: frozenset[str] = frozenset()
) -> list[Mapping[str, Any]]:
    """Each field as its words, those of a custom property among them, under one name each. Names are columns, once each."""
    fields: list[Mapping[str, Any]] = []
    seen = {name.lower() for name in taken}
    for at, entry in enumerate(faults.read_list(found, place)):
        field = dict(faults.read(entry, f"{place}[{at}]", FIELD))
        name = field.get("name")
        if not isinstance(name, str):
            faults.add(f"{place}[{at}].name", f"is {name!r}, must be a text" if name is not None else "must be there")
            continue
        here = f"{place}.{name}"
        _check_name(name, here, seen, faults)
        faults.read_text(field.get("physicalName"), f"{here}.physicalName")
        properties = field.pop("customProperties", None)
        fields.append({**field, **faults.read_properties(properties, f"{here}.customProperties", FIELD_PROPERTIES)})
    return fields


def _check_name(name: str, place: str, seen: set[str], faults: Faults) -> None:
    if not NAME_OF_COLUMN.fullmatch(name) or _TAKEN.match(name):
        faults.add(place, "is no name of a column: letters, digits and _; write the source's name as physicalName")
    elif name in RESERVED or name.lower() in seen:
        faults.add(
            place,
            "the name is taken: another column, or one that every row has, is called so; upper case makes no other name",
        )
    seen.add(name.lower())


def read_rule(field: Mapping[str, Any], place: str, faults: Faults) -> tuple[Rule, Any]:
    """The rule of a contract for one field, and what is said of its column: a text, or one with those of a record's."""
    logical = faults.read_choice(field.get("logicalType"), f"{place}.logicalType", TYPES)
    options = faults.read(field.get("logicalTypeOptions", {}), f"{place}.logicalTypeOptions", OPTIONS.get(logical, {}))
    text = (
        faults.read_text(field.get("description"), f"{place}.description")
        or f"{field.get('name', 'It')} of the source."
    )
    rule = _RULES[logical](field, options, place, faults)
    _refuse_unread(field, logical, place, faults)
    if not faults.read_flag(field.get("required", False), f"{place}.required"):
        rule["nullable"] = True
    if "fields" in rule:
        return rule, {"description": text, "columns": rule.pop("texts")}
    return rule, text


_ONLY = {"enum": ("string",), "items": ("array",), "properties": ("object",), "formats": ("timestamp",)}


def _refuse_unread(field: Mapping[str, Any], logical: str, place: str, faults: Faults) -> None:
    for word, types in _ONLY.items():
        if word in field and logical not in types:
            faults.add(f"{place}.{word}", f"is not read of a {logical}; only of {', '.join(types)}")


def _string(field: Mapping[str, Any], options: Mapping[str, Any], place: str, faults: Faults) -> Rule:
    rule: Rule = {"kind": "string"}
    if "enum" in field:
        entries = faults.read_list(field["enum"], f"{place}.enum")
        values = [entry.get("value") if isinstance(entry, Mapping) else None for entry in entries]
        if not values or not all(isinstance(value, str) for value in values):
            faults.add(
                f"{place}.enum", "must be a list of mappings, each with a value that is a text; write it in quotes"
            )
        if options:
            faults.add(f"{place}.logicalTypeOptions", "an enum says all that may stand there")
        return rule | {"enum": values}
    if "pattern" in options:
        rule["pattern"] = _read_pattern(options["pattern"], f"{place}.logicalTypeOptions.pattern", faults)
    if "maxLength" in options:
        rule["max"] = _read_number(options["maxLength"], f"{place}.logicalTypeOptions.maxLength", faults, low=1)
    return rule


def _read_pattern(found: object, place: str, faults: Faults) -> str:
    try:
        re.compile(str(found), re.ASCII)
    except re.error as error:
        faults.add(place, f"is no regular expression: {error}")
    return faults.read_text(found, place)


def _read_number(found: object, place: str, faults: Faults, *, low: float, whole: bool = True) -> Any:
    kinds = (int,) if whole else (int, float)
    if isinstance(found, bool) or not isinstance(found, kinds) or found < low:
        faults.add(
            place,
            f"is {found!r}, must be {'an integer' if whole else 'a number'}{f' from {low} on' if low > INT64[0] else ''}",
        )
        return low
    return found


def _bounded(kind: str, low: float, high: float, whole: bool) -> Callable[..., Rule]:
    def read(_field: Mapping[str, Any], options: Mapping[str, Any], place: str, faults: Faults) -> Rule:
        at = f"{place}.logicalTypeOptions"
        found = [
            _read_number(options.get(name, bound), f"{at}.{name}", faults, low=low, whole=whole)
            for name, bound in (("minimum", low), ("maximum", high))
        ]
        if found[0] > found[1] or found[1] > high:
            faults.add(at, f"minimum to maximum is {found[0]} to {found[1]}: there is no such value")
        return {"kind": kind, "min": found[0], "max": found[1]}

    return read


def _plain(kind: str) -> Callable[..., Rule]:
    return lambda *_: {"kind": kind}


def _timestamp(field: Mapping[str, Any], _options: Mapping[str, Any], _place: str, _faults: Faults) -> Rule:
    return {"kind": "timestamp", "grammar": field.get("formats", ["iso_zoned", "timestamp"])}


def _array(field: Mapping[str, Any], options: Mapping[str, Any], place: str, faults: Faults) -> Rule:
    most = _read_number(options.get("maxItems", MOST_ITEMS), f"{place}.logicalTypeOptions.maxItems", faults, low=1)
    items = field.get("items")
    logical = items.get("logicalType") if isinstance(items, Mapping) else None
    if logical == "string" and set(items or ()) == {"logicalType"}:
        return {"kind": "strings", "max": most}
    if logical == "object" and set(items or ()) == {"logicalType", "properties"}:
        return {"kind": "records", "max": most} | _read_record(items, f"{place}.items", faults)
    if logical in _SCALARS and not set(items or ()) - {"logicalType", "customProperties"}:
        (item,) = read_fields([{"name": "item", "required": True, **(items or {})}], f"{place}.items", faults)
        return {"kind": "list", "max": most, "items": read_rule(item, f"{place}.items", faults)[0]}
    faults.add(
        f"{place}.items", f"must be a mapping with the logicalType {', '.join(_SCALARS)}, or object with properties"
    )
    return {"kind": "strings", "max": most}


def _read_record(owner: Any, place: str, faults: Faults) -> Rule:
    rules, texts = {}, {}
    for field in read_fields(owner.get("properties"), f"{place}.properties", faults):
        here = f"{place}.properties.{field['name']}"
        rules[field["name"]], texts[field["name"]] = read_rule(field, here, faults)
        for word in ("primaryKey", "primaryKeyPosition", "physicalName"):
            if word in field:
                faults.add(f"{here}.{word}", "is not read of a field inside another")
    if not rules:
        faults.add(f"{place}.properties", "must have a field at least")
    return {"fields": rules, "texts": texts}


def _object(field: Mapping[str, Any], _options: Mapping[str, Any], place: str, faults: Faults) -> Rule:
    """An object without fields of its own may hold anything: its column is its JSON text."""
    if "properties" not in field:
        return {"kind": "json"}
    return {"kind": "record"} | _read_record(field, place, faults)


_RULES: Mapping[str, Callable[..., Rule]] = {
    "string": _string,
    "integer": _bounded("integer", *INT64, whole=True),
    "number": _bounded("float", -FLOAT64, FLOAT64, whole=False),
    "boolean": _plain("boolean"),
    "date": _plain("date"),
    "timestamp": _timestamp,
    "array": _array,
    "object": _object,
}

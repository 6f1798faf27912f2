"""What type a field's values are of, as a flow file says it, and what a person should look at. Pure."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ripple.rows.timestamp_formats import FORMATS, format_of
from ripple.rows.timestamps import Refusal, parse_timestamp, read_day

LONGEST = 4096
MOST_FIELDS = 100
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = ("true", "false", "True", "False", "TRUE", "FALSE")
_TIME = re.compile(r"(?:^|_)(?:at|on|ts|time|timestamp|date|datetime|created|updated|when)$|time", re.I)
_EPOCHS = ("epoch_seconds", "epoch_millis", "epoch_micros")
_PATTERNS = tuple(
    f"pattern: {day}{clock}"
    for day in ("%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d", "%b %d %Y", "%d-%b-%Y")
    for clock in ("", " %H:%M", " %H:%M:%S")
)
_DAY_FIRST, _MONTH_FIRST = "day_first", "month_first"
_ENUM_ROWS, _ENUM_TEXTS = 200, 10

Words = dict[str, Any]


@dataclass(slots=True)
class Typed:
    """The words of a type, and remarks for the person who reads the file."""

    words: Words
    remarks: list[str] = field(default_factory=list)


def type_values(name: str, values: Sequence[Any], *, is_text: bool) -> Typed:
    """Of the values that are there; `is_text`: the format knows texts only, and numbers stand in them."""
    if not values:
        return Typed({"logicalType": "string"}, ["no value in the samples: its type is a guess"])
    if is_text and (found := _type_texts(values)):
        return Typed({"logicalType": found})
    kinds = {_kind_of(value) for value in values}
    if kinds <= {"integer", "number"}:
        return _type_numbers(name, values, kinds)
    if len(kinds) == 1:
        return _OF_KIND[kinds.pop()](name, values)
    return Typed(
        {"logicalType": "object"}, [f"values of several types ({', '.join(sorted(kinds))}): kept as JSON text"]
    )


def _kind_of(value: Any) -> str:
    for kind, types in _KINDS:
        if isinstance(value, types):
            return kind
    return "text"


_KINDS: tuple[tuple[str, Any], ...] = (
    ("boolean", bool), ("integer", int), ("number", (float, decimal.Decimal)), ("moment", dt.datetime), ("day", dt.date),
    ("object", Mapping), ("list", (list, tuple)), ("bytes", bytes),
)  # fmt: skip


def _type_texts(values: Sequence[str]) -> str:
    if all(value in _BOOLEANS for value in values):
        return "boolean"
    if all(_INTEGER.fullmatch(value) for value in values) and not _are_dates(values):
        return "integer"
    return "number" if all(_NUMBER.fullmatch(value) for value in values) and not _are_dates(values) else ""


def _are_dates(values: Sequence[str]) -> bool:
    return all(_is_date(value) for value in values)


def _is_date(value: str) -> bool:
    return (
        len(value) == 8
        and not isinstance(parse_timestamp(value, {"date_basic"}), Refusal)
        and value[:2] in ("19", "20")
    )


def _type_numbers(name: str, values: Sequence[Any], kinds: Collection[str]) -> Typed:
    if kinds == {"integer"} and _TIME.search(name):
        for epoch in _EPOCHS:
            if not any(isinstance(parse_timestamp(value, {epoch}), Refusal) for value in values):
                return Typed(_timestamp([epoch]), [f"integers that are {epoch.replace('_', ' of ')} by their size"])
    if any(not -(2**63) <= value < 2**63 for value in values if isinstance(value, int)):
        return Typed({"logicalType": "object"}, ["integers past 64 bits: kept as JSON text"])
    whole = all(float(value).is_integer() for value in values)
    if kinds == {"integer"} or (whole and any(isinstance(value, decimal.Decimal) for value in values)):
        return Typed({"logicalType": "integer"})
    return Typed({"logicalType": "number"})


def _timestamp(formats: Sequence[Any]) -> Words:
    properties = [{"property": "formats", "value": list(formats)}]
    return {"logicalType": "timestamp", "customProperties": properties}


def _type_text(values: Sequence[str]) -> Typed:
    if found := _find_formats(values):
        return _type_moments(found)
    longest = max(map(len, values))
    if longest > LONGEST:
        return Typed({"logicalType": "string", "logicalTypeOptions": {"maxLength": 2 ** (longest - 1).bit_length()}})
    texts = sorted(set(values))
    if len(values) >= _ENUM_ROWS and len(texts) <= _ENUM_TEXTS and max(map(len, texts)) <= 40:
        remark = "the only values of the samples: another is quarantined; take the enum away if others may come"
        return Typed({"logicalType": "string", "enum": [{"value": text} for text in texts]}, [remark])
    return Typed({"logicalType": "string"})


def _type_moments(found: Sequence[str]) -> Typed:
    if found == ["date"]:
        return Typed({"logicalType": "date"})
    sides = {side for side in (_DAY_FIRST, _MONTH_FIRST) if any(name.startswith(side) for name in found)}
    if len(sides) == 2:
        return Typed({"logicalType": "string"}, ["dates, day or month first: no sample shows which; declare formats"])
    naive = any(name in _PATTERNS or format_of(name).is_naive for name in found)
    remarks = ["times without a zone are read as UTC; {zone: ...} declares another"] if naive else []
    return Typed(_timestamp([_spell(name) for name in found]), remarks)


def _spell(name: str) -> Any:
    return {"pattern": name.removeprefix("pattern: ")} if name in _PATTERNS else name


def _find_formats(values: Sequence[str]) -> list[str]:
    """The formats by which every value is read: one, or a few that share them out; both where day and month could be either."""
    if all(_is_day(value) for value in values[:100]) and all(_is_day(value) for value in values):
        return ["date"]
    texts = [
        name for name in FORMATS if name not in (*_EPOCHS, "timestamp", "epoch_float") and not name.endswith("_text")
    ]
    reads = {name: _count_read(values[:200], name) for name in (*texts, *_PATTERNS)}
    useful = [name for name, count in reads.items() if count]
    whole = [name for name in useful if _count_read(values, name) == len(values)]
    if whole:
        return whole if _is_either(whole) else whole[:1]
    shared = {*useful}
    is_read = all(not isinstance(parse_timestamp(value, shared), Refusal) for value in values) if shared else False
    return useful if is_read else []


def _is_either(names: Sequence[str]) -> bool:
    return any(name.startswith(_DAY_FIRST) for name in names) and any(name.startswith(_MONTH_FIRST) for name in names)


def _count_read(values: Sequence[str], name: str) -> int:
    return sum(not isinstance(parse_timestamp(value, {name}), Refusal) for value in values)


def _is_day(value: str) -> bool:
    try:
        read_day(value)
    except ValueError:
        return False
    return True


def _type_datetimes(values: Sequence[dt.datetime]) -> Typed:
    if all(value.tzinfo is not None for value in values):
        return Typed(_timestamp(["timestamp"]))
    return Typed(_timestamp(["iso_naive"]), ["times without a zone are read as UTC; {zone: ...} declares another"])


def _type_list(name: str, values: Sequence[Sequence[Any]]) -> Typed:
    items = [item for value in values for item in value]
    longest = max(len(value) for value in values)
    options: Words = {"logicalTypeOptions": {"maxItems": 2 * longest}} if longest > 500 else {}
    if not items:
        return Typed({"logicalType": "array", "items": {"logicalType": "string"}}, ["empty in all samples: a guess"])
    if any(item is None for item in items):
        return Typed({"logicalType": "object"}, ["lists with nulls, which no column holds: kept as JSON text"])
    inner = type_values(name, items, is_text=False)
    words = {
        word: value for word, value in inner.words.items() if word in ("logicalType", "properties", "customProperties")
    }
    if inner.words["logicalType"] in ("array", "object") and "properties" not in words:
        return Typed({"logicalType": "object"}, ["lists of what has no one type: kept as JSON text"])
    return Typed({"logicalType": "array", **options, "items": words})


def _type_object(_name: str, values: Sequence[Mapping[str, Any]]) -> Typed:
    names = list(dict.fromkeys(name for value in values for name in value))
    if (
        not names
        or len(names) > MOST_FIELDS
        or not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,100}", str(name)) for name in names)
    ):
        return Typed({"logicalType": "object"}, ["an object without fixed fields: kept as JSON text"])
    if len({name.lower() for name in names}) < len(names):
        return Typed({"logicalType": "object"}, ["fields that differ by upper case only: kept as JSON text"])
    return Typed({"logicalType": "object", "properties": list(_type_fields(names, values))})


def _type_fields(names: Sequence[str], values: Sequence[Mapping[str, Any]]) -> Iterator[Words]:
    for name in names:
        held = [value[name] for value in values if value.get(name) is not None]
        typed = type_values(name, held, is_text=False)
        words = typed.words
        # An enum of what stands inside another would hide in the file.
        yield {"name": name, **{word: value for word, value in words.items() if word != "enum"}}


_OF_KIND: Mapping[str, Callable[[str, Sequence[Any]], Typed]] = {
    "boolean": lambda *_: Typed({"logicalType": "boolean"}),
    "moment": lambda _name, values: _type_datetimes(values),
    "day": lambda *_: Typed({"logicalType": "date"}),
    "object": _type_object,
    "list": _type_list,
    "bytes": lambda *_: Typed({"logicalType": "string"}, ["bytes: kept as Base64"]),
    "text": lambda _name, values: _type_text([str(value) for value in values]),
}

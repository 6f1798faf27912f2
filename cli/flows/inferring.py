"""From samples to a flow file: types, key, time of the events, what may be personal, each with its reason as a comment. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cli.flows.sampling import Row, Sample
from cli.flows.typing import Typed, type_values
from cli.flows.writing import Remarked, write_yaml
from ripple.flows.fields import DELIVERED
from ripple.rows.timestamp_grammar import spell_grammar
from ripple.rows.timestamps import Refusal, parse_timestamp, read_day

_KEY_NAME = re.compile(r"(?:^|_)(?:id|key|uuid|guid|code|number|no|sku|iata|isbn)$", re.I)
_CHANGED_NAME = re.compile(r"(?:updated|modified|changed|last_?seen|version)", re.I)
_TIME_NAME = re.compile(
    r"(?:occurred|event|created|ordered|order_?date|timestamp|time|date|happened|(?:^|_)at$|(?:^|_)ts$)", re.I
)
_MOST_PAIRED = 12
_DAY = 86400 * 10**6
_PERSONAL: Mapping[str, re.Pattern[str]] = {
    "e-mail addresses": re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.I),
    "network addresses": re.compile(r"(?:\d{1,3}\.){3}\d{1,3}"),
    "phone numbers": re.compile(r"\+\d[\d ()-]{7,}"),
}
_PERSONAL_NAME = re.compile(
    r"(?:e_?mail|phone|mobile|ssn|passport|iban|birth|(?:first|last|full|sur|user)_?name|street|address|(?:^|_)ip(?:$|_)|tax_?id)",
    re.I,
)


@dataclass(slots=True)
class Column:
    """A field as samples have it: its name in them and in silver, its values that are there, its type."""

    source: str
    name: str
    values: list[Any]
    absent: int
    typed: Typed
    raw: list[Any]

    @property
    def type(self) -> str:
        return str(self.typed.words["logicalType"])


def infer_flow(name: str, samples: Sequence[Sample], today: dt.date, taken: Collection[str] = ()) -> str:
    """The text of `flows/{name}.yaml`; `taken` are silver tables of other flows.

    ValueError if the samples have no rows, or are of several formats.
    """
    first = samples[0]
    rows = [row for sample in samples for row in sample.rows]
    if not rows:
        raise ValueError("the samples have no rows")
    if len({(sample.format, tuple(sorted(sample.dialect.items()))) for sample in samples}) > 1:
        raise ValueError("the samples are of several formats, or several dialects: a flow has one")
    columns = read_columns(rows, is_text=first.is_text)
    key, key_remark = find_key(columns, len(rows))
    time = find_time(columns, today)
    version = find_version(columns, key)
    needed = {column.name for column in (*key, *([time[0]] if time else []), *([version] if version else []))}
    fields = [_write_field(column, needed, key) for column in columns]
    own: Any = name if name not in taken else Remarked(f"{name}_rows", f"silver.{name} is the table of another flow")
    table = {
        "name": own,
        "dataGranularityDescription": Remarked(f"A row of {name}.", "say what one row is"),
        "properties": fields,
    }
    document = {
        "kind": "DataContract",
        "apiVersion": "v3.2.0",
        "id": name,
        "name": name,
        "version": "1.0.0",
        "schema": [table],
        "customProperties": _write_properties(first, version, time),
    }
    return write_yaml(document, _write_head(name, rows, key_remark, time, version))


def read_columns(rows: Sequence[Row], *, is_text: bool) -> list[Column]:
    columns, taken = [], {name.lower() for name in DELIVERED}
    for source in dict.fromkeys(name for row in rows for name in row):
        raw = [row.get(source) for row in rows]
        values = [value for value in raw if value is not None and not (is_text and value == "")]
        name = name_column(source, taken)
        taken.add(name.lower())
        typed = type_values(source, values, is_text=is_text)
        columns.append(Column(source, name, values, len(rows) - len(values), typed, raw))
    return columns


def name_column(source: str, taken: set[str]) -> str:
    """A name that a column may have, and no other has."""
    name = (
        source
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,200}", source)
        else re.sub(r"[^A-Za-z0-9]+", "_", source).strip("_").lower()
    )
    name = name if re.match(r"[A-Za-z]", name) else f"field_{name}".rstrip("_")
    while name.lower() in taken or name == "_rescued":
        name += "_"
    return name


def find_key(columns: Sequence[Column], rows: int) -> tuple[list[Column], str]:
    """The field, or two, that each row has another value of, and why."""
    plain = [column for column in columns if column.type in ("string", "integer") and not column.absent]
    alone = [column for column in plain if _count_distinct([column]) == rows]
    named = [column for column in alone if _KEY_NAME.search(column.name)]
    texts = [column for column in alone if column.type == "string" and not _PERSONAL_NAME.search(column.name)]
    if found := (named or texts[: rows > 20]):
        others = ", ".join(column.name for column in alone if column is not found[0])
        return found[:1], f"key: {found[0].name}, unique in {rows} rows" + (f"; so are {others}" if others else "")
    if versioned := _find_versioned(plain, columns, rows):
        return [versioned], f"key: {versioned.name}, by its name; its rows differ in versions"
    likely = sorted(plain[:_MOST_PAIRED], key=lambda column: not _KEY_NAME.search(column.name))
    for pair in combinations(likely, 2):
        if any(_KEY_NAME.search(column.name) for column in pair) and _count_distinct(pair) == rows:
            return list(pair), f"key: {pair[0].name} and {pair[1].name} together, unique in {rows} rows"
    times = [column for column in columns if column.type in ("date", "timestamp") and not column.absent]
    if rows > 20 and (moments := [column for column in times if _count_distinct([column]) == rows]):
        return moments[:1], f"key: {moments[0].name}, a time that no two of {rows} rows share"
    return (
        [],
        "no key: no field is another in each row, so that a row's content is its key. Set primaryKey: true where you know one",
    )


def _find_versioned(plain: Sequence[Column], columns: Sequence[Column], rows: int) -> Column | None:
    """A field that is called as a key, and that with the field of a version no two rows share."""
    versions = [column for column in columns if _CHANGED_NAME.search(column.name) and not column.absent]
    keys = [column for column in plain if _KEY_NAME.search(column.name)]
    return next((key for key in keys for version in versions if _count_distinct([key, version]) == rows), None)


def _count_distinct(columns: Sequence[Column]) -> int:
    return len(set(zip(*(map(str, column.raw) for column in columns), strict=True)))


Time = tuple[Column, dict[str, Any]]


def find_time(columns: Sequence[Column], today: dt.date) -> Time | None:
    """The field that says when a row happened, with the words for it."""
    whole = [column for column in columns if column.type in ("timestamp", "date") and not column.absent]
    likely = [column for column in whole if _TIME_NAME.search(column.name) and not _CHANGED_NAME.search(column.name)]
    for column in (*likely, *whole):
        if (found := _measure(column, today)) is not None:
            return column, found
    return None


def _measure(column: Column, today: dt.date) -> dict[str, Any] | None:
    """The words for the days that its values span; None if they cannot be the time of events."""
    days = _read_days(column)
    if not days:
        return None
    first, last = min(days), max(days)
    words: dict[str, Any] = {"field": column.name}
    span = (last - first).days
    words |= {"grain": "year" if span > 365 * 50 else "month"} if span > 1000 else {}
    if column.type == "date":
        return words
    ahead = (last - today).days
    if ahead > 3000:
        return None
    words |= {"slackDays": ahead + 30} if ahead > 1 else {}
    return words | ({"floor": f"{first.year:04}-01-01"} if first.year < 1900 else {})


def _read_days(column: Column) -> list[dt.date]:
    if all(isinstance(value, dt.date) for value in column.values):
        return [dt.date(value.year, value.month, value.day) for value in column.values]
    if column.type == "date":
        return [read_day(value) for value in column.values]
    formats = column.typed.words["customProperties"][0]["value"]
    grammar = frozenset(spell_grammar(formats))
    read = [parse_timestamp(value, grammar) for value in column.values]
    return [dt.date(1970, 1, 1) + dt.timedelta(days=at // _DAY) for at in read if not isinstance(at, Refusal)]


def find_version(columns: Sequence[Column], key: Sequence[Column]) -> Column | None:
    """The field that orders the rows of a key, if there is a key."""
    kinds = ("timestamp", "date", "integer")
    found = [
        column for column in columns if _CHANGED_NAME.search(column.name) and column.type in kinds and not column.absent
    ]
    return found[0] if key and found and found[0] not in key else None


def _write_field(column: Column, needed: set[str], key: Sequence[Column]) -> Any:
    words: dict[str, Any] = {"name": column.name}
    words |= {"physicalName": column.source} if column.source != column.name else {}
    words |= column.typed.words
    words |= {"required": True} if column.name in needed else {}
    if column in key:
        words["primaryKey"] = True
        words |= {"primaryKeyPosition": key.index(column) + 1} if len(key) > 1 else {}
    rows = len(column.raw)
    remarks = [*column.typed.remarks, *_find_personal(column)]
    remarks += [f"{column.absent} of {rows} rows have none"] if column.absent and column.values else []
    return Remarked(words, "; ".join(remarks)) if remarks else words


def _find_personal(column: Column) -> list[str]:
    texts = [value for value in column.values[:500] if isinstance(value, str)]
    for what, pattern in _PERSONAL.items():
        if texts and sum(bool(pattern.fullmatch(text)) for text in texts) * 2 > len(texts):
            return [f"personal data? its values look like {what}"]
    return ["personal data? by its name"] if _PERSONAL_NAME.search(column.name) else []


def _write_properties(sample: Sample, version: Column | None, time: Time | None) -> list[Any]:
    found: list[tuple[str, Any]] = [("format", sample.format)] if sample.format != "jsonl" else []
    found += [("dialect", dict(sample.dialect))] if sample.dialect else []
    if version:
        found += [("change", "upsert"), ("versionField", version.name)]
    found += [("eventTime", time[1])] if time else []
    return [{"property": name, "value": value} for name, value in found]


def _write_head(name: str, rows: Sequence[Row], key: str, time: Time | None, version: Column | None) -> str:
    said = (
        f"time: {time[0].name}"
        if time
        else "time: no field says when a row happened, so that its day is the day of its arrival"
    )
    lines = [f"Made of {len(rows)} rows. Read it, change what is wrong, then: ripple flow check {name}", key, said]
    lines += [f"change: rows of a key are versions, by {version.name}; the greatest is current"] if version else []
    return "\n".join([*lines, "docs/flows.md explains every word."])

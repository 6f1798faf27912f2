"""The kinds of dirt of lines and of documents, with the quarantine code that the platform must give each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from generators.dirt import Expected, Kind
from generators.times import Writer, as_moment

Record = dict[str, Any]
Document = tuple[str, Record]
"""Document id and fields."""
Defect = Callable[[Record, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Which fields of a flow can be spoilt, and how: `(field, bad value)` where a value goes with it."""

    moment: str
    number: str
    range: tuple[str, Any]
    enum: tuple[str, str]
    required: tuple[str, ...]
    arrivals: tuple[str, ...]


CLICKSTREAM = Targets(
    moment="occurred_at",
    number="sequence",
    range=("dwell_ms", -1),
    enum=("event_type", "hover"),
    required=("session_id", "visitor_token", "page", "device"),
    arrivals=("ingested_at",),
)
STARTUPS = Targets(
    moment="occurred_at",
    number="employee_count",
    range=("amount_cents", -1),
    enum=("stage", "series_z"),
    required=("startup_id", "name", "country"),
    arrivals=("ingested_at",),
)
SALES = Targets(
    moment="ordered_at",
    number="net_cents",
    range=("discount_rate", 1.5),
    enum=("status", "lost"),
    required=("customer_id", "country", "items"),
    arrivals=("ingested_at", "updated_at"),
)


def line_kinds(targets: Targets, kept: Sequence[Writer], refused: Sequence[tuple[str, Writer]]) -> list[Kind[bytes]]:
    """Dirt of a JSONL flow: `kept` are ways to write a moment that its contract reads, `refused` those it does not."""
    broken = [
        Kind(name="truncated_line", weight=5, expected="quarantined", change=_truncate, code="malformed_json"),
        Kind(name="malformed_json", weight=5, expected="quarantined", change=_malform, code="malformed_json"),
        Kind(name="invalid_utf8", weight=3, expected="quarantined", change=_break_utf8, code="invalid_utf8"),
        Kind(name="duplicate", weight=30, expected="duplicate", change=lambda line, _: line),
    ]
    return broken + [
        Kind(name=name, weight=weight, expected=expected, change=_on_line(defect), code=code)
        for name, weight, expected, defect, code in _defects(targets, kept, refused)
    ]


def document_kinds(
    targets: Targets, kept: Sequence[Writer], refused: Sequence[tuple[str, Writer]]
) -> list[Kind[Document]]:
    """Dirt of a document flow; a duplicate is the same record under another document id."""
    again = Kind(
        name="duplicate",
        weight=30,
        expected="duplicate",
        change=lambda document, _: (f"{document[0]}-again", document[1]),
    )
    return [again] + [
        Kind(name=name, weight=weight, expected=expected, change=_on_document(defect), code=code)
        for name, weight, expected, defect, code in _defects(targets, kept, refused)
    ]


def _defects(
    targets: Targets, kept: Sequence[Writer], refused: Sequence[tuple[str, Writer]]
) -> list[tuple[str, float, Expected, Defect, str | None]]:
    late: tuple[str, float, Expected, Defect, str | None] = ("late", 15, "kept", _delay(targets.arrivals), None)
    written = [(f"moment_{w.__name__}", 5.0, _KEPT, _rewrite(targets.moment, w), None) for w in kept]
    unread = [(f"moment_{w.__name__}", 3.0, _BAD, _rewrite(targets.moment, w), code) for code, w in refused]
    return [
        late,
        *written,
        *unread,
        ("unknown_field", 5, _BAD, _set("debug_note", "left in by a deploy"), "unknown_field"),
        ("missing_field", 5, _BAD, _drop(targets.required), "missing_field"),
        ("drifted_type", 5, _BAD, _to_text(targets.number), "wrong_type"),
        ("out_of_range", 5, _BAD, _set(*targets.range), "out_of_range"),
        ("unknown_value", 4, _BAD, _set(*targets.enum), "not_in_enum"),
    ]


_KEPT: Expected = "kept"
_BAD: Expected = "quarantined"


def _truncate(line: bytes, draw: int) -> bytes:
    return line[: 2 + draw % (len(line) - 2)]


def _malform(line: bytes, draw: int) -> bytes:
    return (line[:-1] + b",}", line.replace(b'":', b'"=', 1), b"{" + line, line.replace(b'"', b"'"))[draw % 4]


def _break_utf8(line: bytes, draw: int) -> bytes:
    at = line.index(b'":"', draw % (len(line) // 2)) + 3
    return line[:at] + (b"\xff", b"\xc3", b"\xed\xa0\x80")[draw % 3] + line[at:]


def _on_line(defect: Defect) -> Callable[[bytes, int], bytes]:
    def change(line: bytes, draw: int) -> bytes:
        record = json.loads(line)
        defect(record, draw)
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()

    return change


def _on_document(defect: Defect) -> Callable[[Document, int], Document]:
    def change(document: Document, draw: int) -> Document:
        record = dict(document[1])
        defect(record, draw)
        return document[0], record

    return change


def _delay(fields: tuple[str, ...]) -> Defect:
    def defect(record: Record, draw: int) -> None:
        for field in fields:
            value = record[field]
            later = as_moment(value) + dt.timedelta(days=1 + draw % 9)
            record[field] = later if isinstance(value, dt.datetime) else f"{later:%Y-%m-%dT%H:%M:%S}{value[19:]}"

    return defect


def _rewrite(field: str, write: Writer) -> Defect:
    def defect(record: Record, draw: int) -> None:
        record[field] = write(as_moment(record[field]), draw)

    return defect


def _set(field: str, value: Any) -> Defect:
    return lambda record, _: record.update({field: value})


def _drop(fields: tuple[str, ...]) -> Defect:
    def defect(record: Record, draw: int) -> None:
        del record[fields[draw % len(fields)]]

    return defect


def _to_text(field: str) -> Defect:
    return lambda record, _: record.update({field: str(record[field])})

"""Mixed timestamps by a declared grammar: microseconds since 1970 UTC, or a refusal with a code. Never a guess, never a clock.

A grammar is a set of names (`ripple.rows.timestamp_grammar`). What none of them reads is refused, and so is what two would read apart.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ripple.rows.timestamp_formats import HALVES, MONTHS, WEEKDAYS
from ripple.rows.timestamp_grammar import Template, compile_grammar, expression_of
from ripple.rows.zones import FOLD, GAP, offset_at, read_zone

MAX_MICROS = 253_402_300_799_999_999
MIN_MICROS = -62_135_596_800_000_000

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?", re.ASCII)
_SLASHED = re.compile(r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}( .*)?", re.ASCII)
_DAY_ZERO = dt.date(1970, 1, 1).toordinal()

# Windows by magnitude: seconds 2001-09-09..2286, then the same instants in ms and us. They do not touch.
EPOCHS = (
    ("epoch_seconds", 10**9, 10**10, 10**6),
    ("epoch_millis", 10**12, 10**13, 10**3),
    ("epoch_micros", 10**15, 10**16, 1),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value is no timestamp here: a stable code."""

    code: str


UNPARSEABLE = Refusal("timestamp_unparseable")
AMBIGUOUS = Refusal("timestamp_ambiguous")
WITHOUT_ZONE = Refusal("timestamp_without_zone")
OUT_OF_RANGE = Refusal("timestamp_out_of_range")
WRONG_TYPE = Refusal("wrong_type")
IN_GAP = Refusal("timestamp_in_gap")
IN_FOLD = Refusal("timestamp_in_fold")
_NO_INSTANT = {GAP: IN_GAP, FOLD: IN_FOLD}


def read_moment(text: object) -> dt.datetime:
    """An RFC 3339 time as Google's services write it, in UTC, cut to microseconds; ValueError for anything else."""
    read = parse_timestamp(text, ("iso_zoned",)) if isinstance(text, str) else UNPARSEABLE
    if isinstance(read, Refusal):
        raise ValueError(f"{text!r:.80} is no RFC 3339 time with a zone")
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=read)


def read_day(text: object) -> dt.date:
    """A calendar date as YYYY-MM-DD and in no other form of ISO 8601; ValueError for anything else."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise ValueError(f"{text!r:.80} is no date as YYYY-MM-DD")
    return dt.date.fromisoformat(text)


def parse_timestamp(value: object, grammar: Collection[str]) -> int | Refusal:
    """Microseconds since the epoch, in UTC; digits past the sixth of a second are cut off, as Parquet and BigQuery do."""
    if isinstance(value, str):
        return _parse_text(value, frozenset(grammar))
    if isinstance(value, bool):
        return WRONG_TYPE
    if isinstance(value, int):
        return _parse_epoch(value, grammar)
    if isinstance(value, float):
        return _parse_seconds(value) if "epoch_float" in grammar else WRONG_TYPE
    if isinstance(value, dt.datetime):
        return _parse_datetime(value, grammar)
    return WRONG_TYPE


def _parse_datetime(value: dt.datetime, grammar: Collection[str]) -> int | Refusal:
    if "timestamp" not in grammar:
        return WRONG_TYPE
    if value.utcoffset() is None:
        return WITHOUT_ZONE
    total = (value - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    return total if MIN_MICROS <= total <= MAX_MICROS else OUT_OF_RANGE


def _parse_epoch(value: int, grammar: Collection[str]) -> int | Refusal:
    for name, low, high, scale in EPOCHS:
        if low <= value < high and name in grammar:
            return value * scale
    return UNPARSEABLE


def _parse_seconds(value: float) -> int | Refusal:
    _, low, high, scale = EPOCHS[0]
    if not low <= value < high:
        return UNPARSEABLE
    return int(value) * scale + round((value - int(value)) * scale)


def _parse_text(text: str, grammar: frozenset[str]) -> int | Refusal:
    """What all declared formats that the text fits say alike; if none reads it, the first one's refusal."""
    found = []
    for template in compile_grammar(grammar).templates.get(len(text), ()):
        match = expression_of(template).fullmatch(text)
        if match:
            found.append(_read(match.groupdict(), template))
    if not found:
        return WITHOUT_ZONE if _NAIVE.fullmatch(text) else AMBIGUOUS if _SLASHED.fullmatch(text) else UNPARSEABLE
    read = {value for value in found if not isinstance(value, Refusal)}
    return AMBIGUOUS if len(read) > 1 else read.pop() if read else found[0]


def _read(parts: Mapping[str, str], template: Template) -> int | Refusal:
    micros = int(parts.get("f", "0")[:6].ljust(6, "0"))
    if "e" in parts:
        return _read_epoch(parts["e"], micros)
    try:
        local = dt.datetime.combine(_read_date(parts), _read_clock(parts))
    except (ValueError, OverflowError):
        return UNPARSEABLE
    offset = _read_offset(parts, template, local)
    if isinstance(offset, Refusal):
        return offset
    seconds = (local.toordinal() - _DAY_ZERO) * 86_400 + local.hour * 3600 + local.minute * 60 + local.second - offset
    total = seconds * 1_000_000 + micros
    return total if MIN_MICROS <= total <= MAX_MICROS else OUT_OF_RANGE


def _read_epoch(digits: str, micros: int) -> int | Refusal:
    """The number of digits says the unit; one that begins with 0 is below its window."""
    return UNPARSEABLE if digits[0] == "0" else int(digits) * 10 ** (16 - len(digits)) + micros


def _read_date(parts: Mapping[str, str]) -> dt.date:
    """ValueError for a day that no calendar has, or of another weekday than it says."""
    year = int(parts["y"])
    if "w" in parts:
        return dt.date.fromisocalendar(year, int(parts["w"]), int(parts["k"]))
    if "j" in parts:
        day = dt.date(year, 1, 1) + dt.timedelta(days=int(parts["j"]) - 1)
    else:
        day = dt.date(year, MONTHS[parts["b"]] if "b" in parts else int(parts["o"]), int(parts["d"]))
    if day.year != year or ("a" in parts and WEEKDAYS[day.weekday()] != parts["a"]):
        raise ValueError("no such day")
    return day


def _read_clock(parts: Mapping[str, str]) -> dt.time:
    hour = int(parts.get("h", "0"))
    if "i" in parts:
        if not 1 <= int(parts["i"]) <= 12:
            raise ValueError("no hour of 12")
        hour = int(parts["i"]) % 12 + HALVES[parts["x"]]
    return dt.time(hour, int(parts.get("m", "0")), int(parts.get("s", "0")))


def _read_offset(parts: Mapping[str, str], template: Template, local: dt.datetime) -> int | Refusal:
    """Seconds east of UTC; refused is what no clock on Earth shows (past 14:00, or minutes past 59)."""
    if template.zone:
        found = offset_at(read_zone(template.zone), local)
        return _NO_INSTANT[found] if isinstance(found, str) else found
    if "sign" not in parts:
        return 0
    hours, minutes = int(parts["p"]), int(parts.get("q", "0"))
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        return UNPARSEABLE
    return (hours * 3600 + minutes * 60) * (-1 if parts["sign"] == "-" else 1)

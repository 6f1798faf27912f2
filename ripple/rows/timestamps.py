"""Mixed timestamps by a declared grammar: microseconds since 1970 UTC, or a refusal with a code. Never a guess, never a clock.

A grammar is a set of format names. What no declared format reads is refused, and so is what two readings would share.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

FORMATS = (
    "iso_zoned",
    "iso_naive",
    "space_naive",
    "day_first",
    "rfc_2822",
    "epoch_seconds",
    "epoch_millis",
    "epoch_micros",
    "timestamp",
)
"""`iso_naive` and `space_naive` are read as UTC where a contract declares them; `day_first` is DD/MM/YYYY HH:MM."""

MAX_MICROS = 253_402_300_799_999_999
MIN_MICROS = -62_135_596_800_000_000

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})([T ])(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4}) (\d{2}):(\d{2})", re.ASCII)
_SLASHED = re.compile(r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}( .*)?", re.ASCII)
_RFC = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) "
    r"(\d{2}):(\d{2}):(\d{2}) (GMT|UTC|[+-]\d{4})",
    re.ASCII,
)
# Written out: the calendar module's names follow the process's locale.
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

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
        return _parse_text(value, grammar)
    if isinstance(value, bool):
        return WRONG_TYPE
    if isinstance(value, int):
        return _parse_epoch(value, grammar)
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


def _parse_text(text: str, grammar: Collection[str]) -> int | Refusal:
    for pattern, read in _TEXT_READERS:
        match = pattern.fullmatch(text)
        if match:
            return read(match, grammar)
    return AMBIGUOUS if _SLASHED.fullmatch(text) else UNPARSEABLE


def _read_iso(match: re.Match[str], grammar: Collection[str]) -> int | Refusal:
    year, month, day, separator, hour, minute, second, fraction, zone = match.groups()
    if zone is None:
        declared = "iso_naive" if separator == "T" else "space_naive"
        if declared not in grammar:
            return WITHOUT_ZONE
    elif "iso_zoned" not in grammar or separator != "T":
        return UNPARSEABLE
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return _micros((year, month, day, hour, minute, second or 0), micros, _offset(zone))


def _read_day_first(match: re.Match[str], grammar: Collection[str]) -> int | Refusal:
    if "day_first" not in grammar:
        return AMBIGUOUS
    day, month, year, hour, minute = match.groups()
    return _micros((year, month, day, hour, minute, 0), 0, 0)


def _read_rfc(match: re.Match[str], grammar: Collection[str]) -> int | Refusal:
    if "rfc_2822" not in grammar:
        return UNPARSEABLE
    weekday, day, month, year, hour, minute, second, zone = match.groups()
    micros = _micros((year, MONTHS[month], day, hour, minute, second), 0, _offset(zone))
    if weekday and not isinstance(micros, Refusal):
        named = dt.date(int(year), MONTHS[month], int(day)).weekday()
        return micros if WEEKDAYS[named] == weekday else UNPARSEABLE
    return micros


_TEXT_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Collection[str]], int | Refusal]], ...] = (
    (_ISO, _read_iso),
    (_DAY_FIRST, _read_day_first),
    (_RFC, _read_rfc),
)


def _offset(zone: str | None) -> int | None:
    """Seconds east of UTC; None for what no clock on Earth shows (past 14:00, or minutes past 59)."""
    if zone in (None, "Z", "GMT", "UTC"):
        return 0
    assert zone is not None
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        return None
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def _micros(parts: tuple[str | int, ...], micros: int, offset: int | None) -> int | Refusal:
    if offset is None:
        return UNPARSEABLE
    try:
        moment = dt.datetime(*(int(part) for part in parts), tzinfo=dt.UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return UNPARSEABLE
    total = (calendar.timegm(moment.timetuple()) - offset) * 1_000_000 + micros
    return total if MIN_MICROS <= total <= MAX_MICROS else OUT_OF_RANGE

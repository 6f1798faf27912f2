"""The formats that a contract may declare for a timestamp, each as templates of its texts. `docs/timestamps.md` is this table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

# Written out: the calendar module's names follow the process's locale.
_SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FULL = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
MONTHS = {name: number for names in (_SHORT, _FULL) for number, name in enumerate(names, 1)}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HALVES = {"AM": 0, "PM": 12, "am": 0, "pm": 12}

DIGITS = "yodhmsfpqiwkje"
"""Codes of a template that stand for digits: year, month, day, hour, minute, second, fraction, offset's hours and minutes, hour of
12, ISO week, its day, day of the year, epoch."""
LETTERS = "bax"
"""Codes that stand for letters: a month's name, a weekday's, AM or PM. `±` is a sign; behind a backslash any character is itself."""


class Cell(NamedTuple):
    """One character of a template: its code, or none and the character itself."""

    code: str
    literal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a name of a grammar reads. `is_naive`: its texts have no zone. Without templates it is no format of texts."""

    meaning: str
    example: str
    templates: Sequence[str] = ()
    is_naive: bool = False


def read_template(template: str) -> tuple[Cell, ...]:
    """The cells of a template, a character of the text each."""
    cells, characters = list[Cell](), iter(template)
    for character in characters:
        if character == "\\":
            cells.append(Cell("", next(characters)))
        else:
            is_code = character in DIGITS + LETTERS + "±"
            cells.append(Cell(character, "") if is_code else Cell("", character))
    return tuple(cells)


def join(*parts: Iterable[str]) -> tuple[str, ...]:
    """Every text of one of each part in turn."""
    return tuple(map("".join, product(*parts)))


FRACTIONS = tuple("f" * digits for digits in range(1, 10))
MONTH_LETTERS = tuple("b" * length for length in sorted({*map(len, MONTHS)}))
_CLOCKS = ("hh:mm", "hh:mm:ss", *join(["hh:mm:ss."], FRACTIONS))
_COMMAS = join(["hh:mm:ss,"], FRACTIONS)
_BASIC = ("hhmm", "hhmmss", *join(["hhmmss."], FRACTIONS))
_HALF_DAYS = join(("ii", "i"), (":mm xx", ":mm:ss xx"))
_DAY = ["yyyy-oo-dd"]
_ZONES = ("Z", "±pp:qq")
_WHOLE = ("", " hh:mm", " hh:mm:ss", *join([" "], _HALF_DAYS))
_LOWER = [text for text in join(_DAY, "Tt", _CLOCKS, ("Z", "z", "±pp:qq")) if "t" in text or "z" in text]
_RFC = join(("aaa, ", ""), ("dd", "d"), [" bbb yyyy hh:mm:ss "], ("GMT", "UTC", "±ppqq"))
_SLASHES = {"day": "dd/oo/yyyy", "month": "oo/dd/yyyy"}


def _zoned(meaning: str, example: str, templates: Sequence[str]) -> Format:
    return Format(meaning=meaning, example=example, templates=templates)


def _naive(meaning: str, example: str, templates: Sequence[str]) -> Format:
    return Format(meaning=meaning, example=example, templates=templates, is_naive=True)


def _number(meaning: str, example: str) -> Format:
    return Format(meaning=meaning, example=example)


_TABLE: Mapping[str, Format] = {
    "iso_zoned": _zoned("ISO 8601 with `Z` or `±hh:mm`", "2003-09-25T10:49:41.123Z", join(_DAY, "T", _CLOCKS, _ZONES)),
    "iso_naive": _naive("ISO 8601 without a zone", "2003-09-25T10:49:41", join(_DAY, "T", _CLOCKS)),
    "space_naive": _naive("the same with a space", "2003-09-25 10:49:41", join(_DAY, " ", _CLOCKS)),
    "day_first": _naive("day, month, year", "25/09/2003 10:49", [_SLASHES["day"] + " hh:mm"]),
    "rfc_2822": _zoned("dates of e-mail and HTTP; a weekday must be right", "Thu, 25 Sep 2003 10:49:41 +0200", _RFC),
    "epoch_seconds": _number("an integer of 10 digits", "1064486981"),
    "epoch_millis": _number("an integer of 13 digits", "1064486981123"),
    "epoch_micros": _number("an integer of 16 digits", "1064486981123456"),
    "timestamp": _number("a timestamp as Parquet and Avro hold it, with a zone", "(binary)"),
    "space_zoned": _zoned(
        "as Python and pandas write it", "2003-09-25 10:49:41+00:00", join(_DAY, " ", _CLOCKS, _ZONES)
    ),
    "space_utc": _zoned("as BigQuery writes it", "2003-09-25 10:49:41.123 UTC", join(_DAY, " ", _CLOCKS, [" UTC"])),
    "iso_short_offset": _zoned(
        "ISO 8601 with `±hhmm` or `±hh`", "2003-09-25T10:49:41+0530", join(_DAY, "T", _CLOCKS, ("±ppqq", "±pp"))
    ),
    "space_short_offset": _zoned(
        "the same with a space, as PostgreSQL writes it",
        "2003-09-25 10:49:41+05",
        join(_DAY, " ", _CLOCKS, ("±ppqq", "±pp")),
    ),
    "iso_lower_case": _zoned("`t` or `z` in lower case, as RFC 3339 allows", "2003-09-25t10:49:41z", _LOWER),
    "comma_zoned": _zoned("a decimal comma", "2003-09-25T10:49:41,123Z", join(_DAY, "T ", _COMMAS, _ZONES)),
    "comma_naive": _naive(
        "a decimal comma, as Python's logging writes it", "2003-09-25 10:49:41,123", join(_DAY, "T ", _COMMAS)
    ),
    "iso_basic": _zoned(
        "ISO 8601 without marks", "20030925T104941Z", join(["yyyyooddT"], _BASIC, ("Z", "±ppqq", "±pp"))
    ),
    "iso_basic_naive": _naive(
        "the same without a zone", "20030925T104941", join(["yyyyooddT"], _BASIC)
    ),
    "iso_week": _naive("an ISO week and its day", "2003-W39-4", join(["yyyy-Www-k"], ("", *join("T", _CLOCKS)))),
    "iso_week_zoned": _zoned(
        "the same with a time and a zone", "2003-W39-4T10:49:41Z", join(["yyyy-Www-kT"], _CLOCKS, _ZONES)
    ),
    "iso_ordinal": _naive("a day of the year", "2003-268", join(["yyyy-jjj"], ("", *join("T", _CLOCKS)))),
    "iso_ordinal_zoned": _zoned(
        "the same with a time and a zone", "2003-268T10:49:41Z", join(["yyyy-jjjT"], _CLOCKS, _ZONES)
    ),
    "iso_12_hour": _naive("a clock of 12 hours", "2003-09-25 10:49:41 AM", join(_DAY, " ", _HALF_DAYS)),
    "date": _naive("a date alone: its midnight", "2003-09-25", _DAY),
    "date_basic": _naive("a date alone, without marks", "20030925", ["yyyyoodd"]),
    "day_first_seconds": _naive("day, month, year", "25/09/2003 10:49:41", [_SLASHES["day"] + " hh:mm:ss"]),
    "day_first_12_hour": _naive("a clock of 12 hours", "25/09/2003 10:49 AM", join([_SLASHES["day"]], " ", _HALF_DAYS)),
    "day_first_date": _naive("a date alone", "25/09/2003", [_SLASHES["day"]]),
    "month_first": _naive("month, day, year, as in the USA", "09/25/2003 10:49", [_SLASHES["month"] + " hh:mm"]),
    "month_first_seconds": _naive("the same with seconds", "09/25/2003 10:49:41", [_SLASHES["month"] + " hh:mm:ss"]),
    "month_first_12_hour": _naive(
        "a clock of 12 hours", "09/25/2003 10:49 AM", join([_SLASHES["month"]], " ", _HALF_DAYS)
    ),
    "month_first_date": _naive("a date alone", "09/25/2003", [_SLASHES["month"]]),
    "day_month_name": _naive(
        "an English month, full or short", "25 Sep 2003 10:49", join(("dd ", "d "), MONTH_LETTERS, [" yyyy"], _WHOLE)
    ),
    "month_name_day": _naive(
        "the month before the day", "September 25, 2003", join(MONTH_LETTERS, (" dd", " d"), [", yyyy"], _WHOLE)
    ),
    "epoch_seconds_text": _zoned(
        "an epoch as a text, with or without a fraction", '"1064486981.5"', ("e" * 10, *join(["e" * 10 + "."], FRACTIONS))
    ),
    "epoch_millis_text": _zoned("an epoch as a text", '"1064486981123"', ["e" * 13]),
    "epoch_micros_text": _zoned("an epoch as a text", '"1064486981123456"', ["e" * 16]),
    "epoch_nanos_text": _zoned(
        "an epoch as a text; whole microseconds only", '"1064486981123456000"', ["e" * 16 + "000"]
    ),
    "epoch_float": _number("seconds as a number with a fraction, to the nearest microsecond", "1064486981.5"),
}  # fmt: skip

FORMATS = tuple(_TABLE)
"""Every name, in the order of the table."""


def format_of(name: str) -> Format:
    """The format of a name; KeyError for none."""
    return _TABLE[name]


@cache
def names_of_length(length: int) -> Mapping[str, int]:
    """The months' names of so many letters, with their numbers."""
    return {name: number for name, number in MONTHS.items() if len(name) == length}

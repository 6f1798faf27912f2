"""Write the tables of timestamps: `python -m tests.ripple.rows.write_timestamp_cases`. Imports nothing of ours.

What is expected comes from the calendar's own arithmetic below (proleptic Gregorian, days from 1 March) and, for weekdays, from
`email.utils`; never from the readers that the tables test.
"""

# ruff: noqa: E501
from __future__ import annotations

import datetime as dt
import email.utils
import json
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

Case = dict[str, Any]
FOLDER = Path(__file__).parent / "timestamps"
ALL = ["iso_zoned", "iso_naive", "space_naive", "day_first", "rfc_2822", "epoch_seconds", "epoch_millis", "epoch_micros", "timestamp"]  # fmt: skip
UNPARSEABLE, AMBIGUOUS, WITHOUT_ZONE = "timestamp_unparseable", "timestamp_ambiguous", "timestamp_without_zone"
OUT_OF_RANGE, WRONG_TYPE = "timestamp_out_of_range", "wrong_type"
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LEAST, MOST = -62_135_596_800_000_000, 253_402_300_799_999_999


def is_day(year: int, month: int, day: int) -> bool:
    if not (1 <= year <= 9999 and 1 <= month <= 12):
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= LENGTHS[month - 1] + leap


def days_since_1970(year: int, month: int, day: int) -> int:
    """Counted from 1 March of the year 0, so that the leap day is the last of its year."""
    year, month = (year - 1, month + 9) if month <= 2 else (year, month - 3)
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1 - 719_468


def answer(date: Sequence[int], clock: Sequence[int], micros: int = 0, east: int | None = 0) -> Case:
    """`micros` or `code` of a moment in a declared form; `east` in minutes, None for a zone that no clock shows."""
    if east is None or not is_day(*date) or not (clock[0] < 24 and clock[1] < 60 and clock[2] < 60):
        return {"code": UNPARSEABLE}
    seconds = days_since_1970(*date) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2] - east * 60
    total = seconds * 1_000_000 + micros
    return {"micros": total} if LEAST <= total <= MOST else {"code": OUT_OF_RANGE}


DATES = [
    (1, 1, 1), (4, 2, 29), (100, 2, 28), (100, 2, 29), (400, 2, 29), (999, 12, 31), (1000, 1, 1), (1582, 10, 4), (1582, 10, 10),
    (1582, 10, 15), (1600, 2, 29), (1700, 2, 29), (1752, 9, 3), (1899, 12, 30), (1900, 1, 1), (1900, 2, 28), (1900, 2, 29),
    (1900, 3, 1), (1969, 12, 31), (1970, 1, 1), (2000, 2, 29), (2000, 3, 1), (2001, 2, 29), (2024, 2, 29), (2026, 3, 29),
    (2026, 10, 25), (2038, 1, 19), (2100, 2, 28), (2100, 2, 29), (2106, 2, 7), (2262, 4, 12), (2400, 2, 29), (9999, 12, 31),
    (0, 1, 1), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0), (2026, 1, 32), (2026, 2, 30), (2026, 4, 31), (2026, 6, 31),
    (2026, 9, 31), (2026, 11, 31), (2026, 12, 31), (2026, 99, 99),
]  # fmt: skip
CLOCKS = [
    (0, 0, 0), (0, 0, 1), (2, 30, 0), (11, 59, 59), (12, 0, 0), (23, 59, 59),
    (24, 0, 0), (24, 0, 1), (23, 60, 0), (23, 59, 60), (23, 59, 61), (25, 0, 0), (99, 99, 99),
]  # fmt: skip
ZONES: list[tuple[str, int | None]] = [
    ("Z", 0), ("+00:00", 0), ("-00:00", 0), ("+00:01", 1), ("-00:01", -1), ("+00:59", 59), ("+01:00", 60), ("-01:00", -60),
    ("+05:30", 330), ("+05:45", 345), ("-03:30", -210), ("-09:30", -570), ("+12:45", 765), ("-12:00", -720), ("+13:59", 839),
    ("+14:00", 840), ("-14:00", -840), ("+14:01", None), ("-14:01", None), ("+15:00", None), ("+23:59", None), ("+24:00", None),
    ("+25:00", None), ("-99:99", None), ("+00:60", None), ("-05:75", None),
]  # fmt: skip
NO_ZONES = [
    "z", " Z", "ZZ", "+0100", "+01", "+1:00", "+001:00", "+01:0", "+01:00:00", "+01:00:30", "\u221201:00", "\u201301:00", "UTC", " UTC",
    "GMT", "EST", "CET", "A", "[UTC]", "Z[UTC]", "+01:00[Europe/Berlin]", "[Europe/Berlin]", "+-01:00", "++01:00", "+01.00", "+1",
    "Z ", "Z\n", "\u00a0Z", "+\uff10\uff11:00", "+ 01:00", "+01: 00", "Zulu", "+aa:bb", "+01:00Z",
]  # fmt: skip
FRACTIONS = ["0", "1", "9", "12", "123", "000", "999", "1234", "12345", "123456", "999999", "000001", "1234567", "0000009", "9999999",
             "12345678", "123456789", "999999999", "000000001", "000000999"]  # fmt: skip
LONG_FRACTIONS = ["1234567890", "12345678901", "123456789012", "0000000000", "9" * 18, ""]


def text_of(date: Sequence[int], clock: Sequence[int], between: str = "T") -> str:
    return "{:04d}-{:02d}-{:02d}".format(*date) + between + "{:02d}:{:02d}:{:02d}".format(*clock)


def case(family: str, value: object, grammar: Sequence[str], **expected: Any) -> Case:
    return {"family": family, "value": value, "grammar": list(grammar), **expected}


def iso() -> Iterator[Case]:
    noon = (12, 34, 56)
    for date, (zone, east) in product(DATES, [*ZONES[:6], ("+14:00", 840), ("-14:00", -840), ("+14:01", None)]):
        yield case("iso_dates", text_of(date, noon) + zone, ["iso_zoned"], **answer(date, noon, 0, east))
    for clock, (zone, east) in product(CLOCKS, ZONES[:3] + ZONES[8:12]):
        yield case(
            "iso_clocks", text_of((2026, 3, 29), clock) + zone, ["iso_zoned"], **answer((2026, 3, 29), clock, 0, east)
        )
    ends = [
        ((1, 1, 1), (0, 0, 0)),
        ((9999, 12, 31), (23, 59, 59)),
        ((1970, 1, 1), (0, 0, 0)),
        ((2000, 2, 29), (23, 59, 59)),
    ]
    for (date, clock), (zone, east) in product(ends, ZONES):
        yield case("iso_ends_of_time", text_of(date, clock) + zone, ["iso_zoned"], **answer(date, clock, 0, east))
    for zone in NO_ZONES:
        yield case("iso_zones_refused", text_of((2026, 1, 2), noon) + zone, ALL, code=UNPARSEABLE)
    for date, fraction in product([(1, 1, 1), (1969, 12, 31), (1970, 1, 1), (9999, 12, 31)], FRACTIONS):
        micros = int(fraction[:6].ljust(6, "0"))
        text = text_of(date, (23, 59, 59)) + "." + fraction
        yield case("iso_fractions", text + "Z", ["iso_zoned"], **answer(date, (23, 59, 59), micros))
        yield case("iso_fractions_naive", text, ["iso_naive"], **answer(date, (23, 59, 59), micros))
    for fraction, zone in product(LONG_FRACTIONS, ["Z", "+01:00"]):
        yield case("iso_fractions_refused", text_of((2026, 1, 2), noon) + "." + fraction + zone, ALL, code=UNPARSEABLE)
    for minute, (zone, east) in product([(0, 0), (23, 59), (24, 0), (12, 60)], ZONES[:3] + ZONES[6:9]):
        text = "2026-01-02T{:02d}:{:02d}".format(*minute) + zone
        yield case("iso_minutes", text, ["iso_zoned"], **answer((2026, 1, 2), (*minute, 0), 0, east))


def naive() -> Iterator[Case]:
    """Without a zone: read as UTC where it is declared, whatever a local clock did that night."""
    for date, clock in product(DATES, [(0, 0, 0), (2, 30, 0), (23, 59, 59), (24, 0, 0)]):
        yield case("iso_naive", text_of(date, clock), ["iso_naive"], **answer(date, clock))
        yield case("space_naive", text_of(date, clock, " "), ["space_naive"], **answer(date, clock))
    for date, between in product(DATES[::4], "T "):
        other = ["iso_zoned", "rfc_2822", "space_naive" if between == "T" else "iso_naive"]
        yield case("naive_undeclared", text_of(date, (1, 2, 3), between), other, code=WITHOUT_ZONE)
    for between in ["  ", "\t", "t", "_", "", "\u00a0", "\u2003", "-", ", ", "TT", " T", "\n"]:
        yield case("separators", text_of((2026, 1, 2), (3, 4, 5), between), ALL, code=UNPARSEABLE)
        yield case("separators_zoned", text_of((2026, 1, 2), (3, 4, 5), between) + "Z", ALL, code=UNPARSEABLE)
    for zone in ["Z", "+01:00", " +01:00", " UTC"]:
        yield case("space_with_a_zone", text_of((2026, 1, 2), (3, 4, 5), " ") + zone, ALL, code=UNPARSEABLE)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
RFC_ZONES: list[tuple[str, int | None]] = [
    ("GMT", 0), ("UTC", 0), ("+0000", 0), ("-0000", 0), ("+0100", 60), ("-0500", -300), ("+0545", 345), ("-1200", -720),
    ("+1400", 840), ("-1400", -840), ("+1401", None), ("+2500", None), ("+0060", None), ("-9999", None),
]  # fmt: skip


def rfc_of(date: Sequence[int], clock: Sequence[int], zone: str) -> str:
    return "{:02d} {} {:04d} {:02d}:{:02d}:{:02d} {}".format(date[2], MONTHS[date[1] - 1], date[0], *clock, zone)


def rfc() -> Iterator[Case]:
    days = [date for date in DATES if 1 <= date[1] <= 12]
    for date, (zone, east) in product(days, RFC_ZONES[:1] + RFC_ZONES[4:6] + RFC_ZONES[10:11]):
        text = rfc_of(date, (12, 34, 56), zone)
        yield case("rfc_dates", text, ["rfc_2822"], **answer(date, (12, 34, 56), 0, east))
    for clock, (zone, east) in product(CLOCKS, RFC_ZONES[:4]):
        yield case(
            "rfc_clocks", rfc_of((2026, 3, 29), clock, zone), ["rfc_2822"], **answer((2026, 3, 29), clock, 0, east)
        )
    for zone, east in RFC_ZONES:
        for date, clock in [((1, 1, 1), (0, 0, 0)), ((9999, 12, 31), (23, 59, 59)), ((2024, 2, 29), (12, 0, 0))]:
            yield case("rfc_zones", rfc_of(date, clock, zone), ["rfc_2822"], **answer(date, clock, 0, east))
    yield from rfc_weekdays()
    yield from rfc_refused()


def rfc_weekdays() -> Iterator[Case]:
    for date in [(1970, 1, 1), (2000, 2, 29), (1900, 3, 1), (2038, 1, 19), (9999, 12, 31), (2026, 12, 31)]:
        moment = dt.datetime(*date, 12, 34, 56, tzinfo=dt.UTC)
        right = email.utils.format_datetime(moment)
        for weekday in WEEKDAYS:
            text = weekday + right[3:]
            expected = answer(date, (12, 34, 56)) if text == right else {"code": UNPARSEABLE}
            yield case("rfc_weekdays", text, ["rfc_2822"], **expected)
            short = text.replace(", 0", ", ") if right[5] == "0" else ""
            if short:
                yield case("rfc_short_days", short, ["rfc_2822"], **expected)
        yield case("rfc_undeclared", right, [name for name in ALL if name != "rfc_2822"], code=UNPARSEABLE)


def rfc_refused() -> Iterator[Case]:
    good = "Fri, 02 Jan 2026 03:04:05 "
    for zone in [
        "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "UT", "Z", "A", "J", "M", "Y", "CET", "utc", "gmt", "+01:00",
        "", "+000", "+00000", "GMT+1", "UTC+01", "\u22120500", "+0100 (CET)", "GMT (comment)", "+0000 ", "Europe/Berlin",
    ]:  # fmt: skip
        yield case("rfc_zones_refused", good + zone, ALL, code=UNPARSEABLE)
    for text in [
        "Fri, 02 Jan 26 03:04:05 GMT", "Fri, 02 Jan 126 03:04:05 GMT", "Fri, 02 Jan 12026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04 GMT",
        "Fri, 02 Jan 2026 3:04:05 GMT", "Fri, 02 Jan 2026 03:04:05.5 GMT", "Fri, 02 jan 2026 03:04:05 GMT", "fri, 02 Jan 2026 03:04:05 GMT",
        "FRI, 02 JAN 2026 03:04:05 GMT", "Friday, 02 Jan 2026 03:04:05 GMT", "Fri 02 Jan 2026 03:04:05 GMT", "Fri,02 Jan 2026 03:04:05 GMT",
        "Fri,  02 Jan 2026 03:04:05 GMT", "Fri, 02  Jan 2026 03:04:05 GMT", "Fri, 02 January 2026 03:04:05 GMT", "Fri, 02-Jan-2026 03:04:05 GMT",
        "Friday, 02-Jan-26 03:04:05 GMT", "Fri, (a comment) 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 (c) 03:04:05 GMT",
        "Fri, 002 Jan 2026 03:04:05 GMT", "Fri, 00 Jan 2026 03:04:05 GMT", "Fri, 32 Jan 2026 03:04:05 GMT", "Fri, 02 M\u00e4r 2026 03:04:05 GMT",
        "Fri, 02 Foo 2026 03:04:05 GMT", "Xyz, 02 Jan 2026 03:04:05 GMT", "Fre, 02 Jan 2026 03:04:05 GMT", " Fri, 02 Jan 2026 03:04:05 GMT",
        "Fri, 02 Jan 2026 03:04:05 GMT\n", "Fri,\t02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026\r\n 03:04:05 GMT", "Fri, 02 Jan 2026T03:04:05 GMT",
        "Fri Jan  2 03:04:05 2026", "Fri Jan 02 2026 03:04:05 GMT+0000", "Fri Jan  2 03:04:05 UTC 2026", "02/Jan/2026:03:04:05 +0000",
        "\uff10\uff12 Jan 2026 03:04:05 GMT", "02 Jan \u0662\u0660\u0662\u0666 03:04:05 GMT", "Jan 02 2026 03:04:05 GMT", "2026 Jan 02 03:04:05 GMT",
    ]:  # fmt: skip
        yield case("rfc_refused", text, ALL, code=UNPARSEABLE)


def day_first() -> Iterator[Case]:
    clocks = [(0, 0), (23, 59), (24, 0), (12, 60)]
    for date, clock in product(DATES, clocks):
        text = f"{date[2]:02d}/{date[1]:02d}/{date[0]:04d} {clock[0]:02d}:{clock[1]:02d}"
        yield case("day_first", text, ["day_first"], **answer(date, (*clock, 0)))
    for text in [
        "01/02/2026 10:00",
        "02/01/2026 10:00",
        "13/02/2026 10:00",
        "02/13/2026 10:00",
        "31/12/2026 23:59",
        "99/99/9999 99:99",
    ]:
        yield case("day_first_undeclared", text, [name for name in ALL if name != "day_first"], code=AMBIGUOUS)
    for text in [
        "01/02/2026", "1/2/2026", "1/2/2026 10:00", "01/2/2026 10:00", "01/02/26 10:00", "01/02/26", "01/02/2026 10:00:00", "01/02/2026 1:00",
        "01/02/2026 10:00 AM", "01/02/2026 10:00 PM", "01/02/2026 10", "01/02/2026 ", "01/02/2026 T", "2026/01/02", "2026/01/02 03:04",
        "2026/1/2 03:04:05", "2026.01.02", "01.02.2026", "01.02.2026 10:00", "1.2.26", "01/02.2026", "12/31/2026", "31/12/2026", "02/29/2024",
        "01/02/2026  10:00", "01/02/2026 10:00Z", "01/02/2026 10:00 +01:00", "01/02/2026 24:00:00", "0001/01/01 00:00", "1/1/1",
    ]:  # fmt: skip
        yield case("ambiguous", text, ALL, code=AMBIGUOUS)
    for text in [
        "01-02-2026", "01-02-2026 10:00", "01/02/2026T10:00", "01/02/2026\n10:00", " 01/02/2026 10:00", "01 / 02 / 2026 10:00", "01//02/2026",
        "01/02", "01/2026", "/01/02/2026", "01\\02\\2026 10:00", "\uff10\uff11/02/2026 10:00", "\u0660\u0661/\u0660\u0662/2026 10:00",
        "01/Feb/2026 10:00", "01\u204402\u20442026 10:00", "01/02/20266", "001/02/2026 10:00 x\n", "+1/02/2026 10:00", "-1/02/2026 10:00",
    ]:  # fmt: skip
        yield case("nearly_day_first", text, ALL, code=UNPARSEABLE)


WINDOWS = [
    ("epoch_seconds", 10**9, 10**10, 10**6),
    ("epoch_millis", 10**12, 10**13, 1000),
    ("epoch_micros", 10**15, 10**16, 1),
]


def epochs() -> Iterator[Case]:
    for name, low, high, scale in WINDOWS:
        others = [other for other in ALL if other != name]
        inside = [low, low + 1, low * 2, low * 7 + 123_456_789, high - 1, high - 2, int(low * 1.7), low * 9]
        for value in inside:
            yield case("epoch_window", value, [name], micros=value * scale)
            yield case("epoch_among_all", value, ALL, micros=value * scale)
            yield case("epoch_undeclared", value, others, code=UNPARSEABLE)
            for wrong, why in ((float(value), "float"), (str(value), "text"), (-value, "negative")):
                code = WRONG_TYPE if why == "float" else UNPARSEABLE
                yield case(f"epoch_as_{why}", wrong, ALL, code=code)
        for value in [low - 1, low - 2, low // 10, high, high + 1, high * 2]:
            yield case("epoch_outside", value, [name], code=UNPARSEABLE)
    for value in [
        0, 1, -1, 7, 19, 99, 1970, 2026, 9999, 20260102, 260102, 46024, 46023, 60, 61, 25569, 2**31, 2**31 - 1, -(2**31), 2**32, 2**53, 2**53 + 1,
        2**62, 2**63 - 1, 2**63, 2**64, 10**18, 17 * 10**17, 10**19, 10**30, 20260102030405, 202601020304, 20260102030405678,
        116444736000000000, 638712864000000000, 5250000000000, 999_999_999, 86_400,
    ]:  # fmt: skip
        inside = [value * scale for _, low, high, scale in WINDOWS if low <= value < high]
        yield case("other_counts", value, ALL, **({"micros": inside[0]} if inside else {"code": UNPARSEABLE}))
    for value in [
        True,
        False,
        None,
        [],
        [1767323045],
        {},
        {"seconds": 1767323045},
        {"$date": 1767323045678},
        1767323045.5,
        1.7e9,
        0.0,
        -1.5,
    ]:
        yield case("wrong_type", value, ALL, code=WRONG_TYPE)
    for text in ["nan", "inf", "-inf", "1e308"]:
        yield {**case("float", text, ALL, code=WRONG_TYPE), "float": True}


def datetimes() -> Iterator[Case]:
    for date, (zone, east) in product([date for date in DATES if is_day(*date)], ZONES[:17]):
        text = text_of(date, (12, 34, 56)) + ".123456" + zone.replace("Z", "+00:00")
        yield {**case("datetime", text, ["timestamp"], **answer(date, (12, 34, 56), 123456, east)), "datetime": True}
    for date, (zone, east) in product(
        [(1, 1, 1), (9999, 12, 31)], [("+00:01", 1), ("+14:00", 840), ("-00:01", -1), ("-14:00", -840)]
    ):
        clock = (0, 0, 0) if date[0] == 1 else (23, 59, 59)
        yield {
            **case("datetime_ends", text_of(date, clock) + zone, ["timestamp"], **answer(date, clock, 0, east)),
            "datetime": True,
        }
    for date in [(1, 1, 1), (1970, 1, 1), (2026, 3, 29), (9999, 12, 31)]:
        yield {**case("datetime_naive", text_of(date, (2, 30, 0)), ["timestamp"], code=WITHOUT_ZONE), "datetime": True}
        yield {
            **case("datetime_undeclared", text_of(date, (2, 30, 0)) + "+00:00", ALL[:-1], code=WRONG_TYPE),
            "datetime": True,
        }


WORDS = [
    "", " ", "\0", "\n", "-", "?", "0", "00", "0000-00-00", "0000-00-00 00:00:00", "now", "NOW", "now()", "today", "tomorrow", "yesterday", "noon",
    "midnight", "epoch", "infinity", "-infinity", "inf", "nan", "NaN", "NaT", "nat", "null", "NULL", "None", "nil", "undefined", "true", "false",
    "True", "N/A", "n/a", "TBD", "1 day ago", "in 5 minutes", "last monday", "next week", "CURRENT_TIMESTAMP", "CURRENT_DATE", "allballs",
    "Q1 2026", "2026-Q1", "12h", "10:00", "10:00:00", "T10:00:00Z", "10am", "Monday", "Mon", "January", "Jan", "P1D", "PT1H", "P1Y2M3DT4H5M6S",
    "46024", "46024.5", "45292", "1.767323045e9", "1.7e12", "1e9", "1E9", "0x69573AE5", "0b101", "0o777", "1767323045.678", "1,767,323,045",
    "1_767_323_045", " 1767323045", "1767323045 ", "+1767323045", "-1767323045", "1767323045s", "1767323045ms", "@1767323045",
    "/Date(1767323045678)/", "\\/Date(1767323045678)\\/", "new Date(1767323045678)", "ISODate(\"2026-01-02T03:04:05Z\")",
    "638712864000000000", "0000000000", "9999999999999999999", "1767323045678901234",
]  # fmt: skip
SHAPES = [
    "2026", "2026-01", "2026-01-02", "2026-1-2", "26-01-02", "2026-01-02Z", "2026-01-02+01:00", "2026-W01-5", "2026-W01", "2026W015",
    "2026-W53-7T00:00:00Z", "2026-W01-5T03:04:05Z", "2026-002", "2026002", "2026-002T03:04:05Z", "2026-366T00:00:00Z", "20260102",
    "20260102T030405Z", "20260102T030405", "20260102030405", "2026-01-02T030405Z", "20260102T03:04:05Z", "2026-01-02T03Z", "2026-01-02T03",
    "2026-01-02T03:04.5Z", "2026-01-02T03.5Z", "2026-01-02T03:04:05,678Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:Z", "2026-01-02T3:04:05Z",
    "2026-01-02T03:4:05Z", "2026-01-02T03:04:5Z", "2026-1-02T03:04:05Z", "2026-01-2T03:04:05Z", "02026-01-02T03:04:05Z", "226-01-02T03:04:05Z",
    "10000-01-01T00:00:00Z", "+002026-01-02T03:04:05Z", "+2026-01-02T03:04:05Z", "-2026-01-02T03:04:05Z", "-0001-01-01T00:00:00Z",
    "2026-01-02t03:04:05z", "2026-01-02T03:04:05z", "2026-01-02t03:04:05Z", "2026-01-02TT03:04:05Z", "2026-01-02T03:04:05ZZ",
    "2026-01-02T03:04:05Z/2026-01-03T03:04:05Z", "2026-01-02T03:04:05Z/P1D", "R5/2026-01-02T03:04:05Z/P1D", "2026--01-02T03:04:05Z",
    "2026:01:02 03:04:05", "2026-01-02-03.04.05", "2026-01-02_03:04:05", "2026-01-02T03-04-05Z", "2026-01-02T03.04.05Z", "2026_01_02T03:04:05Z",
    "2026\u201301\u201302T03:04:05Z", "2026\u221201\u221202T03:04:05Z", "2026-01-02T03\uff1a04\uff1a05Z", "2026-01-02T03\u223604\u223605Z",
    "Jan 2, 2026", "January 2, 2026 3:04 AM", "2 January 2026", "2 Jan 2026", "Jan 2 03:04:05", "2026-Jan-02 03:04:05", "02-JAN-26", "02-Jan-2026",
    "2026-01-02 03:04:05 AM", "2026-01-02 3:04 PM", "2026-01-02 03:04:05.678 UTC", "2026-01-02 03:04:05 +0000 UTC", "2026-01-02T03:04:05.678+0000",
    "2026-01-02T03:04:05 +01:00", "2026-01-02T03:04:05 Z", " 2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z ", "\t2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05Z\n", "2026-01-02T03:04:05Z\r\n", "\ufeff2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z\0", "\u200b2026-01-02T03:04:05Z",
    "\u200e2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z\u200b", "\u202e2026-01-02T03:04:05Z", "\"2026-01-02T03:04:05Z\"", "'2026-01-02T03:04:05Z'",
    "2026-01-02T03:04:05Z,", "[2026-01-02T03:04:05Z]", "b'2026-01-02T03:04:05Z'", "2026-01-02T03:04:05\u00a0Z", "2O26-01-02T03:04:05Z",
    "2026-O1-02T03:04:05Z", "2026-01-02T03:04:0SZ", "2026-01-l2T03:04:05Z", "YYYY-MM-DDTHH:MM:SSZ", "%Y-%m-%dT%H:%M:%SZ", "{{ts}}",
    "2026-01-02T03:04:05Z" * 2, "2026-01-02T03:04:05Z 2026-01-02T03:04:05Z", "1970-01-01T00:00:00.000Z" + "0" * 5000,
]  # fmt: skip
DIGITS = {
    "full_width": 0xFF10,
    "arabic_indic": 0x0660,
    "persian": 0x06F0,
    "devanagari": 0x0966,
    "bold": 0x1D7CE,
    "thai": 0x0E50,
}
GOOD = [
    "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+05:30", "2026-01-02T03:04Z", "2026-01-02T03:04:05", "2026-01-02 03:04:05",
    "13/12/2026 10:00", "Fri, 02 Jan 2026 03:04:05 GMT",
]  # fmt: skip


def code_of(text: str) -> str:
    """A slashed date has two readings whatever line follows it."""
    return AMBIGUOUS if text.startswith("13/12/2026 ") and "\n" not in text else UNPARSEABLE


def refused() -> Iterator[Case]:
    for text in WORDS:
        yield case("words", text, ALL, code=UNPARSEABLE)
    for text in SHAPES:
        yield case("shapes", text, ALL, code=UNPARSEABLE)
    for (name, zero), text in product(DIGITS.items(), GOOD):
        foreign = "".join(chr(zero + int(letter)) if letter.isdecimal() else letter for letter in text)
        yield case(f"digits_{name}", foreign, ALL, code=UNPARSEABLE)
        at = next(i for i, letter in enumerate(text) if letter.isdecimal())
        yield case(f"one_digit_{name}", text[:at] + foreign[at] + text[at + 1 :], ALL, code=UNPARSEABLE)
    for text, around in product(GOOD, [" {}", "\n{}", "\ufeff{}", "x{}", "-{}", "+{}", "{}\0", "{}\n"]):
        yield case("something_around", around.format(text), ALL, code=code_of(around.format(text)))
    for text in GOOD:
        for at in [i for i, letter in enumerate(text) if not letter.isalnum()]:
            for instead in "*~\u00e9":
                marked = text[:at] + instead + text[at + 1 :]
                yield case("another_mark", marked, ALL, code=code_of(marked))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for write in (iso, naive, rfc, day_first, epochs, datetimes, refused):
        lines = list(dict.fromkeys(json.dumps(case) for case in write()))
        (FOLDER / f"{write.__name__}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

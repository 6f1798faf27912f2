"""Write the tables of the formats that came later: `python -m tests.ripple.rows.write_declared_cases`. Imports nothing of ours.

Moments come from the calendar's own arithmetic of `write_timestamp_cases`, those of zones from the machine's database through `dateutil`.
"""

# ruff: noqa: E501
from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence

from dateutil import tz

from tests.ripple.rows.write_timestamp_cases import FOLDER, UNPARSEABLE, Case, answer, case

SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
FULL = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = [
    (2003, 9, 25),
    (2024, 2, 29),
    (1970, 1, 1),
    (1969, 12, 31),
    (1, 1, 1),
    (9999, 12, 31),
    (2026, 5, 4),
    (2020, 12, 31),
]
TIMES = [(10, 49, 41), (0, 0, 0), (23, 59, 59), (12, 30, 5)]
BAD_DAYS = [(2023, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 4, 31), (2026, 1, 0), (0, 1, 1)]
BAD_TIMES = [(24, 0, 0), (12, 60, 0), (12, 0, 60)]


def named(date: Sequence[int], names: Sequence[str]) -> str:
    return names[date[1] - 1]


def half(clock: Sequence[int], *, seconds: bool = True) -> str:
    hour = clock[0] % 12 or 12
    return f"{hour:02d}:{clock[1]:02d}" + (f":{clock[2]:02d}" if seconds else "") + (" PM" if clock[0] >= 12 else " AM")


def with_clock() -> Iterator[tuple[str, Callable[[Sequence[int], Sequence[int]], str], int, int]]:
    """A format, its writer, the micros and the minutes east that the text adds."""
    iso, plain = "{0[0]:04d}-{0[1]:02d}-{0[2]:02d}", "{1[0]:02d}:{1[1]:02d}:{1[2]:02d}"
    basic = "{0[0]:04d}{0[1]:02d}{0[2]:02d}T{1[0]:02d}{1[1]:02d}{1[2]:02d}"
    day, month = "{0[2]:02d}/{0[1]:02d}/{0[0]:04d} ", "{0[1]:02d}/{0[2]:02d}/{0[0]:04d} "
    texts = [
        ("space_zoned", iso + " " + plain + "+00:00", 0, 0), ("space_zoned", iso + " " + plain + ".123456-09:30", 123456, -570),
        ("space_zoned", iso + " " + plain + "Z", 0, 0), ("space_utc", iso + " " + plain + " UTC", 0, 0),
        ("space_utc", iso + " " + plain + ".123 UTC", 123000, 0), ("iso_short_offset", iso + "T" + plain + "+0530", 0, 330),
        ("iso_short_offset", iso + "T" + plain + ".5-03", 500000, -180), ("space_short_offset", iso + " " + plain + "+05", 0, 300),
        ("space_short_offset", iso + " " + plain + ".000001+0000", 1, 0), ("iso_lower_case", iso + "t" + plain + "z", 0, 0),
        ("iso_lower_case", iso + "T" + plain + ".9z", 900000, 0), ("iso_lower_case", iso + "t" + plain + "+14:00", 0, 840),
        ("comma_zoned", iso + "T" + plain + ",123Z", 123000, 0), ("comma_zoned", iso + " " + plain + ",1234567+01:00", 123456, 60),
        ("comma_naive", iso + " " + plain + ",999", 999000, 0), ("comma_naive", iso + "T" + plain + ",000001", 1, 0),
        ("iso_basic", basic + "Z", 0, 0), ("iso_basic", basic + ".25+0545", 250000, 345), ("iso_basic", basic + "-12", 0, -720),
        ("iso_basic_naive", basic, 0, 0), ("iso_basic_naive", basic + ".123456789", 123456, 0),
        ("day_first_seconds", day + plain, 0, 0), ("month_first_seconds", month + plain, 0, 0),
        ("pattern: %d.%m.%Y %H:%M:%S", "{0[2]:02d}.{0[1]:02d}.{0[0]:04d} " + plain, 0, 0),
        ("pattern: %-d.%-m.%Y, %H:%M:%S.%f Uhr", "{0[2]}.{0[1]}.{0[0]:04d}, " + plain + ".75 Uhr", 750000, 0),
        ("pattern: %Y%m%d%H%M%S", "{0[0]:04d}{0[1]:02d}{0[2]:02d}{1[0]:02d}{1[1]:02d}{1[2]:02d}", 0, 0),
        ("pattern: %Y/%m/%d %H:%M:%S %z", "{0[0]:04d}/{0[1]:02d}/{0[2]:02d} " + plain + " -0330", 0, -210),
        ("pattern: [%d/%m/%Y:%H:%M:%S%:z] 100%%", "[{0[2]:02d}/{0[1]:02d}/{0[0]:04d}:" + plain + "+02:00] 100%", 0, 120),
        ("pattern: %d/%m/%Y t%-Hh%M_%S", "{0[2]:02d}/{0[1]:02d}/{0[0]:04d} t{1[0]}h{1[1]:02d}_{1[2]:02d}", 0, 0),
    ]  # fmt: skip
    for name, text, micros, east in texts:
        yield name, text.format, micros, east


def clocks() -> Iterator[Case]:
    for name, write, micros, east in with_clock():
        for date, clock in [
            *((date, clock) for date in DAYS for clock in TIMES),
            *((date, TIMES[0]) for date in BAD_DAYS),
            *((DAYS[0], clock) for clock in BAD_TIMES),
        ]:
            yield case(f"clock_{name}", write(date, clock), [name], **answer(date, clock, micros, east))


def halves() -> Iterator[Case]:
    for date in DAYS:
        for clock in TIMES:
            whole, minute = answer(date, clock), answer(date, (*clock[:2], 0))
            yield case("half_iso", "{:04d}-{:02d}-{:02d} ".format(*date) + half(clock), ["iso_12_hour"], **whole)
            yield case(
                "half_day",
                f"{date[2]:02d}/{date[1]:02d}/{date[0]:04d} {half(clock, seconds=False).lstrip('0')}",
                ["day_first_12_hour"],
                **minute,
            )
            yield case(
                "half_month",
                f"{date[1]:02d}/{date[2]:02d}/{date[0]:04d} {half(clock).lower()}",
                ["month_first_12_hour"],
                **whole,
            )
            yield case(
                "half_pattern",
                f"{half(clock)} on {named(date, FULL)} {date[2]} {date[0]:04d}",
                ["pattern: %I:%M:%S %p on %B %-d %Y"],
                **whole,
            )
    for clock in ("00:00 AM", "00:10 PM", "13:00 PM", "12:60 AM", "10:49 XM", "10:49 Pm", "10:49AM", "10:49 A", "1O:49 AM"):  # fmt: skip
        yield case("half_no_clock", f"2003-09-25 {clock}", ["iso_12_hour"], code=UNPARSEABLE)


def names() -> Iterator[Case]:
    for month in range(1, 13):
        for words, day in ((SHORT, 7), (FULL, 28)):
            date = (2003, month, day)
            yield case("month_of_day", f"{day} {words[month - 1]} 2003", ["day_month_name"], **answer(date, (0, 0, 0)))
            yield case(
                "month_of_day",
                f"{day:02d} {words[month - 1]} 2003 10:49",
                ["day_month_name"],
                **answer(date, (10, 49, 0)),
            )
            yield case(
                "month_then_day", f"{words[month - 1]} {day}, 2003", ["month_name_day"], **answer(date, (0, 0, 0))
            )
            yield case(
                "month_then_day",
                f"{words[month - 1]} {day:02d}, 2003 1:02:03 PM",
                ["month_name_day"],
                **answer(date, (13, 2, 3)),
            )
    for wrong in ("25 sep 2003", "25 SEP 2003", "25 Sept 2003", "25 Septembex 2003", "25 Set 2003", "25 Sep. 2003", "32 Sep 2003", "0 Sep 2003", "25 Mai 2003", "25 Sep 03"):  # fmt: skip
        yield case("no_month", wrong, ["day_month_name"], code=UNPARSEABLE)
    for wrong in ["Sep 25 2003", "Sep 31, 2003", "September25, 2003", "Octobre 1, 2003", "February 29, 2003"]:
        yield case("no_month", wrong, ["month_name_day"], code=UNPARSEABLE)


def dates() -> Iterator[Case]:
    for date in [*DAYS, *BAD_DAYS]:
        wanted = answer(date, (0, 0, 0))
        yield case("date", "{:04d}-{:02d}-{:02d}".format(*date), ["date"], **wanted)
        yield case("date_basic", "{:04d}{:02d}{:02d}".format(*date), ["date_basic"], **wanted)
        yield case("day_first_date", f"{date[2]:02d}/{date[1]:02d}/{date[0]:04d}", ["day_first_date"], **wanted)
        yield case("month_first_date", f"{date[1]:02d}/{date[2]:02d}/{date[0]:04d}", ["month_first_date"], **wanted)
        yield case(
            "month_first",
            f"{date[1]:02d}/{date[2]:02d}/{date[0]:04d} 10:49",
            ["month_first"],
            **answer(date, (10, 49, 0)),
        )
    for year in [1, 4, 1900, 1970, 2000, 2003, 2004, 2009, 2015, 2020, 2026, 9998]:
        for month, day in [(1, 1), (1, 4), (2, 28), (3, 1), (12, 28), (12, 31)]:
            moment = dt.date(year, month, day)
            week, ordinal = moment.isocalendar(), moment.timetuple().tm_yday
            if week.year >= 1:
                text = f"{week.year:04d}-W{week.week:02d}-{week.weekday}"
                yield case("iso_week", text, ["iso_week"], **answer((year, month, day), (0, 0, 0)))
                yield case("iso_week", text + "T10:49", ["iso_week"], **answer((year, month, day), (10, 49, 0)))
                yield case(
                    "iso_week_zoned",
                    text + "T10:49:41.5Z",
                    ["iso_week_zoned"],
                    **answer((year, month, day), (10, 49, 41), 500000),
                )
            yield case(
                "iso_ordinal", f"{year:04d}-{ordinal:03d}", ["iso_ordinal"], **answer((year, month, day), (0, 0, 0))
            )
            yield case(
                "iso_ordinal_zoned",
                f"{year:04d}-{ordinal:03d}T10:49:41+01:00",
                ["iso_ordinal_zoned"],
                **answer((year, month, day), (10, 49, 41), 0, 60),
            )
    for wrong in ("2003-W00-1", "2003-W53-1", "2020-W54-1", "2003-W39-0", "2003-W39-8", "2003-w39-4", "0000-W01-1", "9999-W53-1", "2003W394", "2003-W39"):  # fmt: skip
        yield case("no_week", wrong, ["iso_week"], code=UNPARSEABLE)
    for wrong in ["2003-000", "2003-366", "2004-367", "0000-001", "9999-366", "9999-999", "2003268", "2003-26"]:
        yield case("no_ordinal", wrong, ["iso_ordinal"], code=UNPARSEABLE)


def numbers() -> Iterator[Case]:
    for seconds in [1_000_000_000, 1_064_486_981, 1_767_323_045, 9_999_999_999]:
        micros = seconds * 10**6
        yield case("seconds_text", str(seconds), ["epoch_seconds_text"], micros=micros)
        yield case("seconds_text", f"{seconds}.123456789", ["epoch_seconds_text"], micros=micros + 123456)
        yield case("millis_text", f"{seconds}007", ["epoch_millis_text"], micros=micros + 7000)
        yield case("micros_text", f"{seconds}000007", ["epoch_micros_text"], micros=micros + 7)
        yield case("nanos_text", f"{seconds}000007000", ["epoch_nanos_text"], micros=micros + 7)
        yield case("nanos_that_are_lost", f"{seconds}000007001", ["epoch_nanos_text"], code=UNPARSEABLE)
        yield {**case("float", float(seconds), ["epoch_float"], micros=micros), "float": True}
        yield {**case("float", seconds + 0.5, ["epoch_float"], micros=micros + 500000), "float": True}
        yield {**case("float", seconds + 0.125, ["epoch_float"], micros=micros + 125000), "float": True}
        yield case("an_integer_is_no_float", seconds, ["epoch_float"], code=UNPARSEABLE)
        yield case("a_number_is_no_text", seconds, ["epoch_seconds_text"], code=UNPARSEABLE)
    for wrong in ("0999999999", "999999999", "10000000000", "1064486981.", "1064486981,5", "+1064486981", "-1064486981", "1064486981 ", "1.06448698e9", "\u0661064486981"):  # fmt: skip
        yield case("no_seconds_text", wrong, ["epoch_seconds_text"], code=UNPARSEABLE)
    yield {**case("float", 1064486981.123456, ["epoch_float"], micros=1064486981123456), "float": True}
    for number in [0.0, -1.5, 999_999_999.5, 1e10, 1.064486981123e12]:
        yield {**case("float_outside", number, ["epoch_float"], code=UNPARSEABLE), "float": True}


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "Europe/London"]  # fmt: skip


def zones() -> Iterator[Case]:
    """Half hours of days on which clocks change, and of some on which they do not."""
    for name in ZONES:
        zone = tz.gettz(name)
        assert zone is not None
        for day in [
            (2003, 9, 25),
            (2026, 3, 29),
            (2026, 10, 25),
            (2026, 3, 8),
            (2026, 11, 1),
            (2026, 4, 5),
            (2026, 10, 4),
            (2011, 12, 30),
            (1999, 7, 1),
        ]:
            for half_hour in (0, 1, 2, 3, 4, 5, 6, 7, 24, 46, 47):
                local = dt.datetime.combine(dt.date(*day), dt.time(half_hour // 2, half_hour % 2 * 30))
                yield case(
                    f"zone_{name}", local.isoformat(" "), ["space_naive", f"zone: {name}"], **in_zone(local, zone)
                )


def in_zone(local: dt.datetime, zone: dt.tzinfo) -> Case:
    aware = local.replace(tzinfo=zone)
    if not tz.datetime_exists(aware):
        return {"code": "timestamp_in_gap"}
    if tz.datetime_ambiguous(aware):
        return {"code": "timestamp_in_fold"}
    offset = aware.utcoffset()
    assert offset is not None
    moment = local - offset
    return answer((moment.year, moment.month, moment.day), (moment.hour, moment.minute, moment.second))


def main() -> None:
    for write in (clocks, halves, names, dates, numbers, zones):
        lines = list(dict.fromkeys(json.dumps(case) for case in write()))
        (FOLDER / f"{write.__name__}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""Every declared format: random moments are read back, random damage alike by both readers."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripple.rows.timestamp_formats import FORMATS, format_of
from ripple.rows.timestamp_grammar import Template, characters_of, compile_grammar, find_conflicts
from ripple.rows.timestamps import AMBIGUOUS, parse_timestamp
from tests.ripple.rows.test_timestamps import read_column

WORDS = ("%d.%m.%Y %H:%M", "%Y%m%d%H", "%Y%m%d%H%M%S", "%-d/%-m/%Y", "%-m/%-d/%Y", "%a %d %B %Y %I:%M %p", "%Y-%j", "%-d%-m%Y",
         "%Y-%d-%m", "%H%M %Y%m%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M %z", "%B %-d %Y %-I:%M:%S.%f %p UTC")  # fmt: skip
NAMES = (*(name for name in FORMATS if format_of(name).templates), *(f"pattern: {text}" for text in WORDS))
TEMPLATES = {name: [one for group in compile_grammar(frozenset([name])).templates.values() for one in group] for name in NAMES}  # fmt: skip
MONTHS = [
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
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
AFTER_2001 = st.datetimes(dt.datetime(2001, 9, 10), dt.datetime(2286, 1, 1))  # noqa: DTZ001
MOMENTS = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9998, 12, 28))  # noqa: DTZ001
MINUTES = st.integers(-14 * 60, 14 * 60)


def write(template: Template, at: dt.datetime, east: int) -> str:
    """The text of a template for a local time and minutes east of UTC."""
    codes = [cell.code for cell in template.cells]
    week, micros = at.isocalendar(), (at.replace(tzinfo=dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)
    name = MONTHS[at.month - 1] if codes.count("b") == len(MONTHS[at.month - 1]) else MONTHS[at.month - 1][:3]
    parts = {
        "y": f"{week.year if 'w' in codes else at.year:04d}", "o": f"{at.month:02d}", "d": f"{at.day:02d}", "h": f"{at.hour:02d}",
        "m": f"{at.minute:02d}", "s": f"{at.second:02d}", "f": f"{at.microsecond:06d}000", "i": f"{at.hour % 12 or 12:02d}",
        "x": "PM" if at.hour >= 12 else "AM", "w": f"{week.week:02d}", "k": str(week.weekday), "j": f"{at.timetuple().tm_yday:03d}",
        "a": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][at.weekday()], "b": name, "±": "-" if east < 0 else "+",
        "p": f"{abs(east) // 60:02d}", "q": f"{abs(east) % 60:02d}", "e": str(micros),
    }  # fmt: skip
    parts |= {code: parts[code][1:] for code in "odhi" if codes.count(code) == 1}
    seen = [codes[:at].count(code) for at, code in enumerate(codes)]
    return "".join(cell.literal or parts[cell.code][at] for cell, at in zip(template.cells, seen, strict=True))


def fit(template: Template, at: dt.datetime, east: int) -> tuple[dt.datetime, int]:
    """The moment and the offset without what a template has no place for."""
    codes = [cell.code for cell in template.cells]
    digits = {0: 0, 10: 0, 13: 3, 16: 6}[codes.count("e")] + min(codes.count("f"), 6)
    at = at.replace(microsecond=at.microsecond - at.microsecond % 10 ** (6 - digits))
    if "e" not in codes:
        at = at if {"h", "i"} & {*codes} else at.replace(hour=0)
        at = at if "m" in codes else at.replace(minute=0)
        at = at if "s" in codes else at.replace(second=0)
    month = [month for month in range(1, 13) if codes.count("b") in (3, len(MONTHS[month - 1]))]
    at = at.replace(month=month[at.month % len(month)], day=min(at.day, 28)) if "b" in codes else at
    at = at.replace(month=at.month % 9 + 1, day=min(at.day, 28)) if codes.count("o") == 1 else at
    at = at.replace(day=at.day % 9 + 1) if codes.count("d") == 1 else at
    at = at.replace(hour=at.hour % 9 + 1) if 1 in (codes.count("h"), codes.count("i")) else at
    return at, (0 if "p" not in codes else east if "q" in codes else int(east / 60) * 60)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(data=st.data())
def test_a_random_moment_is_read_back_from_every_template(name: str, data: st.DataObject) -> None:
    if find_conflicts(frozenset([name])):
        return
    for template in data.draw(st.lists(st.sampled_from(TEMPLATES[name]), min_size=1, max_size=8)):
        is_epoch = any(cell.code == "e" for cell in template.cells)
        at, east = fit(template, data.draw(AFTER_2001 if is_epoch else MOMENTS), data.draw(MINUTES))
        text, meant = write(template, at, east), at.replace(tzinfo=dt.UTC) - dt.timedelta(minutes=east)
        wanted = [(meant - EPOCH) // dt.timedelta(microseconds=1)]
        assert [parse_timestamp(text, [name])] == wanted == read_column([text], [name]), text


def texts_of(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Texts with a character in each place that a reader may take there: right in their form, not always in their numbers."""
    templates = [template for name in names for template in TEMPLATES[name]]

    def spell(template: Template) -> st.SearchStrategy[str]:
        return st.tuples(*(st.sampled_from(sorted(found)) for found in characters_of(template))).map("".join)

    return st.sampled_from(templates).flatmap(spell)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(data=st.data())
def test_a_column_of_random_texts_is_read_as_its_values_one_by_one(name: str, data: st.DataObject) -> None:
    texts = data.draw(st.lists(texts_of((name,)), min_size=1, max_size=20))
    at, instead = (
        data.draw(st.integers(0, 30)),
        data.draw(st.sampled_from("0123456789 -+:.,/TtZzWABMPaepy\n") | st.characters()),
    )
    texts += [text[:at] + instead + text[at + 1 :] for text in texts]
    zone = data.draw(
        st.sampled_from(
            ["", "zone: Europe/Berlin", "zone: America/Sao_Paulo", "zone: Pacific/Apia", "zone: Etc/GMT+12"]
        )
    )
    grammar = [name, zone] if zone else [name]
    assert read_column(texts, grammar) == [parse_timestamp(text, grammar) for text in texts]


@given(
    texts=st.lists(texts_of(NAMES), min_size=1, max_size=20),
    names=st.sets(st.sampled_from(NAMES), min_size=2, max_size=12),
)
def test_no_grammar_without_conflict_has_two_readings_of_a_text(texts: list[str], names: set[str]) -> None:
    read = [parse_timestamp(text, names) for text in texts]
    assert read_column(texts, names) == read
    if not find_conflicts(frozenset(names)):
        readings = [
            {found for name in names if isinstance(found := parse_timestamp(text, [name]), int)} for text in texts
        ]
        assert all(len(found) <= 1 for found in readings)
        assert [{value} for value in read if isinstance(value, int)] == [found for found in readings if found]


@given(text=texts_of(NAMES), names=st.sets(st.sampled_from(NAMES), min_size=2))
def test_a_text_that_two_formats_read_apart_is_ambiguous_whatever_is_declared(text: str, names: set[str]) -> None:
    readings = {found for name in names if isinstance(found := parse_timestamp(text, [name]), int)}
    if len(readings) > 1:
        assert parse_timestamp(text, names) == AMBIGUOUS
        assert find_conflicts(frozenset(names))

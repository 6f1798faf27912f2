"""One table for both readers of timestamps, and the law that they agree on everything else."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.rows.timestamp_columns import REFUSALS, parse_column
from ripple.rows.timestamp_formats import FORMATS
from ripple.rows.timestamps import Refusal, parse_timestamp, read_day, read_moment
from tests.ripple.rows.sample_rows import AT

TOGETHER = tuple(name for name in FORMATS if not name.startswith("month_first"))
"""Formats of which no two conflict."""
HERE = Path(__file__).parent
TABLES = [HERE / "timestamps.jsonl", *sorted((HERE / "timestamps").glob("*.jsonl"))]
CASES = [json.loads(line) for table in TABLES for line in table.read_text().split("\n") if line]


def value_of(case: dict[str, Any]) -> Any:
    if case.get("datetime"):
        return dt.datetime.fromisoformat(case["value"])
    return float(case["value"]) if case.get("float") else case["value"]


def expected_of(case: dict[str, Any]) -> int | Refusal:
    return case["micros"] if "micros" in case else Refusal(case["code"])


def read_column(values: Any, grammar: Any) -> list[int | Refusal]:
    column = parse_column(values, grammar)
    pairs = zip(column.micros.tolist(), column.refusals.tolist(), strict=True)
    return [REFUSALS[code] or micros for micros, code in pairs]


@pytest.mark.parametrize("family", sorted({case["family"] for case in CASES}))
def test_a_value_is_read_or_refused_as_the_table_says(family: str) -> None:
    cases = [case for case in CASES if case["family"] == family]
    found = [(case["value"], parse_timestamp(value_of(case), case["grammar"])) for case in cases]
    assert found == [(case["value"], expected_of(case)) for case in cases]


def test_there_are_two_thousand_different_cases() -> None:
    assert len({json.dumps({**case, "family": ""}, sort_keys=True) for case in CASES}) >= 2000


def test_the_table_has_cases_of_every_format() -> None:
    assert {case["grammar"][0] for case in CASES if "micros" in case} >= set(FORMATS)


@pytest.mark.parametrize("family", sorted({case["family"] for case in CASES}))
def test_a_column_is_read_as_the_table_says(family: str) -> None:
    cases = [case for case in CASES if case["family"] == family]
    for grammar in {tuple(case["grammar"]) for case in cases}:
        alike = [case for case in cases if tuple(case["grammar"]) == grammar]
        assert read_column([value_of(case) for case in alike], grammar) == [expected_of(case) for case in alike]


@pytest.mark.parametrize("grammar", [(), *((name,) for name in FORMATS), FORMATS])
def test_one_column_of_all_cases_is_read_value_by_value(grammar: tuple[str, ...]) -> None:
    values = [value_of(case) for case in CASES]
    assert read_column(values, grammar) == [parse_timestamp(value, grammar) for value in values]


class CountingGrammar(Collection[str]):
    """Counts how often someone asks what is declared: reading one value asks once at least."""

    def __init__(self, names: Collection[str]) -> None:
        self.names, self.asked = names, 0

    def __contains__(self, name: object) -> bool:
        self.asked += 1
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        self.asked += 1
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


_READ = [case for case in CASES if "micros" in case]
_ONE_GRAMMAR = [
    case for case in _READ if len(case["grammar"]) == 1 and case["grammar"][0] in TOGETHER and not case.get("datetime")
]
IN_BULK = {
    "texts": [case["value"] for case in _ONE_GRAMMAR if isinstance(case["value"], str)],
    "counts": [case["value"] for case in _READ if isinstance(case["value"], int)],
    "seconds": [case["value"] for case in _READ if case.get("float")] * 2,
    "moments": [AT.replace(microsecond=number) for number in range(500)],
}


@pytest.mark.parametrize(("what", "asked"), [("texts", 1), ("counts", 3), ("seconds", 1), ("moments", 1)])
def test_a_column_in_known_forms_is_read_without_a_look_at_each_value(what: str, asked: int) -> None:
    values, grammar = IN_BULK[what], CountingGrammar(TOGETHER)
    assert len(values) > 20
    column = parse_column(values, grammar)
    assert not column.refusals.any()
    assert grammar.asked == asked


NEARLY = st.builds(
    lambda text, at, byte: text[:at] + byte + text[at + 1 :],
    st.sampled_from([case["value"] for case in CASES if isinstance(case["value"], str) and "micros" in case]),
    st.integers(0, 40),
    st.sampled_from(list("0123456789-+:. TZ/,aGé\u0660\n")) | st.characters(),
)
VALUES = st.one_of(
    NEARLY,
    st.text(max_size=40),
    st.text(st.characters(), max_size=8),
    st.integers(-(10**17), 10**17),
    st.integers(),
    st.datetimes(timezones=st.none() | st.timezones() | st.just(dt.UTC)),
    st.datetimes(timezones=st.just(dt.UTC)).map(lambda at: at.isoformat()),
    st.none() | st.booleans() | st.floats(),
)


@given(st.lists(VALUES, max_size=30), st.sets(st.sampled_from(FORMATS)))
def test_a_column_is_read_exactly_as_its_values_one_by_one(values: list[Any], grammar: set[str]) -> None:
    assert read_column(values, grammar) == [parse_timestamp(value, grammar) for value in values]


@given(st.lists(NEARLY, min_size=1, max_size=60))
def test_texts_that_are_nearly_right_are_read_alike(values: list[str]) -> None:
    assert read_column(values, FORMATS) == [parse_timestamp(value, FORMATS) for value in values]


def test_an_arrow_column_is_read_and_null_is_a_wrong_type() -> None:
    found = read_column(pa.array(["2026-01-02T03:04:05Z", None, "now"]), ("iso_zoned",))
    assert found == [1767323045000000, Refusal("wrong_type"), Refusal("timestamp_unparseable")]


def test_so_is_one_in_several_chunks() -> None:
    column = pa.chunked_array([["2026-01-02T03:04:05Z"], ["now"]])
    assert read_column(column, ("iso_zoned",)) == [1767323045000000, Refusal("timestamp_unparseable")]


GOOD_TEXTS = [
    "2026-01-12T13:14:15.167Z",
    "2026-01-12T13:14+05:30",
    "12/11/2026 13:14",
    "Mon, 12 Jan 2026 13:14:15 +0130",
]


@pytest.mark.parametrize("text", GOOD_TEXTS)
def test_what_stands_next_to_the_digits_is_no_digit(text: str) -> None:
    """In ASCII: a slash before 0, a colon after 9."""
    for at in range(len(text)):
        changed = [text[:at] + instead + text[at + 1 :] for instead in ":/"]
        assert read_column(changed, FORMATS) == [parse_timestamp(one, FORMATS) for one in changed]


def test_a_month_that_has_no_name_is_none_whatever_the_day() -> None:
    texts = [f"{day:02d} Foo 2026 03:04:05 GMT" for day in range(1, 32)]
    assert set(read_column(texts, FORMATS)) == {Refusal("timestamp_unparseable")}


def test_a_form_that_is_not_declared_is_not_read() -> None:
    refused = Refusal("timestamp_unparseable")
    assert parse_timestamp("2026-01-02T03:04:05Z", ("iso_naive",)) == refused
    assert parse_timestamp("2026-01-02 03:04:05Z", ("iso_zoned",)) == refused


def test_the_last_moment_that_there_is_is_read() -> None:
    last = dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)
    assert parse_timestamp(last, ("timestamp",)) == read_column([last], ("timestamp",))[0] == 253_402_300_799_999_999


def test_a_lone_surrogate_is_refused() -> None:
    assert read_column(["\ud800", "2026-01-02T03:04:05Z"], ("iso_zoned",))[0] == Refusal("timestamp_unparseable")


def test_an_empty_column_is_empty() -> None:
    assert read_column([], FORMATS) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("2026-01-02T03:04:05.678901999+05:30", dt.datetime(2026, 1, 1, 21, 34, 5, 678901, tzinfo=dt.UTC)),
        ("1969-12-31T23:59:59.5Z", dt.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=dt.UTC)),
    ],
)
def test_a_moment_of_a_service_is_read_in_utc(text: str, moment: dt.datetime) -> None:
    assert read_moment(text) == moment
    assert read_moment(text).tzinfo is dt.UTC


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05", "2026-01-02", "now", "", 1767323045, None])
def test_what_is_no_moment_of_a_service_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no RFC 3339 time with a zone"):
        read_moment(text)


def test_a_day_is_read_in_one_form() -> None:
    assert read_day("2024-02-29") == dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["20240229", "2024-W09-4", "2024-02-29\n", "x2024-02-29", "٢٠٢٤-02-29", 20240229, None]
)
def test_a_day_in_another_form_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no date as YYYY-MM-DD"):
        read_day(text)


def test_a_day_that_no_calendar_has_is_refused() -> None:
    with pytest.raises(ValueError, match="day is out of range"):
        read_day("2026-02-29")

"""What JSON has no value for is an object with one `$` key, and comes back as it was."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest

from ripple.rows.tagged_json import Unsupported, write_tagged
from tests.ripple.rows.sample_rows import AT
from tests.ripple.rows.tagged_reader import read_tagged

EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
CASES: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    (2**53, "9007199254740992"),
    (-(2**53), "-9007199254740992"),
    (2**53 + 1, '{"$int":"9007199254740993"}'),
    (-(2**53) - 1, '{"$int":"-9007199254740993"}'),
    (1.5, "1.5"),
    (math.inf, '{"$double":"Infinity"}'),
    (-math.inf, '{"$double":"-Infinity"}'),
    (AT, '{"$timestamp":"2026-01-02T03:04:05.678000Z"}'),
    (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), '{"$timestamp":"2026-01-02T00:00:00.000000Z"}'),
    (Unsupported("bytes", b"\x00\xff"), '{"$bytes":"AP8="}'),
    (Unsupported("geo_point", (1.5, math.inf)), '{"$geo_point":[1.5,{"$double":"Infinity"}]}'),
    (Unsupported("reference", "sales/o-1"), '{"$reference":"sales/o-1"}'),
    (Unsupported("other", "é"), '{"$other":"é"}'),
    ([1, [AT]], '[1,[{"$timestamp":"2026-01-02T03:04:05.678000Z"}]]'),
    ({"b": 1, "a": {"c": math.inf}}, '{"a":{"c":{"$double":"Infinity"}},"b":1}'),
    ({}, "{}"),
    ({"$int": "1"}, '{"$map":{"$int":"1"}}'),
    ({"a": 1, "$b": {"$c": AT}}, '{"$map":{"$b":{"$map":{"$c":{"$timestamp":"2026-01-02T03:04:05.678000Z"}}},"a":1}}'),
    ({"a$": 1}, '{"a$":1}'),
]


@pytest.mark.parametrize(("value", "text"), CASES, ids=[text[:50] for _, text in CASES])
def test_a_value_has_one_text_and_comes_back(value: Any, text: str) -> None:
    assert write_tagged(value) == text
    assert read_tagged(text) == value


def test_no_number_comes_back_as_no_number() -> None:
    assert write_tagged(math.nan) == '{"$double":"NaN"}'
    assert math.isnan(read_tagged('{"$double":"NaN"}'))


def test_a_moment_is_written_in_utc_and_a_tuple_as_a_list() -> None:
    assert write_tagged(dt.datetime(2026, 1, 2, 5, 30, tzinfo=EAST)) == '{"$timestamp":"2026-01-02T00:00:00.000000Z"}'
    assert write_tagged((1, AT)) == '[1,{"$timestamp":"2026-01-02T03:04:05.678000Z"}]'


def test_a_name_that_is_no_text_becomes_one() -> None:
    assert write_tagged({1: 2}) == '{"1":2}'


def test_an_object_of_two_keys_is_no_tag() -> None:
    assert read_tagged('{"$int":"1","b":{"$int":"2"}}') == {"$int": "1", "b": 2}


def test_what_json_cannot_hold_is_never_written() -> None:
    with pytest.raises(TypeError):
        write_tagged(object())
    assert json.loads(write_tagged([math.nan]), parse_constant=pytest.fail) == [{"$double": "NaN"}]


def test_an_unsupported_value_shows_its_kind_and_not_itself() -> None:
    assert repr(Unsupported("bytes", b"secret")) == "<bytes>"

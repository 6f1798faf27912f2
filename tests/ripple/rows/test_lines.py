"""Lines are split in bounded memory and each bad one is found with its place and its hash."""

from __future__ import annotations

import hashlib
import io
import json
from itertools import pairwise
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.flows import load_contract
from ripple.rows.contracts import Violation
from ripple.rows.contracts.lines import MAX_LINE_BYTES, BadLine, judge_lines
from tests.ripple.rows.sample_rows import a_click
from tests.ripple.rows.splitting import split_lines

CONTRACT = load_contract("clickstream")
GOOD = json.dumps(a_click()).encode()


def check(data: bytes) -> list[BadLine | None]:
    judged = judge_lines(split_lines(io.BytesIO(data)), CONTRACT)
    return [found if isinstance(found, BadLine) else None for found in judged]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def with_field(text: bytes) -> bytes:
    return GOOD[:-1] + b", " + text + b"}"


BAD = {
    "cut short": (GOOD[:-1], "malformed_json"),
    "two rows on a line": (GOOD + GOOD, "malformed_json"),
    "NaN": (GOOD.replace(b'"dwell_ms": 10', b'"dwell_ms": NaN'), "malformed_json"),
    "infinity": (GOOD.replace(b'"dwell_ms": 10', b'"dwell_ms": Infinity'), "malformed_json"),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, "malformed_json"),
    "deep nesting": (b"[" * 100_000, "malformed_json"),
    "NUL": (b"\x00" + GOOD, "malformed_json"),
    "no object": (b"[1]", "wrong_type"),
    "null": (b"null", "wrong_type"),
    "invalid UTF-8": (GOOD.replace(b'"/"', b'"\xc3("'), "invalid_utf8"),
    "a scar of invalid UTF-8": (GOOD.replace(b'"/"', '"\ufffd"'.encode()), "invalid_utf8"),
    "an encoded surrogate": (GOOD.replace(b'"/"', b'"\xed\xa0\x80"'), "invalid_utf8"),
    "key twice": (with_field(b'"page": "/"'), "duplicate_key"),
    "key twice, spaced": (with_field(b'"page" : "/"'), "duplicate_key"),
    "key twice, escaped": (with_field(b'"p\\u0061ge":"/"'), "duplicate_key"),
    "an integer beyond 2**53": (GOOD.replace(b'"dwell_ms": 10', b'"dwell_ms": 9007199254740993'), "out_of_range"),
    "an integer beyond 64 bits": (GOOD.replace(b'"dwell_ms": 10', b'"dwell_ms": 36893488147419103232'), "wrong_type"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_is_found_between_good_ones(what: str) -> None:
    line, code = BAD[what]
    before, bad, after = check(GOOD + b"\n" + line + b"\n" + GOOD)
    assert (before, after) == (None, None)
    assert bad is not None
    assert (bad.violation.code, bad.line, bad.offset) == (code, 2, len(GOOD) + 1)
    assert bad.line_hash == sha256(line.decode(errors="replace"))
    assert bad.violation.field == {"duplicate_key": "page", "out_of_range": "dwell_ms"}.get(
        code, "dwell_ms" if b"36893488147419103232" in line else ""
    )


def test_the_name_of_a_key_that_stands_twice_is_cut() -> None:
    key = b'"' + b"k" * 300 + b'": 1'
    (bad,) = check(with_field(key + b", " + key))
    assert bad is not None
    assert (bad.violation.field, bad.violation.message) == ("k" * 200, f"{'k' * 200!r} stands twice")


def test_a_row_that_nests_too_deep_for_a_search_of_its_keys_is_malformed() -> None:
    (bad,) = check(with_field(b'"a": {"b": 1}, "deep": ' + b"[" * 1000 + b"]" * 1000))
    assert bad is not None
    assert bad.violation == Violation("malformed_json", "", "nested deeper than 64")


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n \t\n\n"])
def test_nothing_and_blank_lines_are_no_rows(data: bytes) -> None:
    assert check(data) == []


def test_blank_lines_count_as_lines_but_not_as_rows() -> None:
    (bad,) = check(b"\n\r\n{\n\n")
    assert bad is not None
    assert (bad.line, bad.offset) == (3, 3)


def test_a_carriage_return_before_the_line_feed_is_no_part_of_the_line() -> None:
    good, bad = check(GOOD + b"\r\n{\r\n")
    assert good is None
    assert bad is not None
    assert (bad.raw, bad.offset, bad.line_hash) == ("{", len(GOOD) + 2, sha256("{"))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=["lf", "crlf", "end of file"])
@pytest.mark.parametrize("size", [MAX_LINE_BYTES + 1, MAX_LINE_BYTES + 2, 3 * MAX_LINE_BYTES + 1])
def test_a_line_over_the_limit_is_hashed_whole_and_the_next_is_where_it_is(size: int, end: bytes) -> None:
    line = ("é" * size).encode()[:size]
    bad, *after = check(line + end + (b"{" if end else b""))
    assert bad is not None
    assert (bad.violation.code, bad.line, bad.offset) == ("line_too_long", 1, 0)
    assert bad.line_hash == sha256(line.decode(errors="replace"))
    assert [(found.line, found.offset) for found in after if found] == ([(2, size + len(end))] if end else [])


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"", b"\r"], ids=["lf", "crlf", "end of file", "cr"])
def test_a_line_of_exactly_the_limit_is_not_too_long(end: bytes) -> None:
    row = json.dumps(a_click(page="")).encode()
    line = row.replace(b'"page": ""', b'"page": "' + b"x" * (MAX_LINE_BYTES - len(row)) + b'"')
    (bad,) = check(line + end)
    assert bad is not None
    assert (len(line), bad.violation.code) == (MAX_LINE_BYTES, "out_of_range")
    assert bad.line_hash == sha256(line.decode())


@pytest.mark.parametrize("at", [MAX_LINE_BYTES + 1, MAX_LINE_BYTES + 2, 2 * MAX_LINE_BYTES + 2])
def test_a_carriage_return_where_a_long_line_is_cut_belongs_to_its_end_or_to_its_text(at: int) -> None:
    for line, end in ((b"x" * (at - 1) + b"\ry", b"\n"), (b"x" * (at - 1), b"\r\n"), (b"x" * (at - 1), b"\r")):
        (bad,) = check(line + end)
        assert bad is not None
        assert bad.line_hash == sha256(line.decode())


def test_blank_lines_of_a_buffered_stream_are_counted_as_lines() -> None:
    stream = io.BufferedReader(io.BytesIO(b"\n" * 300_000 + b"{\n\n\n{"), 64 * 1024)
    judged = judge_lines(split_lines(stream), CONTRACT)
    found = [(bad.line, bad.offset) for bad in judged if isinstance(bad, BadLine)]
    assert found == [(300_001, 300_000), (300_004, 300_004)]


BLANK = {
    "at the beginning": (b"\n\n\n{}\n\n", [(4, 3, b"{}")]),
    "between lines": (b"{}\n\n\n~~\n\n{\n", [(1, 0, b"{}"), (4, 5, b"~~"), (6, 9, b"{")]),
    "one, and then a line": (b"\n{}\n", [(2, 1, b"{}")]),
    "with a return": (b"\n\r\n{}", [(2, 1, b""), (3, 3, b"{}")]),
}


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("what", BLANK)
def test_blank_lines_are_left_out_and_the_others_keep_their_places(what: str, buffered: bool) -> None:
    data, lines = BLANK[what]
    stream: IO[bytes] = io.BufferedReader(io.BytesIO(data)) if buffered else io.BytesIO(data)  # type: ignore[arg-type]
    assert [(line.number, line.offset, line.content) for line in split_lines(stream)] == lines


def test_no_more_of_a_line_is_held_than_its_limit_and_an_end() -> None:
    (line,) = split_lines(io.BytesIO(b"x" * 3 * MAX_LINE_BYTES))
    assert len(line.content) == MAX_LINE_BYTES + 2


def test_a_line_over_the_limit_names_no_field() -> None:
    (bad,) = check(b"x" * (MAX_LINE_BYTES + 1))
    assert bad is not None
    assert bad.violation == Violation("line_too_long", "", "a line holds at most 1048576 bytes")


def test_what_is_kept_of_a_long_line_is_cut() -> None:
    (bad,) = check(b"x" * 20_000)
    assert bad is not None
    assert len(bad.raw) == 8192


@given(st.binary(max_size=300))
def test_any_bytes_are_split_into_lines_that_are_where_they_say(data: bytes) -> None:
    lines = list(split_lines(io.BytesIO(data)))
    for line in lines:
        assert data[line.offset : line.offset + len(line.content)] == line.content
    assert all(line.offset < after.offset for line, after in pairwise(lines))
    assert len(check(data)) == len([line for line in lines if line.content.strip()])

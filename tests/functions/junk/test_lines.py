"""Any bytes as a line of a Bronze object: the row lands unharmed, or it is in quarantine with a code, and rows always equal lines."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripple.flows import load_contract
from ripple.rows.contracts.lines import MAX_LINE_BYTES, read_line
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.functions.junk.refusing import RefusingEdge
from tests.functions.junk.worlds import an_edge
from tests.functions.test_land_object import deliver
from tests.ripple.rows.sample_rows import a_click, a_startup

CASES_FOLDER = Path(__file__).parent / "cases"
LINES = [json.loads(line) for line in (CASES_FOLDER / "lines.jsonl").read_text().splitlines()]
STRINGS: list[str] = [json.loads(line) for line in (CASES_FOLDER / "strings.jsonl").read_text().splitlines()]
GOOD = json.dumps(a_click()).encode()
ROWS = {"clickstream": a_click, "startups": a_startup}
TEXTS = [
    (flow, field)
    for flow in ROWS
    for field, rule in load_contract(flow).kinds.items()
    if rule["kind"] in ("string", "strings")
]


def raw_of(case: dict[str, Any]) -> bytes:
    """A case's line holds its bytes as Latin-1."""
    return bytes(case["line"].encode("latin-1"))


def land(data: bytes, name: str = "clickstream/dt=2026-01-01/junk.jsonl") -> tuple[RefusingEdge, Any]:
    edge = an_edge()
    return edge, deliver(edge, edge.objects.put("ripple-test-bronze", name, data))


def diluted(lines: list[bytes]) -> bytes:
    """Each line after thirty good ones: a twentieth of bad rows is too many."""
    return b"".join((GOOD + b"\n") * 30 + line + b"\n" for line in lines)


def test_there_are_two_hundred_cases_of_nasty_lines_and_of_strings() -> None:
    assert len({case["line"] for case in LINES}) >= 200
    assert len(set(STRINGS)) >= 200


@pytest.mark.parametrize("code", sorted({str(case["code"]) for case in LINES}))
def test_a_nasty_line_is_good_or_refused_as_its_case_says(code: str) -> None:
    contract = load_contract("clickstream")
    cases = [case for case in LINES if str(case["code"]) == code]
    found = {case["what"]: read_line(raw_of(case), contract)[1] for case in cases}
    assert {what: str(wrong.code if wrong else None) for what, wrong in found.items()} == dict.fromkeys(found, code)


def test_one_file_of_all_nasty_lines_has_each_bad_one_in_quarantine() -> None:
    edge, fact = land(diluted([raw_of(case) for case in LINES]))
    bad = [case for case in LINES if case["code"]]
    assert isinstance(fact, BronzeObjectLanded)
    assert (fact.rows, fact.rows_quarantined) == (31 * len(LINES), len(bad))
    records = edge.objects.lines(str(fact.quarantine_uri))
    assert [record["code"] for record in records] == [case["code"] for case in bad]
    assert [record["line"] for record in records] == [31 * (at + 1) for at, case in enumerate(LINES) if case["code"]]


@pytest.mark.parametrize(("flow", "field"), TEXTS)
def test_a_nasty_string_lands_unharmed_or_is_quarantined(flow: str, field: str) -> None:
    rule = load_contract(flow).kinds[field]
    written = [[text] if rule["kind"] == "strings" else text for text in STRINGS]
    lines = [json.dumps(ROWS[flow](**{field: value}), ensure_ascii=False).encode() for value in written]
    good = json.dumps(ROWS[flow]()).encode()
    data = b"".join((good + b"\n") * 30 + line + b"\n" for line in lines)
    edge, fact = land(data, f"{flow}/dt=2026-01-01/junk.jsonl")
    assert isinstance(fact, BronzeObjectLanded)
    assert fact.rows == 31 * len(lines)
    codes = (
        {record["line"] // 31 - 1: record["code"] for record in edge.objects.lines(str(fact.quarantine_uri or ""))}
        if fact.rows_quarantined
        else {}
    )
    assert set(codes.values()) <= {"out_of_range", "not_in_enum", "invalid_utf8"}
    for at, (line, value) in enumerate(zip(lines, written, strict=True)):
        assert (at in codes) != fits(rule, value), (field, value)
        assert at in codes or orjson.loads(line)[field] == value


def fits(rule: Mapping[str, Any], value: Any) -> bool:
    """A contract's rule in other words: by letters, not by a regular expression."""
    text = value[0] if isinstance(value, list) else value
    if "enum" in rule:
        return bool(text in rule["enum"])
    alphabets = {
        "^[A-Za-z0-9_\\-]{1,128}$": lambda: (
            1 <= len(text) <= 128 and text.isascii() and text.replace("-", "a").replace("_", "a").isalnum()
        ),
        "^[A-Z]{2}$": lambda: len(text) == 2 and all("A" <= letter <= "Z" for letter in text),
        "^[A-Z]{3}$": lambda: len(text) == 3 and all("A" <= letter <= "Z" for letter in text),
        "^[a-z0-9]{1,16}:[A-Z2-7]{52}=*$": lambda: text == "k1:" + "A" * 52,
        "^[0-9a-f.:]{3,39}/[0-9]{1,3}$": lambda: text in ("203.0.113.0/24", "::1/128"),
    }
    if "pattern" in rule:
        return bool(alphabets[rule["pattern"]]())
    return bool(rule["kind"] == "strings" or len(text) <= rule["max"])


WHOLE: dict[str, tuple[bytes, str, str]] = {
    "a byte order mark": (codecs.BOM_UTF8 + GOOD + b"\n", ".jsonl", "byte_order_mark"),
    "UTF-16": ((GOOD + b"\n").decode().encode("utf-16"), ".jsonl", "too_many_bad_rows"),
    "UTF-32": ((GOOD + b"\n").decode().encode("utf-32"), ".jsonl", "too_many_bad_rows"),
    "gzip under a plain name": (gzip.compress(GOOD + b"\n"), ".jsonl", "too_many_bad_rows"),
    "plain under a gzip name": (GOOD + b"\n", ".jsonl.gz", "gzip_corrupt"),
    "an array of rows": (b"[\n" + GOOD + b",\n" + GOOD + b"\n]\n", ".jsonl", "too_many_bad_rows"),
    "old Macintosh ends": (b"\r".join([GOOD] * 3), ".jsonl", "too_many_bad_rows"),
    "one line of 40 MB": (b"x" * 40_000_000, ".jsonl", "too_many_bad_rows"),
    "line feeds only": (b"\n" * 1_000_000, ".jsonl", "object_empty"),
    "white space only": (b" \t \r\n" * 10_000, ".jsonl", "object_empty"),
    "NULs": (b"\0" * 100_000, ".jsonl", "too_many_bad_rows"),
    "Parquet under a JSONL name": (b"PAR1" + b"\0" * 100 + b"PAR1", ".jsonl", "too_many_bad_rows"),
    "gzip, nothing in it": (gzip.compress(b""), ".jsonl.gz", "object_empty"),
    "gzip, cut in its header": (gzip.compress(GOOD)[:5], ".jsonl.gz", "gzip_corrupt"),
    "gzip, cut in its trailer": (gzip.compress(GOOD)[:-4], ".jsonl.gz", "gzip_corrupt"),
    "gzip, a wrong checksum": (gzip.compress(GOOD)[:-8] + b"\0" * 8, ".jsonl.gz", "gzip_corrupt"),
    "gzip, garbage after it": (gzip.compress(GOOD) + b"garbage", ".jsonl.gz", "gzip_corrupt"),
    "gzip in gzip": (gzip.compress(gzip.compress(GOOD)), ".jsonl.gz", "gzip_twice"),
    "a bomb of line feeds": (gzip.compress(b"\n" * 32 * 1024**2), ".jsonl.gz", "gzip_bomb"),
    "a bomb of one line": (gzip.compress(b"x" * 32 * 1024**2), ".jsonl.gz", "gzip_bomb"),
    "a bomb in two members": (gzip.compress(b" " * 12 * 1024**2) * 2, ".jsonl.gz", "gzip_bomb"),
    "zstd under a gzip name": (b"\x28\xb5\x2f\xfd" + b"\0" * 50, ".jsonl.gz", "gzip_corrupt"),
}


@pytest.mark.parametrize("what", WHOLE)
def test_a_file_that_is_wrong_as_a_whole_is_rejected_by_name(what: str) -> None:
    data, suffix, code = WHOLE[what]
    _, fact = land(data, "clickstream/dt=2026-01-01/junk" + suffix)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == code


LANDED: dict[str, tuple[bytes, str, int]] = {
    "no line feed at the end": (GOOD + b"\n" + GOOD, ".jsonl", 2),
    "CR LF": ((GOOD + b"\r\n") * 2, ".jsonl", 2),
    "blank lines between": (b"\n\n" + GOOD + b"\n\n\r\n \n" + GOOD + b"\n\n\n", ".jsonl", 2),
    "gzip in two members": (gzip.compress(GOOD + b"\n") + gzip.compress(GOOD), ".jsonl.gz", 2),
    "gzip in two members, cut within a line": (gzip.compress(GOOD[:50]) + gzip.compress(GOOD[50:]), ".jsonl.gz", 1),
    "gzip and zeros after it": (gzip.compress(GOOD) + b"\0" * 512, ".jsonl.gz", 1),
    "a stored gzip": (gzip.compress(GOOD * 1, 0), ".jsonl.gz", 1),
}


@pytest.mark.parametrize("what", LANDED)
def test_a_file_that_only_looks_odd_lands(what: str) -> None:
    data, suffix, rows = LANDED[what]
    _, fact = land(data, "clickstream/dt=2026-01-01/junk" + suffix)
    assert isinstance(fact, BronzeObjectLanded)
    assert (fact.rows, fact.rows_quarantined) == (rows, 0)


def test_a_file_of_nothing_but_bad_lines_is_given_up_before_its_quarantine_outgrows_it() -> None:
    edge, fact = land(b"x\n" * 100_000)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == "too_many_bad_rows"
    assert "not read" in fact.reason
    assert fact.rows_quarantined is not None
    assert len(edge.objects.lines(str(fact.quarantine_uri))) == fact.rows_quarantined < 100_000


def test_a_file_with_as_many_good_lines_is_read_to_its_end() -> None:
    _, fact = land((GOOD + b"\n") * 12_000 + b"x\n" * 11_000)
    assert isinstance(fact, BronzeObjectRejected)
    assert (fact.rows, fact.rows_quarantined) == (23_000, 11_000)
    assert "not read" not in fact.reason


def pieces() -> Iterator[bytes]:
    yield from (
        GOOD,
        b"{",
        b"",
        b" ",
        b"\r",
        b"\xff",
        b"x" * (MAX_LINE_BYTES - 1),
        b"x" * MAX_LINE_BYTES,
        b"x" * (MAX_LINE_BYTES + 1),
    )


ENDS = [b"\n", b"\r\n"]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(pieces())), st.sampled_from(ENDS)), max_size=12), st.booleans())
def test_rows_are_the_lines_that_are_not_blank(parts: list[tuple[bytes, bytes]], compressed: bool) -> None:
    data = b"".join(line + end for line, end in parts)
    rows = sum(1 for line, _ in parts if line.strip())
    packed = gzip.compress(data, 1) if compressed else data
    _, fact = land(packed or b"\n", "clickstream/dt=2026-01-01/junk" + (".jsonl.gz" if compressed else ".jsonl"))
    assert (fact.rows or 0) == rows
    good = sum(1 for line, _ in parts if line == GOOD)
    assert (fact.rows_quarantined or 0) == rows - good


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([".jsonl", ".jsonl.gz"]), st.integers(0, 3))
def test_any_bytes_as_a_bronze_object_are_landed_or_rejected(data: bytes, suffix: str, dice: int) -> None:
    if suffix == ".jsonl.gz" and dice:
        packed = bytearray(gzip.compress(data + GOOD))
        for _ in range(dice - 1):
            packed[random.Random(data).randrange(len(packed))] ^= 0x55
        data = bytes(packed)
    _, fact = land(data, "clickstream/dt=2026-01-01/junk" + suffix)
    assert isinstance(fact, BronzeObjectLanded | BronzeObjectRejected)


def test_a_line_with_a_hundred_thousand_keys_is_checked_at_once() -> None:
    """Counting each name among all of them took a minute for one line."""
    line = b"{" + b",".join(b'"%x" :1' % key for key in range(90_000)) + b"}"
    _, wrong = read_line(line, load_contract("clickstream"))
    assert wrong is not None
    assert io.BytesIO(line).getbuffer().nbytes <= MAX_LINE_BYTES
    assert wrong.code == "missing_field"

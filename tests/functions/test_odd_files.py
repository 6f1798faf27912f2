"""A file that is no JSON lines is refused with what it likely is; gzip is read as what it is, whatever says so."""

from __future__ import annotations

import gzip
import json

import pytest

from functions.land_object.diagnosing import guess_cause
from functions.land_object.stage import react
from ripple.handling.shell import Finalized
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected, Fact
from tests.functions.fakes import FakeEdge, cause
from tests.ripple.rows.sample_rows import a_click

DAY = "clickstream/dt=2026-01-01"
ROWS = [a_click(event_id=f"e-{number}") for number in range(3)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
PLAIN = LINES.encode()
ZIPPED = gzip.compress(PLAIN)


def finalize(data: bytes, name: str = f"{DAY}/x.jsonl", encoding: str = "") -> tuple[FakeEdge, Fact]:
    edge = FakeEdge()
    stored = edge.objects.put(edge.settings.bucket("bronze"), name, data, encoding=encoding)
    react(Finalized(ref=stored.ref, size=stored.size, metadata={}), cause(), edge)
    return edge, edge.publisher.sent[-1].fact


def reason_of(data: bytes) -> str:
    _, fact = finalize(data)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == "too_many_bad_rows"
    return fact.reason


@pytest.mark.parametrize(
    ("data", "likely"),
    [
        (LINES.encode("utf-16"), "it is UTF-16"),
        (LINES.encode("utf-16-le"), "it is UTF-16"),
        (LINES.encode("utf-16-be"), "it is UTF-16"),
        (ZIPPED, "it is gzip"),
        (json.dumps(ROWS).encode(), "it is a JSON array and no JSON lines"),
        (json.dumps(ROWS, indent=2).encode(), "it is a JSON array and no JSON lines"),
        (b"\n\n" + json.dumps(ROWS, indent=1).encode(), "it is a JSON array and no JSON lines"),
        (json.dumps(ROWS[0], indent=2).encode(), "it is pretty-printed JSON"),
        (LINES.replace("\n", "\r").encode(), "its lines end in CR alone"),
        (b"event_id,page\ne-1,home\n", "it is CSV"),
        (b"event_id\tpage\ne-1\thome\n", "it is tab-separated"),
        (b"<!doctype html>\n<p>no\n", "it is XML or HTML"),
        (b"PAR1 this is none PAR1", "it is Parquet"),
        (b"PK\x03\x04zip", "it is a zip archive"),
        (b"\x28\xb5\x2f\xfdzstd", "it is zstd"),
    ],
)
def test_a_rejected_file_says_what_it_likely_is(data: bytes, likely: str) -> None:
    assert f"likely cause: {likely}" in reason_of(data)


def test_a_rejected_file_says_its_commonest_code_and_the_first_example() -> None:
    rows = [a_click(event_id="e-1"), a_click(dwell_ms="long"), a_click(dwell_ms="short"), a_click(extra=1)]
    reason = reason_of("".join(json.dumps(row) + "\n" for row in rows).encode())
    assert "3 of 4 rows are bad" in reason
    assert "most often wrong_type (2), first in line 2: dwell_ms: expected an integer, got str" in reason
    assert "long" not in reason
    assert "likely cause" not in reason


@pytest.mark.parametrize("head", [b"", b"{}", b'{"a": 1}\r', b'{"a":\r1}', b"no row", b'"text, with a comma"', b"\x00"])
def test_nothing_is_guessed_of_what_shows_nothing(head: bytes) -> None:
    assert guess_cause(head) == ""


@pytest.mark.parametrize(
    ("name", "encoding", "data"),
    [
        ("x.jsonl", "", PLAIN),
        ("x.jsonl", "identity", PLAIN),
        ("x.jsonl", "gzip", ZIPPED),
        ("x.jsonl", " GZIP ", ZIPPED),
        ("x.jsonl.gz", "", ZIPPED),
        ("x.jsonl.gz", "gzip", ZIPPED),
    ],
)
def test_lines_are_read_however_their_gzip_is_declared(name: str, encoding: str, data: bytes) -> None:
    _, fact = finalize(data, f"{DAY}/{name}", encoding)
    assert isinstance(fact, BronzeObjectLanded)
    assert (fact.rows, fact.rows_checked, fact.bytes) == (3, 3, len(data))


TWICE = gzip.compress(ZIPPED)


@pytest.mark.parametrize(
    ("name", "encoding", "data", "code"),
    [
        ("x.jsonl.gz", "", TWICE, "gzip_twice"),
        ("x.jsonl.gz", "gzip", TWICE, "gzip_twice"),
        ("x.jsonl", "gzip", TWICE, "gzip_twice"),
        ("x.jsonl.gz", "", PLAIN, "gzip_corrupt"),
        ("x.jsonl", "gzip", PLAIN, "gzip_corrupt"),
        ("x.jsonl", "br", PLAIN, "encoding_unknown"),
        ("x.jsonl", "gzip, gzip", ZIPPED, "encoding_unknown"),
        ("x.jsonl", "utf-8", PLAIN, "encoding_unknown"),
    ],
)
def test_an_encoding_that_is_not_what_it_says_is_refused_by_name(
    name: str, encoding: str, data: bytes, code: str
) -> None:
    _, fact = finalize(data, f"{DAY}/{name}", encoding)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == code


def test_an_unknown_encoding_is_named() -> None:
    _, fact = finalize(PLAIN, encoding="br")
    assert isinstance(fact, BronzeObjectRejected)
    assert "'br'" in fact.reason


def test_parquet_has_no_encoding() -> None:
    _, fact = finalize(b"PAR1", "sales/dt=2026-01-01/x.parquet", "gzip")
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == "encoding_unknown"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("startups/", "path_unknown"),
        ("startups/dt=2026-01-01/", "path_unknown"),
        ("startups/README.md", "path_unknown"),
        ("startups/dt=2026-13-01/x.jsonl", "path_unknown"),
        ("README.md", "path_unknown"),
        (f"{DAY}/empty.jsonl", "object_empty"),
        (f"{DAY}/empty.jsonl.gz", "object_empty"),
        ("sales/dt=2026-01-01/empty.parquet", "object_empty"),
    ],
)
def test_strays_are_refused_and_nothing_else_happens(name: str, code: str) -> None:
    edge, fact = finalize(b"", name)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == code
    assert len(edge.publisher.sent) == 1
    assert [bucket for bucket, _ in edge.objects.live] == [edge.settings.bucket("bronze")]

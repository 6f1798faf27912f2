"""Corrected lines come back as an object of their own, each joined to the quarantined line that it corrects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ripple.errors import RetryableError
from ripple.rows.contracts.corrections import CORRECTS_KEY
from ripple.rows.contracts.validation import CORRECTS_FIELD
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from ripple.wire.paths import correction_name, parse_bronze_name
from tests.functions.fakes import FakeEdge
from tests.functions.test_land_object import BRONZE, GOOD, NAME, among_good, deliver, put
from tests.ripple.rows.sample_rows import a_click, a_startup

FIXED = "clickstream/dt=2026-01-01/part-1-corrected-1.jsonl"
QUARANTINE = "ripple-test-quarantine"


def with_origin(bad: bytes = b'{"event_id": ') -> tuple[FakeEdge, BronzeObjectLanded]:
    """A landed object whose 21st line is in quarantine."""
    edge = FakeEdge()
    origin = deliver(edge, put(edge, among_good(bad)))
    assert isinstance(origin, BronzeObjectLanded)
    return edge, origin


def line(corrects: object, **changed: Any) -> bytes:
    return json.dumps({CORRECTS_FIELD: corrects} | a_click(**changed)).encode()


def drop(edge: FakeEdge, data: bytes, corrects: str, name: str = FIXED) -> Any:
    return deliver(edge, put(edge, data, name, **{CORRECTS_KEY: corrects}))


def test_a_correction_lands_and_says_whose_lines_it_corrects() -> None:
    edge, origin = with_origin()
    fixed = drop(edge, line(21), str(origin.quarantine_uri))
    assert isinstance(fixed, BronzeObjectLanded)
    assert (fixed.rows, fixed.rows_quarantined, fixed.corrects_uri) == (1, 0, origin.uri)
    assert origin.corrects_uri is None


UNKNOWN = {
    "a good line of the origin": (1, "correction_unknown"),
    "a line that never was": (99, "correction_unknown"),
    "no line": (None, "missing_field"),
    "a line by its text": ("21", "correction_unknown"),
    "a truth": (True, "correction_unknown"),
    "a line and a half": (21.5, "correction_unknown"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_line_that_corrects_nothing_in_quarantine_is_itself_quarantined(what: str) -> None:
    edge, origin = with_origin()
    corrects, code = UNKNOWN[what]
    fixed = drop(edge, b"\n".join([line(21)] * 20 + [line(corrects)]), str(origin.quarantine_uri))
    (bad,) = edge.objects.lines(fixed.quarantine_uri)
    assert (bad["code"], bad["field"], bad["line"]) == (code, CORRECTS_FIELD, 21)


def test_a_corrected_line_that_is_still_wrong_is_not_let_through() -> None:
    edge, origin = with_origin()
    fixed = drop(edge, line(21, device="toaster"), str(origin.quarantine_uri))
    assert (fixed.code, fixed.rows_quarantined) == ("too_many_bad_rows", 1)


def test_a_line_may_name_a_correction_only_in_an_object_that_corrects() -> None:
    edge = FakeEdge()
    landed = deliver(edge, put(edge, among_good(line(3))))
    assert edge.objects.lines(landed.quarantine_uri)[0]["code"] == "unknown_field"


def reject(edge: FakeEdge, corrects: str, data: bytes | None = None, name: str = FIXED) -> str:
    fixed = drop(edge, data or line(21), corrects, name)
    assert isinstance(fixed, BronzeObjectRejected)
    return fixed.code


def test_a_correction_of_nothing_is_rejected_by_what_is_wrong() -> None:
    edge, origin = with_origin()
    quarantine = str(origin.quarantine_uri)
    assert reject(edge, "not a uri") == "uri_malformed"
    assert reject(edge, origin.uri) == "correction_malformed"
    assert reject(edge, quarantine.replace("part-1", "part-9")) == "correction_origin_missing"
    startup = json.dumps({CORRECTS_FIELD: 21} | a_startup()).encode()
    assert reject(edge, quarantine, startup, "startups/dt=2026-01-01/fixed.jsonl") == "correction_malformed"


RECORD = {"flow": "clickstream", "object": f"gs://{BRONZE}/{NAME}", "generation": 1001, "line": 21}
JUNK = {
    "no JSON": b"{",
    "no bytes": b"",
    "no records": b"[1]\n",
    "no line": json.dumps(RECORD | {"line": None}).encode(),
    "two objects": b"\n".join(json.dumps(RECORD | {"generation": number}).encode() for number in (1, 2)),
    "deep nesting": b"[" * 100_000,
}


@pytest.mark.parametrize("what", JUNK)
def test_junk_in_quarantine_is_no_origin(what: str) -> None:
    edge, _ = with_origin()
    edge.objects.put(QUARANTINE, "clickstream/dt=2026-01-01/x-1.jsonl", JUNK[what])
    assert reject(edge, f"gs://{QUARANTINE}/clickstream/dt=2026-01-01/x-1.jsonl") == "correction_malformed"


def test_an_origin_that_never_came_is_missing() -> None:
    edge = FakeEdge()
    edge.objects.put(QUARANTINE, "x.jsonl", json.dumps(RECORD).encode())
    assert reject(edge, f"gs://{QUARANTINE}/x.jsonl") == "correction_origin_missing"


def test_an_origin_that_is_not_decided_yet_is_waited_for() -> None:
    edge, origin = with_origin()
    (path,) = (path for path in edge.documents.held if path.startswith("files/"))
    edge.documents.held[path]["state"] = "claimed"
    with pytest.raises(RetryableError, match="has not landed yet"):
        drop(edge, line(21), str(origin.quarantine_uri))


def test_lines_of_a_rejected_object_are_not_corrected_alone() -> None:
    edge = FakeEdge()
    origin = deliver(edge, put(edge, b"{\n{\n" + GOOD))
    assert reject(edge, str(origin.quarantine_uri), line(1)) == "correction_of_rejected"


def test_a_correction_that_failed_is_tried_again_on_the_origin_not_on_itself() -> None:
    edge, origin = with_origin()
    first = drop(edge, b"\n".join([line(21)] * 20 + [line(7)]), str(origin.quarantine_uri))
    assert reject(edge, first.quarantine_uri, line(21), FIXED + "l") == "path_unknown"
    assert reject(edge, first.quarantine_uri, line(21), FIXED.replace("-1.", "-2.")) == "correction_of_correction"


def test_the_same_correction_has_the_same_name_and_another_has_another() -> None:
    origin = parse_bronze_name(NAME + ".gz")
    first, second = correction_name(origin, b"1"), correction_name(origin, b"2")
    assert first != second
    assert first == correction_name(origin, b"1")
    assert parse_bronze_name(first).stem.startswith("part-1-corrected-")

"""Where landing draws its lines: sizes, places and shares, each to the row or the byte."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest

from functions.land_object.quarantining import CONTENT_KEY
from ripple.deployment.settings import Settings
from ripple.errors import PermanentError
from ripple.rows.contracts.corrections import CORRECTS_KEY
from ripple.wire.events import BronzeObjectLanded
from tests.functions.fakes import FakeEdge
from tests.functions.test_correcting import FIXED, QUARANTINE, drop, line, with_origin
from tests.functions.test_land_object import GOOD, NAME, deliver, land, put, replay

REST = "; the rest was not read"


def test_a_file_without_bytes_differs_from_one_of_blank_lines() -> None:
    assert "has no bytes" in land(b"")[1].reason
    assert "has no rows, only blank lines" in land(b"\n\n")[1].reason


@pytest.mark.parametrize(("bad", "given_up"), [(9_999, False), (10_000, True)])
def test_a_file_is_given_up_at_its_ten_thousandth_bad_row(bad: int, given_up: bool) -> None:
    _, fact = land(b"{\n" * bad + b"\n" + GOOD)
    assert fact.code == "too_many_bad_rows"
    assert fact.reason.endswith(REST) is given_up
    assert (fact.rows, fact.rows_quarantined) == ((10_000, 10_000) if given_up else (10_000, 9_999))


@pytest.mark.parametrize(("bad", "given_up"), [(10_000, False), (10_001, True)])
def test_and_only_when_more_than_half_of_its_rows_are_bad(bad: int, given_up: bool) -> None:
    _, fact = land((GOOD + b"\n") * 10_000 + b"{\n" * bad)
    assert fact.reason.endswith(REST) is given_up


def test_a_file_is_read_to_its_end_where_half_of_its_rows_may_be_bad() -> None:
    edge = FakeEdge(settings=Settings(project="ripple-test", reject_ratio=0.5))
    fact = deliver(edge, put(edge, b"{\n" * 10_001))
    assert (fact.rows, fact.reason.endswith(REST)) == (10_001, False)


def test_what_is_kept_beside_a_file_says_its_own_hash() -> None:
    edge, fact = land(b"{\n" + (GOOD + b"\n") * 30)
    bucket, name = str(fact.quarantine_uri).removeprefix("gs://").split("/", 1)
    stored, data = edge.objects.live[bucket, name]
    assert stored.metadata == {CONTENT_KEY: hashlib.sha256(data).hexdigest()}


def test_bad_rows_of_another_contract_have_a_name_with_their_hash() -> None:
    edge = FakeEdge()
    name = "clickstream/dt=2026-01-01/part-1-1002.jsonl"
    edge.objects.put(QUARANTINE, name, b"{}\n", {CONTENT_KEY: "of another contract"})
    fact = deliver(edge, put(edge, b"{\n" + (GOOD + b"\n") * 30))
    beside = str(fact.quarantine_uri).removeprefix(f"gs://{QUARANTINE}/")
    stored, data = edge.objects.live[QUARANTINE, beside]
    digest = hashlib.sha256(data).hexdigest()
    assert (beside, stored.metadata) == (name.replace(".jsonl", f"-{digest[:12]}.jsonl"), {CONTENT_KEY: digest})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "is no quarantine: "),
        (b'{"line": 1}\n', "is no quarantine: KeyError('flow')"),
        (b"", "is not the quarantine of one object"),
    ],
)
def test_what_is_no_quarantine_is_named_with_the_reason(data: bytes, reason: str) -> None:
    edge, _ = with_origin()
    edge.objects.put(QUARANTINE, "x.jsonl", data)
    assert reason in drop(edge, line(21), f"gs://{QUARANTINE}/x.jsonl").reason


def test_an_object_of_another_bucket_is_no_quarantine() -> None:
    edge, origin = with_origin()
    assert "which is not in quarantine" in drop(edge, line(21), origin.uri).reason


def test_a_file_that_is_rejected_says_how_many_rows_are_bad() -> None:
    _, fact = land(b"{\n" + GOOD)
    assert fact.reason.startswith("1 of 2 rows are bad, more than 5%; most often malformed_json (1), first in line 1: ")


@pytest.mark.parametrize(("more", "code"), [(0, None), (1, "correction_too_large")])
def test_a_quarantine_is_corrected_line_by_line_up_to_its_size(more: int, code: str | None) -> None:
    edge, origin = with_origin()
    bucket, name = QUARANTINE, str(origin.quarantine_uri).split("/", 3)[3]
    stored, data = edge.objects.live[bucket, name]
    edge.objects.live[bucket, name] = (dataclasses.replace(stored, size=256 * 1024**2 + more), data)
    fact = drop(edge, line(21), str(origin.quarantine_uri))
    assert getattr(fact, "code", None) == code


def elsewhere(bucket: str, name: str) -> Any:
    edge = FakeEdge()
    return edge, edge.objects.put(bucket, name, GOOD)


@pytest.mark.parametrize(
    ("bucket", "name"),
    [
        ("ripple-test-landing", NAME),
        ("ripple-test-quarantine", NAME),
        ("ripple-test-bronze", "clickstream/dt=2026-01-01/" + "x" * 999),
    ],
)
def test_an_object_of_another_bucket_or_of_too_long_a_name_is_none_of_its_own(bucket: str, name: str) -> None:
    edge, stored = elsewhere(bucket, name)
    with pytest.raises(PermanentError, match="is no object of ripple-test-bronze") as caught:
        deliver(edge, stored)
    assert caught.value.code == "bucket_unexpected"
    assert edge.documents.held == {}


def test_a_name_of_1024_bytes_is_one_of_its_own() -> None:
    edge, stored = elsewhere("ripple-test-bronze", "clickstream/dt=2026-01-01/" + "x" * 998)
    assert deliver(edge, stored).code in ("path_unsafe", "path_unknown")


def test_objects_that_are_gone_are_named_within_what_a_record_holds() -> None:
    edge = FakeEdge()
    gone = [f"gs://ripple-test-bronze/clickstream/dt=2026-01-01/{'x' * 300}-{number}.jsonl" for number in range(9)]
    with pytest.raises(PermanentError, match="not in Bronze any more: ") as caught:
        replay(edge, *gone)
    assert caught.value.code == "object_missing"
    assert len(caught.value.reason) == 2000


def test_an_object_that_a_replay_landed_first_repeats_nothing() -> None:
    edge = FakeEdge()
    stored = put(edge, GOOD)
    replay(edge, stored.ref.uri)
    replay(edge, stored.ref.uri)
    assert [(sent.correlation_id, sent.replay_of) for sent in edge.publisher.sent] == [
        ("r-1", stored.ref.uri),
        ("r-1", None),
    ]


def test_a_correction_is_no_object_without_its_quarantine() -> None:
    edge, _ = with_origin()
    fact = deliver(edge, put(edge, GOOD, FIXED))
    assert isinstance(fact, BronzeObjectLanded)
    assert fact.corrects_uri is None
    assert CORRECTS_KEY == "ripple-corrects"

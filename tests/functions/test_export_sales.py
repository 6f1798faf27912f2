"""Sales go from documents to Parquet whole, or are tried again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from functions.export_sales.stage import react
from ripple.deployment.settings import Settings
from ripple.errors import PermanentError, RetryableError
from ripple.flows import load_contract
from ripple.handling.shell import Finalized
from ripple.rows.arrow_rows import to_columns
from ripple.rows.sales_schema import QUARANTINE_KEY, QUARANTINED_KEY, ROWS_KEY
from ripple.wire.events import (
    EltRunStarted,
    ReplayRunStarted,
    SalesExportFinished,
    SalesExportRequested,
    SalesSliceExported,
)
from tests.functions.fakes import NOW, FakeEdge, cause
from tests.ripple.rows.sample_rows import AT, an_order

BRONZE = "ripple-test-bronze"
FIRST = "sales/dt=2026-01-01/b-1-00000.parquet"


def fill(edge: FakeEdge, count: int, **changed: Any) -> None:
    for number in range(count):
        name = f"o-{number:05d}"
        edge.sales.orders[name] = an_order(order_id=name, **changed)


def manifest(edge: FakeEdge, **changed: Any) -> dict[str, Any]:
    ids = "\n".join(sorted(edge.sales.orders)).encode()
    promise = {
        "batch_id": "b-1",
        "collection": "sales",
        "window_from": "2026-01-01",
        "count": len(edge.sales.orders),
        "checksum": hashlib.sha256(ids).hexdigest(),
    }
    return promise | changed


def deliver(edge: FakeEdge, body: object) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    stored = edge.objects.put("ripple-test-landing", "sales/b-1/manifest.json", data)
    react(Finalized(ref=stored.ref, size=stored.size, metadata={}), cause(), edge)


def read_table(edge: FakeEdge, name: str = FIRST) -> pa.Table:
    return pq.read_table(pa.BufferReader(edge.objects.live[BRONZE, name][1]))


def test_an_export_states_its_slices_and_then_that_it_finished() -> None:
    edge = FakeEdge(settings=Settings(project="ripple-test", export_rows_per_slice=2000))
    fill(edge, 4500)
    deliver(edge, manifest(edge))
    *slices, finished = edge.publisher.facts()
    assert [(fact.slice, fact.slices, fact.rows) for fact in slices] == [(0, 3, 2000), (1, 3, 2000), (2, 3, 500)]
    assert finished == SalesExportFinished(
        batch_id="b-1",
        rows=4500,
        rows_quarantined=0,
        objects=[fact.uri for fact in slices],
        manifest_uri="gs://ripple-test-landing/sales/b-1/manifest.json",
    )
    assert {envelope.correlation_id for envelope in edge.publisher.sent} == {"b-1"}
    assert sum(read_table(edge, fact.uri.split("/", 3)[3]).num_rows for fact in slices) == 4500


def replay_manifest(edge: FakeEdge, kind: str = "manifest") -> None:
    uris = ("gs://ripple-test-landing/sales/b-1/manifest.json",)
    fact = ReplayRunStarted(replay_id="r-1", kind=kind, targets=uris)
    react(fact, dataclasses.replace(cause(fact.id), correlation_id="r-1"), edge)


def test_a_replayed_manifest_states_the_same_facts_on_the_replays_line_and_writes_nothing() -> None:
    edge = FakeEdge()
    fill(edge, 3)
    deliver(edge, manifest(edge))
    facts, held = edge.publisher.facts(), dict(edge.objects.live)
    replay_manifest(edge)
    assert (edge.publisher.facts(), edge.objects.live) == (facts * 2, held)
    assert {(sent.correlation_id, sent.replay_of) for sent in edge.publisher.sent[len(facts) :]} == {("r-1", "b-1")}


def test_a_replay_of_bronze_objects_is_none_of_its_business() -> None:
    edge = FakeEdge()
    replay_manifest(edge, kind="object")
    assert edge.publisher.sent == []


def test_parquet_holds_microseconds_in_utc_and_integer_cents() -> None:
    edge = FakeEdge()
    fill(edge, 3)
    deliver(edge, manifest(edge))
    schema = read_table(edge).schema
    zoned = pa.timestamp("us", tz="UTC")
    for name in ("ordered_at", "ingested_at", "updated_at", "customer_acquired_at"):
        assert schema.field(name).type == zoned
    assert {schema.field(name).type for name in schema.names if name.endswith("_cents")} == {pa.int64()}


def test_mixed_timestamps_become_the_same_instant() -> None:
    edge = FakeEdge()
    written = [
        AT,
        "2026-01-02T03:04:05.678Z",
        "2026-01-02T04:04:05.678+01:00",
        "Fri, 02 Jan 2026 03:04:05 GMT",
        1767323045,
        1767323045678,
        1767323045678000,
    ]
    for number, value in enumerate(written):
        edge.sales.orders[f"o-{number}"] = an_order(order_id=f"o-{number}", ordered_at=value)
    deliver(edge, manifest(edge))
    found = read_table(edge)["ordered_at"].to_pylist()
    assert [moment.replace(microsecond=0) for moment in found] == [AT.replace(microsecond=0)] * len(written)
    assert [moment.microsecond for moment in found] == [678000, 678000, 678000, 0, 0, 678000, 678000]


def test_a_value_that_the_contract_should_have_refused_is_a_defect() -> None:
    with pytest.raises(AssertionError, match="timestamp_without_zone"):
        to_columns([an_order(), an_order(ordered_at="2026-01-02T03:04:05")], load_contract("sales"))


def test_bad_documents_are_quarantined_and_counted() -> None:
    edge = FakeEdge()
    fill(edge, 10)
    edge.sales.orders["o-bad"] = an_order(net_cents=9.5)
    edge.sales.orders["o-odd"] = an_order(coupon="X")
    deliver(edge, manifest(edge))
    fact = edge.publisher.facts(SalesSliceExported)[0]
    assert (fact.rows, fact.rows_quarantined, read_table(edge).num_rows) == (12, 2, 10)
    records = edge.objects.lines(fact.quarantine_uri)
    assert [(record["code"], record["field"], record["generation"]) for record in records] == [
        ("wrong_type", "net_cents", 0),
        ("unknown_field", "coupon", 0),
    ]
    assert records[0]["line_hash"] == hashlib.sha256(b"o-bad").hexdigest()
    assert records[0]["object"] == fact.uri
    metadata = edge.objects.stat(BRONZE, FIRST).metadata
    assert (metadata[ROWS_KEY], metadata[QUARANTINED_KEY]) == ("12", "2")
    assert metadata[QUARANTINE_KEY] == fact.quarantine_uri


def test_a_stream_that_ended_early_is_tried_again_and_states_nothing() -> None:
    edge = FakeEdge()
    fill(edge, 10)
    promise = manifest(edge)
    edge.sales.ends_after = 7
    with pytest.raises(RetryableError, match="7 of 10"):
        deliver(edge, promise)
    assert edge.publisher.sent == []


def test_the_try_after_a_stream_that_ended_early_exports_the_whole_batch() -> None:
    edge = FakeEdge()
    fill(edge, 10)
    promise = manifest(edge)
    edge.sales.ends_after = 7
    with pytest.raises(RetryableError):
        deliver(edge, promise)
    edge.sales.ends_after = None
    deliver(edge, promise)
    assert read_table(edge).num_rows == 10


def test_other_documents_than_promised_are_tried_again() -> None:
    edge = FakeEdge()
    fill(edge, 10)
    with pytest.raises(RetryableError, match="not those of its manifest"):
        deliver(edge, manifest(edge, checksum="0" * 64))


def test_the_same_manifest_twice_states_the_same_facts() -> None:
    edge = FakeEdge()
    fill(edge, 5)
    deliver(edge, manifest(edge))
    deliver(edge, manifest(edge))
    stated = edge.publisher.facts()
    assert stated[:2] == stated[2:]


def test_a_requested_export_takes_what_changed_in_its_window() -> None:
    edge = FakeEdge()
    fill(edge, 5)
    edge.sales.orders["o-later"] = an_order(updated_at=AT + dt.timedelta(days=1))
    asked = SalesExportRequested(
        batch_id="live-1", changed_from="2026-01-02T00:00:00Z", changed_to="2026-01-03T00:00:00Z"
    )
    react(asked, cause(), edge)
    finished = edge.publisher.facts(SalesExportFinished)[0]
    assert (finished.batch_id, finished.rows, finished.manifest_uri) == ("live-1", 5, None)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"count": "10"}, "count"),
        ({"count": True}, "count"),
        ({"count": -1}, "count"),
        ({"batch_id": "a/b"}, "batch_id"),
        ({"collection": ""}, "collection"),
        ({"window_from": "01/02/2026"}, "window_from"),
        ({"checksum": None, "count": None}, "count, checksum"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_fields(changed: dict[str, Any], wrong: str) -> None:
    edge = FakeEdge()
    with pytest.raises(PermanentError, match=f"wrong or missing: {wrong}$"):
        deliver(edge, manifest(edge, **changed))


def test_an_export_bears_the_time_of_its_objects_also_when_it_is_stated_again() -> None:
    edge = FakeEdge()
    edge.sales.orders["o-1"] = an_order(order_id="o-1")
    body = manifest(edge)
    for minutes in (1, 2):
        stored = edge.objects.put("ripple-test-landing", "sales/b-1/manifest.json", json.dumps(body).encode())
        late = cause(time=NOW + dt.timedelta(minutes=minutes))
        react(Finalized(ref=stored.ref, size=stored.size, metadata={}), late, edge)
    assert {envelope.time for envelope in edge.publisher.sent} == {NOW}


def test_a_key_that_no_generator_writes_is_refused() -> None:
    edge = FakeEdge()
    with pytest.raises(PermanentError, match=r"unknown keys: 'counts' \(did you mean 'count'\?\)"):
        deliver(edge, manifest(edge, counts=3))


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 100_000, b"[]", b"\xff"])
def test_a_manifest_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(PermanentError, match="manifest_malformed"):
        deliver(FakeEdge(), body)


def test_another_fact_is_refused() -> None:
    fact = EltRunStarted(batch=1, epoch=1, flows=(), files=0, execution="x")
    with pytest.raises(PermanentError, match="event_unexpected"):
        react(fact, cause(), FakeEdge())

"""A Bronze object is claimed once, checked, and its bad rows are kept apart."""

from __future__ import annotations

import copy
import dataclasses
import gzip
import hashlib
import io
import json
from collections.abc import Mapping
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from functions.export_sales.columns import to_frame
from functions.land_object.quarantining import CONTENT_KEY
from functions.land_object.stage import react
from ripple.deployment.settings import Settings
from ripple.errors import PermanentError
from ripple.flows import load_contract
from ripple.handling.shell import Finalized
from ripple.ports import StoredObject
from ripple.rows.sales_schema import QUARANTINE_KEY, QUARANTINED_KEY, ROWS_KEY, arrow_schema
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected, ReplayRunStarted
from ripple.wire.paths import parse_bronze_name, quarantine_name
from tests.functions.exported import left_out
from tests.functions.fakes import CrashError, FakeEdge, FakeObjects, cause
from tests.ripple.rows.sample_rows import a_click, an_order

BRONZE, NAME = "ripple-test-bronze", "clickstream/dt=2026-01-01/part-1.jsonl"
GOOD = json.dumps(a_click()).encode()


def put(edge: FakeEdge, data: bytes, name: str = NAME, **metadata: str) -> StoredObject:
    return edge.objects.put(BRONZE, name, data, metadata)


def deliver(edge: FakeEdge, stored: StoredObject, event: str = "finalize-1") -> Any:
    payload = Finalized(ref=stored.ref, size=stored.size, metadata=stored.metadata)
    react(payload, cause(event), edge)
    return edge.publisher.sent[-1].fact


def land(data: bytes, name: str = NAME, **metadata: str) -> tuple[FakeEdge, Any]:
    edge = FakeEdge()
    return edge, deliver(edge, put(edge, data, name, **metadata))


def among_good(bad: bytes) -> bytes:
    """The bad line is the 21st of 41."""
    return b"\n".join([GOOD] * 20 + [bad] + [GOOD] * 20) + b"\n"


def test_a_good_file_lands_with_its_counts() -> None:
    edge, fact = land(GOOD + b"\n\n" + GOOD)
    checked = {name: getattr(fact, name) for name in ("checked_uri", "contract_digest")}
    assert fact == BronzeObjectLanded(
        flow="clickstream",
        uri=f"gs://{BRONZE}/{NAME}",
        generation=1001,
        dt="2026-01-01",
        bytes=2 * len(GOOD) + 2,
        rows=2,
        rows_quarantined=0,
        rows_checked=2,
        arrived_at="2026-03-01T12:00:00Z",
        **checked,
    )
    (file,) = (document for path, document in edge.documents.held.items() if path.startswith("files/"))
    assert (file["state"], file["batch"], file["flow"], file["correlation_id"]) == (
        "landed",
        None,
        "clickstream",
        "batch-1",
    )
    assert not [path for path in edge.documents.held if path.startswith("outbox/")]


BAD_LINES = {
    "malformed_json": (b'{"event_id": ', ""),
    "invalid_utf8": (GOOD.replace(b'"/"', b'"\xff"'), ""),
    "unknown_field": (json.dumps(a_click(extra=1)).encode(), "extra"),
    "missing_field": (json.dumps(a_click(event_id=None)).encode(), "event_id"),
    "wrong_type": (json.dumps(a_click(sequence="0")).encode(), "sequence"),
    "out_of_range": (json.dumps(a_click(dwell_ms=-1)).encode(), "dwell_ms"),
    "not_in_enum": (json.dumps(a_click(device="toaster")).encode(), "device"),
    "timestamp_unparseable": (json.dumps(a_click(occurred_at="now")).encode(), "occurred_at"),
    "timestamp_ambiguous": (json.dumps(a_click(occurred_at="01/02/2026")).encode(), "occurred_at"),
    "timestamp_without_zone": (json.dumps(a_click(occurred_at="2026-01-02T03:04:05")).encode(), "occurred_at"),
    "duplicate_key": (GOOD[:-1] + b', "page": "/"}', "page"),
    "line_too_long": (json.dumps(a_click(page="x" * 1024 * 1024)).encode(), ""),
}


@pytest.mark.parametrize("code", BAD_LINES)
def test_a_bad_line_goes_to_quarantine_with_its_line_and_offset(code: str) -> None:
    bad, field = BAD_LINES[code]
    edge, fact = land(among_good(bad))
    assert isinstance(fact, BronzeObjectLanded)
    assert (fact.rows, fact.rows_quarantined) == (41, 1)
    assert fact.quarantine_uri == "gs://ripple-test-quarantine/clickstream/dt=2026-01-01/part-1-1001.jsonl"
    (record,) = edge.objects.lines(fact.quarantine_uri)
    text = bad.decode(errors="replace")
    assert record.pop("message")
    assert record == {
        "flow": "clickstream",
        "object": fact.uri,
        "generation": 1001,
        "line": 21,
        "offset": 20 * (len(GOOD) + 1),
        "code": code,
        "field": field,
        "raw": text[:8192],
        "line_hash": hashlib.sha256(text.encode()).hexdigest(),
    }


def test_bronze_is_never_rewritten() -> None:
    edge, fact = land(among_good(b"{"))
    assert edge.objects.live[BRONZE, NAME][1] == among_good(b"{")
    assert edge.objects.stat(BRONZE, NAME).ref.generation == fact.generation


REJECTED = {
    "no bytes": (b"", NAME, "object_empty"),
    "blank lines only": (b"\n \r\n\n", NAME, "object_empty"),
    "more than a twentieth is bad": (b"\n".join([GOOD] * 18 + [b"{"]), NAME, "too_many_bad_rows"),
    "not gzip": (GOOD, NAME + ".gz", "gzip_corrupt"),
    "gzip cut short": (gzip.compress(GOOD * 50)[:-9], NAME + ".gz", "gzip_corrupt"),
    "gzip with a broken middle": (gzip.compress(GOOD)[:20] + b"\xff" * 40, NAME + ".gz", "gzip_corrupt"),
    "a bomb": (gzip.compress(b"\n" * 64 * 1024 * 1024), NAME + ".gz", "gzip_bomb"),
    "jsonl of a parquet flow": (GOOD, "sales/dt=2026-01-01/x.jsonl", "format_unexpected"),
    "parquet of a jsonl flow": (GOOD, "startups/dt=2026-01-01/x.parquet", "format_unexpected"),
    "no parquet": (GOOD, "sales/dt=2026-01-01/x.parquet", "parquet_corrupt"),
    "a stray path": (GOOD, "clickstream/part-1.jsonl", "path_unknown"),
    "an unknown flow": (GOOD, "parcels/dt=2026-01-01/x.jsonl", "flow_unknown"),
}


@pytest.mark.parametrize("why", REJECTED)
def test_a_file_that_cannot_be_used_is_rejected_and_recorded(why: str) -> None:
    data, name, code = REJECTED[why]
    edge, fact = land(data, name)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == code
    (file,) = (document for path, document in edge.documents.held.items() if path.startswith("files/"))
    assert file["state"] == "rejected"
    assert (BRONZE, name) in edge.objects.live


def test_exactly_a_twentieth_of_bad_rows_is_still_landed() -> None:
    _, fact = land(b"\n".join([GOOD] * 19 + [b"{"]))
    assert isinstance(fact, BronzeObjectLanded)


def test_a_rejected_file_says_where_its_bad_rows_are() -> None:
    edge, fact = land(b"{\n{\n" + GOOD)
    assert (fact.rows, fact.rows_quarantined, fact.flow) == (3, 2, "clickstream")
    assert [record["line"] for record in edge.objects.lines(fact.quarantine_uri)] == [1, 2]


def test_a_gzip_file_is_read_through() -> None:
    edge, fact = land(gzip.compress(among_good(b"{")), NAME + ".gz")
    assert (fact.rows, fact.rows_quarantined) == (41, 1)
    assert edge.objects.lines(fact.quarantine_uri)[0]["offset"] == 20 * (len(GOOD) + 1)


def test_a_second_finalize_states_the_same_fact_and_claims_once() -> None:
    edge = FakeEdge()
    stored = put(edge, among_good(b"{"))
    deliver(edge, stored, "finalize-1")
    files = dict(edge.documents.held)
    deliver(edge, stored, "finalize-2")
    first, second = edge.publisher.sent
    assert first.fact == second.fact
    assert first.fact.id == second.fact.id
    assert edge.documents.held == files


@pytest.mark.parametrize("data", [among_good(b"{"), b"", b"{\n"], ids=["landed", "empty", "all bad"])
def test_a_file_is_not_read_again_once_it_is_recorded(data: bytes) -> None:
    edge = FakeEdge()
    stored = put(edge, data)
    fact = deliver(edge, stored)
    edge.objects.live.clear()
    assert deliver(edge, stored, "finalize-2") == fact


@pytest.mark.parametrize("call", ["run", "delete"])
def test_a_crash_after_the_claim_is_finished_by_the_retry(call: str) -> None:
    edge = FakeEdge()
    stored = put(edge, among_good(b"{"))
    edge.documents.dies_before.append(call)
    with pytest.raises(CrashError):
        deliver(edge, stored)
    fact = deliver(edge, stored)
    assert isinstance(fact, BronzeObjectLanded)
    assert {envelope.fact.id for envelope in edge.publisher.sent} == {fact.id}
    (path,) = edge.documents.held
    assert edge.documents.held[path]["state"] == "landed"


def test_two_landers_that_disagree_state_the_verdict_of_the_first() -> None:
    edge = FakeEdge()
    stored = put(edge, among_good(b""))

    def load_of_another_version(flow: str) -> Any:
        deliver(edge, stored)
        return dataclasses.replace(load_contract(flow), format="parquet")

    late = Finalized(ref=stored.ref, size=stored.size, metadata={})
    react(late, cause("late"), edge, load_of_another_version)
    assert [type(fact) for fact in edge.publisher.facts()] == [BronzeObjectLanded, BronzeObjectLanded]


def test_a_new_generation_is_another_file() -> None:
    edge = FakeEdge()
    first, second = deliver(edge, put(edge, GOOD)), deliver(edge, put(edge, GOOD + b"\n" + GOOD))
    assert (first.rows, second.rows) == (1, 2)
    assert first.id != second.id
    assert len(edge.documents.held) == 2


def test_a_generation_that_is_gone_before_it_was_landed_is_rejected_and_the_newer_one_lands() -> None:
    edge = FakeEdge()
    gone, newer = put(edge, GOOD), put(edge, GOOD + b"\n" + GOOD)
    fact = deliver(edge, gone)
    assert (fact.TYPE, fact.code, fact.generation) == ("bronze.object.rejected.v1", "object_gone", gone.ref.generation)
    assert deliver(edge, newer, "finalize-2").rows == 2


class NothingIsKept(FakeObjects):
    def create(self, bucket: str, name: str, data: bytes | IO[bytes], metadata: Mapping[str, str]) -> StoredObject:
        return self.stat("elsewhere", "x")


def test_a_missing_object_that_is_another_one_is_an_error_and_no_verdict() -> None:
    edge = FakeEdge(objects=NothingIsKept())
    stored = put(edge, GOOD)
    with pytest.raises(PermanentError, match="elsewhere"):
        deliver(edge, stored)


def test_a_replay_of_objects_lands_what_was_never_landed() -> None:
    edge = FakeEdge()
    stored = put(edge, GOOD)
    replay = ReplayRunStarted(replay_id="r-1", kind="object", targets=(stored.ref.uri,))
    react(replay, cause("r-1"), edge)
    assert edge.publisher.facts(BronzeObjectLanded)[0].generation == stored.ref.generation


def replay(edge: FakeEdge, *uris: str, replay_id: str = "r-1") -> None:
    fact = ReplayRunStarted(replay_id=replay_id, kind="object", targets=uris)
    stated = dataclasses.replace(cause(fact.id), correlation_id=replay_id)
    react(fact, stated, edge)


def test_a_replay_of_a_landed_object_states_the_same_fact_on_its_own_line_and_changes_nothing() -> None:
    edge = FakeEdge()
    stored = put(edge, GOOD)
    fact = deliver(edge, stored)
    before = copy.deepcopy(edge.documents.held)
    replay(edge, stored.ref.uri)
    again = edge.publisher.sent[-1]
    assert (again.fact, edge.documents.held) == (fact, before)
    assert (again.correlation_id, again.replay_of) == ("r-1", "batch-1")


def test_a_replay_of_objects_does_those_that_are_there_and_names_those_that_are_gone() -> None:
    edge = FakeEdge()
    stored = put(edge, GOOD)
    gone = stored.ref.uri.replace(".jsonl", "-gone.jsonl")
    with pytest.raises(PermanentError, match=r"object_missing.*-gone\.jsonl"):
        replay(edge, gone, stored.ref.uri)
    assert edge.publisher.facts(BronzeObjectLanded)


def strict(ratio: float) -> Settings:
    return Settings(project="ripple-test", reject_ratio=ratio)


def a_rejected_object() -> tuple[FakeEdge, StoredObject]:
    edge = FakeEdge(settings=strict(0.05))
    stored = put(edge, GOOD + b"\n{}\n")
    assert isinstance(deliver(edge, stored), BronzeObjectRejected)
    return edge, stored


def test_a_rejected_object_that_is_taken_by_now_lands_when_it_is_replayed() -> None:
    edge, stored = a_rejected_object()
    edge.settings = strict(0.5)
    replay(edge, stored.ref.uri)
    replay(edge, stored.ref.uri, replay_id="r-2")
    assert [type(fact) for fact in edge.publisher.facts()] == [
        BronzeObjectRejected,
        BronzeObjectLanded,
        BronzeObjectLanded,
    ]
    (file,) = (document for path, document in edge.documents.held.items() if path.startswith("files/"))
    assert (file["state"], file["batch"], file["flow"]) == ("landed", None, "clickstream")
    assert not [path for path in edge.documents.held if path.startswith("outbox/")]


def test_a_rejected_object_that_is_still_refused_states_its_rejection_again() -> None:
    edge, stored = a_rejected_object()
    before = copy.deepcopy(edge.documents.held)
    replay(edge, stored.ref.uri)
    first, second = edge.publisher.facts()
    assert (second, edge.documents.held) == (first, before)


def test_bad_rows_of_a_later_check_lie_beside_those_of_the_first() -> None:
    edge, stored = a_rejected_object()
    name = quarantine_name(parse_bronze_name(stored.ref.name), stored.ref.generation)
    held, _ = edge.objects.live["ripple-test-quarantine", name]
    del edge.objects.live["ripple-test-quarantine", name]
    edge.objects.put("ripple-test-quarantine", name, b"{}\n", {**held.metadata, CONTENT_KEY: "of another contract"})
    edge.settings = strict(0.5)
    replay(edge, stored.ref.uri)
    fact = edge.publisher.facts(BronzeObjectLanded)[0]
    assert fact.quarantine_uri.startswith(f"gs://ripple-test-quarantine/{name.removesuffix('.jsonl')}-")
    assert [line["code"] for line in edge.objects.lines(fact.quarantine_uri)] == ["missing_field"]


def test_a_replay_of_a_batch_is_none_of_its_business() -> None:
    edge = FakeEdge()
    react(ReplayRunStarted(replay_id="r-1", kind="batch", targets=("1",)), cause("r-1"), edge)
    assert edge.publisher.sent == []


def parquet_of(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def sales_table(rows: int) -> pa.Table:
    contract = load_contract("sales")
    frame = to_frame([an_order(order_id=f"o-{number}") for number in range(rows)], contract)
    return pa.Table.from_pandas(frame, schema=arrow_schema(contract), preserve_index=False)


SALES = "sales/dt=2026-01-01/x.parquet"


def test_a_parquet_file_lands_with_the_counts_of_its_metadata() -> None:
    counts = {ROWS_KEY: "4", QUARANTINED_KEY: "0", QUARANTINE_KEY: ""}
    _, fact = land(parquet_of(sales_table(4)), SALES, **counts)
    assert (fact.flow, fact.rows, fact.rows_quarantined) == ("sales", 4, 0)


def test_a_parquet_file_whose_documents_are_all_in_quarantine_is_distinguished_from_a_corrupt_one() -> None:
    sink = io.BytesIO()
    pq.ParquetWriter(sink, sales_table(0).schema).close()
    edge = FakeEdge()
    counts = {ROWS_KEY: "3", QUARANTINED_KEY: "3", QUARANTINE_KEY: left_out(edge, [1, 2, 3])}
    fact = deliver(edge, put(edge, sink.getvalue(), SALES, **counts))
    assert (fact.code, fact.rows, fact.rows_quarantined) == ("too_many_bad_rows", 3, 3)


@pytest.mark.parametrize(
    ("table", "counts", "code"),
    [
        (sales_table(2).drop_columns(["status"]), {}, "schema_mismatch"),
        (sales_table(2).append_column("extra", pa.array([1, 2])), {}, "schema_mismatch"),
        (
            sales_table(2).drop_columns(["net_cents"]).append_column("net_cents", pa.array([1.0, 2.0])),
            {ROWS_KEY: "2"},
            "schema_mismatch",
        ),
        (sales_table(2).append_column("net_cents", pa.array([1, 2])), {}, "schema_mismatch"),
        (sales_table(2), {ROWS_KEY: "3", QUARANTINED_KEY: "0"}, "count_mismatch"),
        (sales_table(2), {ROWS_KEY: "many"}, "metadata_malformed"),
    ],
    ids=["missing", "unknown", "type", "twice", "short", "garbled"],
)
def test_a_parquet_file_of_another_shape_is_rejected(table: pa.Table, counts: dict[str, str], code: str) -> None:
    _, fact = land(parquet_of(table), SALES, **counts)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == code

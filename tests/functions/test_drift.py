"""A schema change is reported whatever becomes of its rows; they land where their contract lets them."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from functions.export_sales import stage as export_sales
from functions.land_object.stage import react
from ripple.flows import load_contract
from ripple.handling.shell import Finalized
from ripple.rows.sales_schema import DRIFT_KEY, RESCUED, arrow_schema
from ripple.rows.tagged_json import Unsupported
from ripple.wire.events import BronzeContractDrifted, BronzeObjectLanded, BronzeObjectRejected, SalesSliceExported
from tests.functions.checked_objects import read_checked
from tests.functions.fakes import CrashError, FakeEdge, cause
from tests.functions.test_export_sales import manifest
from tests.functions.test_land_object import BRONZE, GOOD, NAME, SALES, deliver, parquet_of, put, sales_table
from tests.ripple.rows.sample_rows import AT, a_click, an_order
from tests.ripple.rows.test_evolution import evolving

EXTRA = GOOD[:-1] + b', "extra": {"z": 1.10, "a": [1, 2]}}'
WIDE = GOOD.replace(b'"dwell_ms": 10', b'"dwell_ms": 10.5')
TEXT = GOOD.replace(b'"dwell_ms": 10', b'"dwell_ms": "10"')


def finalize(edge: FakeEdge, data: bytes, name: str = NAME, **metadata: str) -> list[Any]:
    """Land it under a contract that lets drift evolve; what was stated."""
    stored = edge.objects.put(BRONZE, name, data, metadata)
    payload = Finalized(ref=stored.ref, size=stored.size, metadata=stored.metadata)
    react(payload, cause(), edge, evolving)
    return edge.publisher.facts()


def test_drift_is_stated_before_the_verdict_and_never_with_a_value() -> None:
    edge = FakeEdge()
    data = b"\n".join([GOOD] * 40 + [EXTRA, WIDE, TEXT, EXTRA])
    drifted, landed = finalize(edge, data)
    assert isinstance(landed, BronzeObjectLanded)
    assert (landed.rows, landed.rows_quarantined) == (44, 1)
    assert drifted == BronzeContractDrifted(
        flow="clickstream",
        uri=landed.uri,
        generation=landed.generation,
        policy={"new_field": "evolve", "widened_type": "evolve"},
        drifts=(
            {"field": "extra", "kind": "new_field", "seen": "object", "rows": 2, "first_line": 41},
            {"field": "dwell_ms", "kind": "widened_type", "declared": "integer", "seen": "number", "rows": 1,
             "first_line": 42},
            {"field": "dwell_ms", "kind": "changed_type", "declared": "integer", "seen": "string", "rows": 1,
             "first_line": 43},
        ),
        drifts_further=0,
        rows_drifted=4,
        rows_rescued=3,
    )  # fmt: skip


def test_what_is_rescued_is_beside_what_its_columns_hold() -> None:
    edge = FakeEdge()
    _, landed = finalize(edge, b"\n".join([GOOD] * 40 + [EXTRA, WIDE]))
    assert landed.quarantine_uri is None
    extra, wide = read_checked(edge, landed.checked_uri)[40:]
    assert [extra["_rescued"], wide["_rescued"]] == ['{"extra":{"z": 1.10, "a": [1, 2]}}', '{"dwell_ms":10.5}']
    assert (extra["dwell_ms"], wide["dwell_ms"]) == (10, None)


def test_a_shipped_contract_quarantines_the_same_rows_and_states_the_same_drift() -> None:
    edge, evolved = FakeEdge(), FakeEdge()
    data = b"\n".join([GOOD] * 40 + [EXTRA, WIDE])
    stored = put(edge, data)
    landed = deliver(edge, stored)
    drifted = edge.publisher.facts(BronzeContractDrifted)[0]
    assert (landed.rows_quarantined, landed.rows_checked, drifted.rows_rescued) == (2, 40, 0)
    assert [line["code"] for line in edge.objects.lines(landed.quarantine_uri)] == ["unknown_field", "wrong_type"]
    assert drifted.drifts == finalize(evolved, data)[0].drifts
    assert drifted.policy == {"new_field": "quarantine", "widened_type": "quarantine"}


def test_a_file_that_drifted_whole_is_rejected_and_says_how() -> None:
    edge = FakeEdge()
    rejected = deliver(edge, put(edge, b"\n".join([EXTRA] * 3)))
    assert isinstance(rejected, BronzeObjectRejected)
    assert edge.publisher.facts(BronzeContractDrifted)[0].drifts[0]["rows"] == 3
    assert isinstance(finalize(FakeEdge(), b"\n".join([EXTRA] * 3))[1], BronzeObjectLanded)


def test_a_file_without_drift_states_none() -> None:
    assert [type(fact) for fact in finalize(FakeEdge(), GOOD + b"\n" + GOOD)] == [BronzeObjectLanded]


@pytest.mark.parametrize("call", ["run", "delete"])
def test_a_crash_does_not_lose_what_is_stated_of_drift(call: str) -> None:
    edge = FakeEdge()
    edge.documents.dies_before.append(call)
    data = b"\n".join([GOOD] * 40 + [EXTRA])
    stored = edge.objects.put(BRONZE, NAME, data)
    payload = Finalized(ref=stored.ref, size=stored.size, metadata={})
    with pytest.raises(CrashError):
        react(payload, cause(), edge, evolving)
    stated = len(edge.publisher.sent)
    react(payload, cause("finalize-2"), edge, evolving)
    drifted, landed = edge.publisher.facts()[stated:]
    assert isinstance(drifted, BronzeContractDrifted)
    assert {envelope.fact.id for envelope in edge.publisher.sent} == {drifted.id, landed.id}
    assert not [path for path in edge.documents.held if path.startswith("outbox/")]
    (file,) = (document for path, document in edge.documents.held.items() if path.startswith("files/"))
    assert file["drift"]["rows_rescued"] == 1


def test_a_second_finalize_states_the_same_drift_without_reading_the_file() -> None:
    edge = FakeEdge()
    stored = edge.objects.put(BRONZE, NAME, b"\n".join([GOOD] * 40 + [EXTRA]))
    payload = Finalized(ref=stored.ref, size=stored.size, metadata={})
    react(payload, cause(), edge, evolving)
    first = edge.publisher.facts()
    edge.objects.live.clear()
    react(payload, cause("finalize-2"), edge, evolving)
    assert edge.publisher.facts()[2:] == first


def export(*rows: dict[str, Any], evolves: bool = True) -> tuple[FakeEdge, SalesSliceExported]:
    edge = FakeEdge()
    for number, row in enumerate([*[an_order()] * 40, *rows]):
        name = f"o-{number:03}"
        edge.sales.orders[name] = row | {"order_id": name}
    stored = edge.objects.put("ripple-test-landing", "sales/b-1.json", json.dumps(manifest(edge)).encode())
    payload = Finalized(ref=stored.ref, size=stored.size, metadata={})
    export_sales.react(payload, cause(), edge, evolving if evolves else load_contract)
    return edge, edge.publisher.facts(SalesSliceExported)[0]


def rows_of(edge: FakeEdge, fact: SalesSliceExported) -> list[dict[str, Any]]:
    name = fact.uri.split("/", 3)[3]
    return list(pq.read_table(io.BytesIO(edge.objects.live[BRONZE, name][1])).to_pylist())


ITEM = {"sku": "a", "category": "b", "quantity": 1, "unit_price_cents": 1}


def test_a_document_that_drifted_lands_with_what_its_contract_does_not_foresee() -> None:
    edge, fact = export(
        an_order(coupon={"z": [1, None], "at": AT}, items=[ITEM, ITEM | {"gift": True}]),
        an_order(net_cents=990.0),
        an_order(net_cents=9.5),
    )
    *clean, coupon, whole, half = rows_of(edge, fact)
    assert (fact.rows, fact.rows_quarantined) == (43, 0)
    assert {row["_rescued"] for row in clean} == {None}
    assert coupon["_rescued"] == (
        '{"coupon":{"at":{"$timestamp":"2026-01-02T03:04:05.678000Z"},"z":[1,null]},"items":{"1":{"gift":true}}}'
    )
    assert coupon["items"] == [ITEM, ITEM]
    assert (whole["net_cents"], whole["_rescued"]) == (990, '{"net_cents":990.0}')
    assert (half["net_cents"], half["_rescued"]) == (None, '{"net_cents":9.5}')


def test_what_json_has_no_value_for_is_tagged() -> None:
    edge, fact = export(an_order(place=Unsupported("geo_point", (1.5, -2.5))), an_order(score=math.inf))
    assert fact.rows_quarantined == 0
    assert [row["_rescued"] for row in rows_of(edge, fact)[-2:]] == [
        '{"place":{"$geo_point":[1.5,-2.5]}}',
        '{"score":{"$double":"Infinity"}}',
    ]


def land_slice(edge: FakeEdge, fact: SalesSliceExported) -> list[Any]:
    bucket, name = BRONZE, fact.uri.split("/", 3)[3]
    stored = edge.objects.stat(bucket, name)
    stated = len(edge.publisher.sent)
    react(Finalized(ref=stored.ref, size=stored.size, metadata=stored.metadata), cause(), edge)
    return edge.publisher.facts()[stated:]


@pytest.mark.parametrize(("evolves", "quarantined"), [(True, 0), (False, 2)])
def test_landing_states_the_drift_that_the_export_met(evolves: bool, quarantined: int) -> None:
    edge, fact = export(an_order(coupon="X"), an_order(coupon="Y"), evolves=evolves)
    drifted, landed = land_slice(edge, fact)
    assert (landed.rows, landed.rows_quarantined, landed.rows_checked) == (42, quarantined, 42 - quarantined)
    assert drifted.drifts == ({"field": "coupon", "kind": "new_field", "seen": "string", "rows": 2, "first_line": 41},)
    assert (drifted.rows_drifted, drifted.rows_rescued) == (2, 2 - quarantined)
    assert drifted.uri == landed.uri


def test_an_export_without_drift_states_none() -> None:
    assert [type(stated) for stated in land_slice(*export())] == [BronzeObjectLanded]


def test_a_slice_of_before_the_rescued_column_still_lands() -> None:
    edge = FakeEdge()
    assert RESCUED.name not in sales_table(2).column_names
    assert isinstance(deliver(edge, put(edge, parquet_of(sales_table(2)), SALES)), BronzeObjectLanded)


def test_a_rescued_column_of_another_type_is_another_schema() -> None:
    edge = FakeEdge()
    table = sales_table(2).append_column(RESCUED.name, pa.array([1, 2]))
    assert deliver(edge, put(edge, parquet_of(table), SALES)).code == "schema_mismatch"


def test_a_footer_that_no_export_wrote_is_refused() -> None:
    edge = FakeEdge()
    table = sales_table(2).replace_schema_metadata({DRIFT_KEY: '{"values": ["someone@example.com"]}'})
    fact = deliver(edge, put(edge, parquet_of(table), SALES))
    assert fact.code == "metadata_malformed"
    assert "someone" not in fact.reason


def test_a_clean_click_and_order_have_no_drift_of_their_own() -> None:
    assert evolving("clickstream").find_violation(a_click()) is None
    assert arrow_schema(evolving("sales")) == arrow_schema(load_contract("sales"))

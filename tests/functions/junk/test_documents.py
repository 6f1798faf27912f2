"""Any document that Firestore can hold is in Parquet or in quarantine, whole, and the counts agree with the manifest."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.types import Value
from google.cloud.firestore_v1.vector import Vector
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.latlng_pb2 import LatLng
from hypothesis import given, settings
from hypothesis import strategies as st

import laptop.firestore.server
from laptop.tests.conftest import launch, servers
from ripple.gateways.sales import PAGE_BYTES, FirestoreSales, decode_value
from ripple.ports import BatchRange, SalesRange
from ripple.rows.tagged_json import Unsupported, write_tagged
from ripple.wire.events import SalesExportFinished
from tests.functions.fakes import FakeEdge, FakeSales
from tests.functions.junk.test_lines import STRINGS
from tests.functions.test_export_sales import deliver, manifest
from tests.ripple.rows.sample_rows import AT, an_order
from tests.ripple.rows.tagged_reader import read_tagged

__all__ = ["launch", "servers"]

NUMBERS = {"values": [{"double_value": 1.5}, {"double_value": -0.0}]}
VALUES: dict[str, Value] = {
    "a GeoPoint": Value(geo_point_value=LatLng(latitude=48.1, longitude=-11.5)),
    "a GeoPoint at the pole": Value(geo_point_value=LatLng(latitude=-90, longitude=180)),
    "a reference": Value(reference_value="projects/p/databases/(default)/documents/sales/o-1"),
    "bytes": Value(bytes_value=b"\x00\xff" * 100),
    "no bytes": Value(bytes_value=b""),
    "a vector": Value(map_value={"fields": {"__type__": {"string_value": "__vector__"}, "value": {"array_value": NUMBERS}}}),
    "an empty map": Value(map_value={}),
    "a map": Value(map_value={"fields": {"a": {"integer_value": 1}}}),
    "a map with a $ key": Value(map_value={"fields": {"$int": {"string_value": "1"}}}),
    "a map with two": Value(map_value={"fields": {"$int": {"string_value": "1"}, "b": {"null_value": None}}}),
    "maps in maps": Value(map_value={"fields": {"a": {"map_value": {"fields": {"b": {"map_value": {}}}}}}}),
    "an empty array": Value(array_value={}),
    "an array of maps": Value(array_value={"values": [{"map_value": {"fields": {"x": {"bytes_value": b"y"}}}}]}),
    "an array of everything": Value(array_value={"values": [{"null_value": None}, {"boolean_value": True}, {"double_value": 1.5}]}),
    "2**53": Value(integer_value=2**53),
    "2**53+1": Value(integer_value=2**53 + 1),
    "2**63-1": Value(integer_value=2**63 - 1),
    "-2**63": Value(integer_value=-(2**63)),
    "NaN": Value(double_value=math.nan),
    "infinity": Value(double_value=math.inf),
    "-infinity": Value(double_value=-math.inf),
    "-0.0": Value(double_value=-0.0),
    "the smallest double": Value(double_value=5e-324),
    "the largest double": Value(double_value=1.7976931348623157e308),
    "true": Value(boolean_value=True),
    "null": Value(null_value=None),
    "the year 1": Value(timestamp_value=Timestamp(seconds=-62135596800)),
    "the year 9999": Value(timestamp_value=Timestamp(seconds=253402300799, nanos=999999999)),
    "a text of 900 kB": Value(string_value="x" * 900_000),
    "an empty text": Value(string_value=""),
}  # fmt: skip


def same(left: Any, right: Any) -> bool:
    """Equal, with NaN equal to itself and -0.0 another than 0.0."""
    return repr(left) == repr(right) if isinstance(left, float) else bool(left == right) or repr(left) == repr(right)


@pytest.mark.parametrize("what", VALUES)
def test_a_value_of_any_kind_comes_back_from_its_tagged_json(what: str) -> None:
    value = decode_value(VALUES[what]._pb)
    text = write_tagged({"held": [value]})
    assert same(read_tagged(text)["held"][0], value)
    json.loads(text, parse_constant=pytest.fail)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
FOREIGN = st.one_of(
    st.datetimes(timezones=st.just(dt.UTC)),
    st.binary(max_size=20).map(lambda held: Unsupported("bytes", held)),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)).map(lambda held: Unsupported("geo_point", held)),
)
KEYS = TEXT | st.sampled_from(["$int", "$map", "$x"])
TAGGED = st.recursive(
    PLAIN | FOREIGN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(TAGGED)
def test_any_document_comes_back_from_its_tagged_json(value: Any) -> None:
    assert read_tagged(write_tagged(value)) == value


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every odd value in every field, and every nasty string where a text may be free."""
    for at, value in enumerate(VALUES.values()):
        for field in an_order():
            yield f"o-{at:02d}-{field}", an_order(order_id=f"o-{at:02d}-{field}") | {field: decode_value(value._pb)}
        yield f"x-{at:02d}", an_order(extra=decode_value(value._pb))
    for at, text in enumerate(STRINGS):
        yield f"s-{at:03d}", an_order(order_id=f"s-{at:03d}", batch_id=text)
        yield f"t-{at:03d}", an_order(order_id=f"t-{at:03d}", items=[an_order()["items"][0] | {"category": text}])
        yield f"u-{at:03d}", an_order(**({text: 1} if text else {"": 1}))


class EveryOrder(FakeSales):
    """Reads all its orders, whatever stands in their `batch_id`."""

    def _find(self, wanted: SalesRange) -> list[Any]:
        return sorted(self.orders.items())


def test_every_document_is_in_parquet_or_in_quarantine() -> None:
    held = dict(documents())
    edge = FakeEdge(sales=EveryOrder(orders=dict(held)))
    deliver(edge, manifest(edge))
    finished = edge.publisher.facts(SalesExportFinished)[0]
    (name,) = [name for bucket, name in edge.objects.live if bucket == "ripple-test-bronze"]
    table = pq.read_table(pa.BufferReader(edge.objects.live["ripple-test-bronze", name][1]))
    (bad_name,) = [name for bucket, name in edge.objects.live if bucket == "ripple-test-quarantine"]
    lines = edge.objects.live["ripple-test-quarantine", bad_name][1].splitlines()
    records = [read_tagged(json.loads(line)["raw"]) for line in lines]
    assert (finished.rows, finished.rows_quarantined) == (len(held), len(records))
    assert table.num_rows + len(records) == len(held)
    assert all(write_tagged(held[record["id"]]) == write_tagged(record["fields"]) for record in records)
    kept = held.keys() - {record["id"] for record in records}
    columns = ["order_id", "batch_id", "items"]
    expected = [{name: held[doc_id][name] for name in columns} for doc_id in kept]
    landed = table.sort_by("order_id").select(columns).to_pylist()
    assert landed == sorted(expected, key=itemgetter("order_id"))


def test_documents_as_the_official_client_writes_them_come_by_pages_that_fit(launch: Any) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", launch(laptop.firestore.server.start).address)
        client = firestore.Client(project="demo-proj")
    odd = {
        "geo": firestore.GeoPoint(1.5, -2.5), "ref": client.document("sales/o-1"), "raw": b"\x00\xff", "vector": Vector([1.0, 2.0]),
        "deep": {"a": {"b": [{"c": [1]}]}}, "nan": math.nan, "big": 2**62, "none": None, "at": AT,
    }  # fmt: skip
    client.collection("sales").document("o-odd").set(odd | {"batch_id": "b-1"})
    for number in range(45):
        client.collection("sales").document(f"o-{number:02d}").set({"batch_id": "b-1", "text": "x" * 1_000_000})
    pages = list(FirestoreSales(client).pages(BatchRange(collection="sales", batch_id="b-1"), 2000))
    sizes = [sum(len(row.get("text", "")) for _, row in page) for page in pages]
    assert [doc_id for page in pages for doc_id, _ in page] == [*(f"o-{number:02d}" for number in range(45)), "o-odd"]
    assert max(sizes) <= PAGE_BYTES + 1_000_000
    read = dict(pages[-1])["o-odd"]
    assert read["geo"] == Unsupported("geo_point", (1.5, -2.5))
    assert read["raw"] == Unsupported("bytes", b"\x00\xff")
    assert read["ref"].kind == "reference"
    assert read["vector"] == {"__type__": "__vector__", "value": [1.0, 2.0]}
    assert write_tagged(read_tagged(write_tagged(read))) == write_tagged(read)

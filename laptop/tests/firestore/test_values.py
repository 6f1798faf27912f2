"""What writes, transforms and aggregations make of values, and which names are names: cases of the pure modules."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from laptop.firestore.aggregation import aggregate
from laptop.firestore.committing import decide
from laptop.firestore.errors import FirestoreError
from laptop.firestore.messages import Aggregation, Document, Pb, StructuredQuery, Write, micros, timestamp
from laptop.firestore.nearest import rank_nearest
from laptop.firestore.ordering import key_of
from laptop.firestore.partitions import check_partitioned, split_names
from laptop.firestore.paths import DocumentKey, check_database, check_id, check_parent, database_of, parse_document
from laptop.firestore.plans import compile_query
from laptop.firestore.scanning import Row
from laptop.firestore.timeline import Timeline
from laptop.firestore.transforms import apply_transforms
from laptop.firestore.writes import apply_write, key_written
from laptop.tests.firestore.values import ROOT, load_cases, make_document, make_query, make_value

WRITES, PATHS = load_cases("write"), load_cases("path")
AT = int(dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC).timestamp()) * 1_000_000 + 678_901
_CHANGES = {"increment": "increment", "maximum": "maximum", "minimum": "minimum"}
_LISTS = {"append": "append_missing_elements", "remove": "remove_all_from_array"}


def make_transform(change: dict[str, Any]) -> Pb:
    found = Write(update_transforms=[{"field_path": "v"}]).update_transforms[0]
    for kind, operand in change.items():
        if kind == "server_time":
            found.set_to_server_value = operand
        elif kind in _LISTS:
            getattr(found, _LISTS[kind]).SetInParent()
            getattr(found, _LISTS[kind]).values.extend(map(make_value, operand))
        else:
            getattr(found, _CHANGES[kind]).CopyFrom(make_value(operand))
    return found


@pytest.mark.parametrize("case", load_cases("transform"), ids=str)
def test_a_transform_makes_of_a_field_what_it_says(case: dict[str, Any]) -> None:
    fields = make_document({"v": case["before"]} if "before" in case else {}).fields
    if "refused" in case:
        with pytest.raises(FirestoreError, match=case["refused"]):
            apply_transforms(fields, [make_transform(case["change"])], AT)
        return
    (result,) = apply_transforms(fields, [make_transform(case["change"])], AT)
    after = make_value(case["after"])
    assert (fields["v"].WhichOneof("value_type"), key_of(fields["v"])) == (
        after.WhichOneof("value_type"),
        key_of(after),
    )
    assert key_of(result) == key_of(make_value(case.get("result", case["after"])))


@pytest.mark.parametrize("case", load_cases("aggregation"), ids=str)
def test_counts_sums_and_averages(case: dict[str, Any]) -> None:
    documents = [make_document({} if value == "none" else {"v": value}) for value in case["values"]]
    field = {"field": {"field_path": "v"}}
    wanted = [Aggregation(count={}, alias="count"), Aggregation(sum=field, alias="sum"), Aggregation(avg=field)]
    found = aggregate(wanted, (Row(document.name, document.SerializeToString()) for document in documents))
    for alias, name in (("count", "count"), ("sum", "sum"), ("field_3", "avg")):
        after = make_value(case[name])
        assert found[alias].WhichOneof("value_type") == after.WhichOneof("value_type")
        is_whole = after.WhichOneof("value_type") != "double_value"
        assert key_of(found[alias]) == (key_of(after) if is_whole else pytest.approx(key_of(after), nan_ok=True))


def test_a_count_stops_where_it_may() -> None:
    rows = [Row(f"d/{number}", b"") for number in range(5)]
    assert aggregate([Aggregation(count={"up_to": {"value": 3}}, alias="n")], rows)["n"].integer_value == 3


@pytest.mark.parametrize(
    "wanted",
    [[], [Aggregation()], [Aggregation(count={}, alias="a"), Aggregation(count={}, alias="a")], [Aggregation(sum={})]],
    ids=["none", "without an operator", "two of one name", "of no field"],
)
def test_aggregations_that_cannot_be_are_refused(wanted: list[Pb]) -> None:
    with pytest.raises(FirestoreError):
        aggregate(wanted, [])


def make_write(case: dict[str, Any]) -> Pb:
    write = Write(delete=f"{ROOT}/d/x") if "delete" in case else Write(update=make_document(case["set"]))
    if "mask" in case:
        write.update_mask.SetInParent()
        write.update_mask.field_paths.extend(case["mask"])
    condition = case.get("if", {})
    if "exists" in condition:
        write.current_document.exists = condition["exists"]
    if "update_time" in condition:
        write.current_document.update_time.seconds = condition["update_time"]
    return write


def make_existing() -> tuple[bytes, int]:
    document = make_document(WRITES["existing"])
    document.create_time.seconds = document.update_time.seconds = 100
    return document.SerializeToString(), 100_000_000


@pytest.mark.parametrize("case", WRITES["cases"], ids=lambda case: case["name"])
def test_a_write_makes_of_a_document_what_it_says(case: dict[str, Any]) -> None:
    current = None if "missing" in case else make_existing()
    if "refused" in case:
        with pytest.raises(FirestoreError) as refusal:
            apply_write(make_write(case), current, 200_000_000)
        assert refusal.value.code.name == case["refused"]
        return
    written = apply_write(make_write(case), current, 200_000_000)
    if case["then"] == "none":
        assert written.data is None
        return
    document = Document.FromString(written.data)
    assert document.fields == make_document(case["then"]).fields
    assert document.create_time.seconds == (200 if current is None else 100)
    assert document.update_time.seconds == written.updated / 1_000_000 == (100 if case.get("unchanged") else 200)


def test_writes_of_one_commit_see_each_other() -> None:
    key = DocumentKey(f"{ROOT}/d", "x")
    writes = [
        make_write({"set": {"n": 1}, "if": {"exists": False}}),
        make_write({"delete": True, "if": {"exists": True}}),
    ]
    decided = decide(writes, {key: None}, 7, atomic=True)
    assert (decided.changes, len(decided.outcome.results)) == ([], 2)


def test_a_batch_writes_what_can_be_written() -> None:
    key = DocumentKey(f"{ROOT}/d", "x")
    writes = [make_write({"set": {"n": 1}, "if": {"exists": True}}), make_write({"set": {"n": 2}})]
    decided = decide(writes, {key: None}, 7, atomic=False)
    assert [status.code for status in decided.outcome.statuses] == [5, 0]
    (change,) = decided.changes
    assert (change.key, change.before, change.since) == (key, None, 0)
    assert Document.FromString(change.after or b"").fields["n"].integer_value == 2


def test_a_write_of_nothing_is_refused() -> None:
    with pytest.raises(FirestoreError, match="no operation"):
        key_written(Write())


@pytest.mark.parametrize("name", PATHS["documents"])
def test_a_document_has_a_collection_and_an_id(name: str) -> None:
    key = parse_document(f"{ROOT}/{name}")
    assert (key.name, key.id) == (f"{ROOT}/{name}", name.rpartition("/")[2])


@pytest.mark.parametrize("name", PATHS["no_documents"])
def test_what_is_no_name_of_a_document_is_refused(name: str) -> None:
    with pytest.raises(FirestoreError):
        parse_document(f"{ROOT}/{name}".rstrip() if name else ROOT)


@pytest.mark.parametrize("name", PATHS["elsewhere"])
def test_what_is_in_no_database_is_refused(name: str) -> None:
    with pytest.raises(FirestoreError):
        parse_document(name)


def test_collections_are_below_documents_and_the_root() -> None:
    for name in PATHS["parents"]:
        assert check_parent(f"{ROOT}/{name}".rstrip("/"))
    for name in PATHS["no_parents"]:
        with pytest.raises(FirestoreError):
            check_parent(f"{ROOT}/{name}")


def test_an_id_has_at_most_1500_bytes() -> None:
    check_id("é" * 750)
    with pytest.raises(FirestoreError, match="1500 bytes"):
        check_id("é" * 751)


def test_names_are_in_a_database() -> None:
    assert database_of(f"{ROOT}/a/b") == check_database("projects/p/databases/d")
    assert database_of("nowhere") == ""
    with pytest.raises(FirestoreError):
        check_database(ROOT)


@pytest.mark.parametrize("case", PATHS["partitions"], ids=str)
def test_names_are_split_evenly(case: dict[str, Any]) -> None:
    cursors = split_names([str(number) for number in range(case["names"])], case["count"])
    assert [int(cursor.values[0].reference_value) for cursor in cursors] == case["cursors"]
    assert all(cursor.before for cursor in cursors)


def test_only_a_whole_group_in_the_order_of_names_is_partitioned() -> None:
    for query in PATHS["whole_groups"]:
        check_partitioned(compile_query(ROOT, make_query(query)), 1)
    for query in PATHS["no_whole_groups"]:
        with pytest.raises(FirestoreError):
            check_partitioned(compile_query(ROOT, make_query(query)), 1)
    with pytest.raises(FirestoreError, match="must be positive"):
        check_partitioned(compile_query(ROOT, make_query(PATHS["whole_groups"][0])), 0)


def vectors() -> list[Pb]:
    places = {"a": [3.0, 4.0], "b": [0.0, 1.0], "c": [-3.0, -4.0], "d": [0.0, 0.0], "long": [1.0, 2.0, 3.0]}
    found = [make_document({"v": {"$vector": place}}, f"d/{name}") for name, place in places.items()]
    return [*found, make_document({}, "d/none"), make_document({"v": [0.0, 0.0]}, "d/list"), make_document({"v": 1})]


@pytest.mark.parametrize("case", load_cases("nearest"), ids=str)
def test_the_nearest_come_first(case: dict[str, Any]) -> None:
    search = StructuredQuery.FindNearest(
        vector_field={"field_path": "v"},
        query_vector=make_value({"$vector": case["to"]}),
        distance_measure=case["measure"],
        limit={"value": case["limit"]},
        distance_result_field="far.away",
    )
    if "threshold" in case:
        search.distance_threshold.value = case["threshold"]
    if "refused" in case:
        with pytest.raises(FirestoreError):
            list(rank_nearest(search, vectors()))
        return
    found = {
        one.name.rpartition("/")[2]: one.fields["far"].map_value.fields["away"]
        for one in rank_nearest(search, vectors())
    }
    assert list(found) == list(case["wanted"])
    assert [one.double_value for one in found.values()] == pytest.approx(list(case["wanted"].values()))


def test_times_only_rise_and_no_read_time_is_that_of_a_commit_under_way() -> None:
    now = [100.0]
    timeline = Timeline(lambda: now[0], 99_000_000)
    first = timeline.begin_commit()
    assert (first, timeline.read_time()) == (100_000_000, 99_999_999)
    timeline.end_commit()
    now[0] = 50.0
    assert timeline.read_time() == first
    assert timeline.begin_commit() == first + 1


def test_a_time_is_cut_to_microseconds() -> None:
    moment = timestamp(AT)
    moment.nanos += 999
    assert micros(moment) == AT
    assert math.isclose(moment.seconds + moment.nanos / 1e9, AT / 1e6)

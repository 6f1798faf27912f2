"""Queries, cursors, aggregation and partitions through Google's client."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter, Or
from google.cloud.firestore_v1.query import Query

CASES = yaml.safe_load(Path(__file__).with_name("query_cases.yaml").read_text())


@pytest.fixture(scope="module")
def numbers(client: firestore.Client) -> firestore.CollectionReference:
    found = client.collection("numbers")
    for i in range(10):
        tags = ["c"] if i % 2 else ["a", "b"]
        more = {"odd": None, "nan": float("nan")} if i == 9 else {}
        found.document(f"{i:02d}").set(
            {"i": i, "even": not i % 2, "third": i % 3, "tags": tags, "m": {"k": i // 2}, **more}
        )
    return found


def build(query: Any, case: dict[str, Any]) -> Query:
    for path, operator, value in case["where"]:
        query = query.where(filter=FieldFilter(path, operator, float("nan") if value == "NaN" else value))
    for name in case["order"]:
        query = query.order_by(name.lstrip("-"), direction="DESCENDING" if name[0] == "-" else "ASCENDING")
    for method in ("start_at", "start_after", "end_at", "end_before"):
        if method in case:
            query = getattr(query, method)({"i": case[method]})
    for method in ("limit", "limit_to_last", "offset"):
        query = getattr(query, method)(case[method]) if method in case else query
    return query


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_query_gives_what_it_asks_for(numbers: firestore.CollectionReference, case: dict[str, Any]) -> None:
    assert [document.get("i") for document in build(numbers, case).get()] == case["wanted"]


def test_either_of_two_filters_is_enough(numbers: firestore.CollectionReference) -> None:
    wanted = Or([FieldFilter("i", "==", 0), FieldFilter("i", ">", 7)])
    assert [document.get("i") for document in numbers.where(filter=wanted).order_by("i").stream()] == [0, 8, 9]


def test_values_of_all_types_have_one_order(client: firestore.Client) -> None:
    values = [None, False, True, float("nan"), -1, 0.5, 1, "", "a", "é", b"\x00", [1], [1, 2], {"a": 1}, {"b": 0}]
    mixed = client.collection("mixed")
    for number, value in enumerate(values):
        mixed.document(f"d{(number * 7) % 15:02d}").set({"v": value, "n": number})
    assert [document.get("n") for document in mixed.order_by("v").stream()] == list(range(len(values)))


def test_pages_by_cursor_meet_without_gap_or_overlap(numbers: firestore.CollectionReference) -> None:
    query, seen, last = numbers.order_by("third").limit(4), list[str](), None
    while page := list((query.start_after(last) if last else query).stream()):
        seen += [document.id for document in page]
        last = page[-1]
    assert sorted(seen) == [f"{i:02d}" for i in range(10)]
    assert len(seen) == 10


def test_only_the_selected_fields_come(numbers: firestore.CollectionReference) -> None:
    found = next(numbers.where(filter=FieldFilter("i", "==", 6)).select(["m.k"]).stream())
    assert found.to_dict() == {"m": {"k": 3}}


def test_a_collection_group_reads_every_collection_of_the_name(client: firestore.Client) -> None:
    for parent in ("shops/a", "shops/b", "yards/c"):
        client.document(f"{parent}/items/one").set({"of": parent})
    client.document("shops/a/others/one").set({"of": "no"})
    found = client.collection_group("items").order_by("of").stream()
    assert [document.get("of") for document in found] == ["shops/a", "shops/b", "yards/c"]
    assert sorted(collection.id for collection in client.document("shops/a").collections()) == ["items", "others"]


def test_counts_sums_and_averages(numbers: firestore.CollectionReference) -> None:
    some = numbers.where(filter=FieldFilter("i", ">", 5))
    answer = some.count(alias="n").sum("i", alias="s").avg("m.k", alias="a").avg("none", alias="z").get()[0]
    # The average of nothing is null; the client reports it as 0.
    assert {one.alias: one.value for one in answer} == {"n": 4, "s": 30, "a": 3.5, "z": 0}
    assert numbers.limit(3).count().get()[0][0].value == 3


def test_partitions_cover_a_collection_group_once(client: firestore.Client) -> None:
    batch = client.batch()
    for number in range(200):
        batch.set(client.document(f"leaves/{number:04d}"), {"n": number})
    batch.commit()
    partitions = list(client.collection_group("leaves").get_partitions(5))
    seen = [document.get("n") for part in partitions for document in part.query().stream()]
    assert len(partitions) >= 2
    assert sorted(seen) == list(range(200))
    ends = [part.end_at for part in partitions]
    assert all(left.id < right.id for left, right in pairwise(end for end in ends if end is not None))


def test_a_query_sees_one_moment_however_long_it_is_read(client: firestore.Client) -> None:
    moving = client.collection("moving")
    for number in range(400):
        moving.document(f"{number:04d}").set({"round": 0})
    rows = moving.stream()
    first = next(rows)
    for number in range(399, 390, -1):
        moving.document(f"{number:04d}").set({"round": 1})
    assert {document.get("round") for document in [first, *rows]} == {0}


def test_a_query_as_of_a_past_moment(client: firestore.Client) -> None:
    document = client.document("past/one")
    before = document.set({"v": 1}).update_time
    document.set({"v": 2})
    assert [found.get("v") for found in client.collection("past").get(read_time=before)] == [1]
    assert document.get().get("v") == 2


def test_a_query_that_cannot_be_is_refused(numbers: firestore.CollectionReference) -> None:
    with pytest.raises(InvalidArgument):
        list(numbers.where(filter=FieldFilter("i", "in", [])).stream())


def test_a_listener_receives_what_is_there_then_every_change(client: firestore.Client) -> None:
    watched = client.collection("watched")
    watched.document("a").set({"n": 1, "on": True})
    received, changed = list[list[tuple[str, str, int]]](), threading.Semaphore(0)

    def receive(_documents: Any, changes: Any, _time: Any) -> None:
        received.append([(change.type.name, change.document.id, change.document.get("n")) for change in changes])
        changed.release()

    watch = watched.where(filter=FieldFilter("on", "==", True)).on_snapshot(receive)
    try:
        steps = (
            lambda: None,
            lambda: watched.document("b").set({"n": 2, "on": True}),
            lambda: watched.document("a").update({"n": 3}),
            lambda: watched.document("b").update({"on": False}),
            lambda: watched.document("a").delete(),
        )
        for step in steps:
            step()
            assert changed.acquire(timeout=20)
    finally:
        watch.unsubscribe()
    wanted = (
        [("ADDED", "a", 1)],
        [("ADDED", "b", 2)],
        [("MODIFIED", "a", 3)],
        [("REMOVED", "b", 2)],
        [("REMOVED", "a", 3)],
    )
    assert received == [list(one) for one in wanted]


def test_a_listener_of_one_document_receives_its_coming_and_going(client: firestore.Client) -> None:
    document = client.document("solo/one")
    received, changed = list[Any](), threading.Semaphore(0)

    def receive(documents: Any, _changes: Any, _time: Any) -> None:
        received.append([found.to_dict() for found in documents])
        changed.release()

    watch = document.on_snapshot(receive)
    try:
        for step in (lambda: None, lambda: document.set({"v": 1}), document.delete):
            step()
            assert changed.acquire(timeout=20)
    finally:
        watch.unsubscribe()
    assert received == [[], [{"v": 1}], []]

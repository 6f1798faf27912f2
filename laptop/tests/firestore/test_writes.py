"""Writes: preconditions, masks, transforms, batches and bulk writers through Google's client."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from google.cloud import firestore
from google.cloud.firestore_v1.bulk_writer import BulkWriterOptions

MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)
ALL = {
    "text": "São Luís ü",
    "moment": MOMENT,
    "whole": 2**62,
    "part": 1.5,
    "nothing": None,
    "yes": True,
    "bytes": b"\x00\xff",
    "place": firestore.GeoPoint(-3.7, -38.5),
    "nested": {"a": {"b": {"c": [1, "x", {"d": 2}]}}, "tax.rate": 0.1},
    "empty": {},
    "none": [],
}


def test_every_type_comes_back_as_it_went(client: firestore.Client) -> None:
    document = client.document("types/all")
    document.set(ALL | {"other": client.document("types/else")})
    assert document.get().to_dict() == ALL | {"other": client.document("types/else")}


def test_preconditions_refuse_what_they_exclude(client: firestore.Client) -> None:
    document = client.document("conditions/one")
    with pytest.raises(NotFound):
        document.update({"n": 1})
    first = document.create({"n": 1})
    with pytest.raises(AlreadyExists):
        document.create({"n": 2})
    document.set({"n": 2})
    stale = client.write_option(last_update_time=first.update_time)
    with pytest.raises(FailedPrecondition):
        document.update({"n": 3}, option=stale)
    with pytest.raises(FailedPrecondition):
        document.delete(option=stale)
    fresh = client.write_option(last_update_time=document.get().update_time)
    document.update({"n": 3}, option=fresh)
    assert document.get().to_dict() == {"n": 3}


def test_a_deletion_may_insist_that_there_is_something(client: firestore.Client) -> None:
    document = client.document("conditions/none")
    document.delete()
    with pytest.raises(NotFound):
        document.delete(option=client.write_option(exists=True))


def test_times_say_when_a_document_was_made_and_changed_and_an_equal_write_changes_nothing(
    client: firestore.Client,
) -> None:
    document = client.document("times/one")
    document.set({"n": 1})
    first = document.get()
    document.set({"n": 1})
    again = document.get()
    document.set({"n": 2})
    last = document.get()
    assert first.create_time == again.create_time == last.create_time
    assert first.update_time == again.update_time < last.update_time


def test_merge_and_update_touch_only_what_they_name(client: firestore.Client) -> None:
    document = client.document("merges/one")
    document.set({"a": {"x": 1, "y": 2}, "b": 1, "c": 1})
    document.set({"a": {"y": 3, "z": 4}}, merge=True)
    document.set({"b": 2, "c": 9}, merge=["b"])
    document.update({"a.x": 7, "c": firestore.DELETE_FIELD})
    assert document.get().to_dict() == {"a": {"x": 7, "y": 3, "z": 4}, "b": 2}


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (1, firestore.Increment(2), 3),
        (1, firestore.Increment(0.5), 1.5),
        ("text", firestore.Increment(2), 2),
        (2**63 - 1, firestore.Increment(1), 2**63 - 1),
        (5, firestore.Maximum(3), 5),
        (5, firestore.Maximum(7), 7),
        (5, firestore.Minimum(3), 3),
        ([1, 2], firestore.ArrayUnion([2, 3, 3]), [1, 2, 3]),
        ([1, 2, 1], firestore.ArrayRemove([1]), [2]),
        ("text", firestore.ArrayUnion([1]), [1]),
    ],
)
def test_a_transform_makes_of_a_field_what_it_says(
    client: firestore.Client, before: Any, change: Any, after: Any
) -> None:
    document = client.document("transforms/one")
    document.set({"v": before, "kept": 1})
    document.update({"v": change})
    assert document.get().to_dict() == {"v": after, "kept": 1}


def test_a_server_timestamp_is_the_time_of_the_commit(client: firestore.Client) -> None:
    document = client.document("transforms/time")
    document.set({"at": firestore.SERVER_TIMESTAMP})
    found = document.get()
    assert found.get("at") == found.update_time


def test_a_batch_is_all_or_nothing_and_sees_its_own_writes(client: firestore.Client) -> None:
    good, bad = client.document("batches/good"), client.document("batches/bad")
    batch = client.batch()
    batch.set(good, {"n": 1})
    batch.update(bad, {"n": 1})
    with pytest.raises(NotFound):
        batch.commit()
    assert not good.get().exists
    batch = client.batch()
    batch.create(bad, {"n": 1})
    batch.update(bad, {"n": firestore.Increment(1)})
    batch.commit()
    assert bad.get().to_dict() == {"n": 2}


def test_a_bulk_writer_writes_each_alone_and_reports_those_that_failed(client: firestore.Client) -> None:
    bulk = client.bulk_writer(BulkWriterOptions(initial_ops_per_second=50_000, max_ops_per_second=50_000))
    failed: list[str] = []
    bulk.on_write_error(lambda failure, _bulk: bool(failed.append(failure.operation.reference.id)))
    client.document("bulk/0007").set({"n": -1})
    for number in range(300):
        bulk.create(client.document(f"bulk/{number:04d}"), {"n": number})
    bulk.close()
    assert failed == ["0007"]
    found = {document.id: document.get("n") for document in client.collection("bulk").stream()}
    assert found == {f"{number:04d}": -1 if number == 7 else number for number in range(300)}


def test_many_documents_are_read_at_once_and_missing_ones_are_reported(client: firestore.Client) -> None:
    client.document("many/a").set({"n": 1})
    found = {one.id: one.to_dict() for one in client.get_all([client.document("many/a"), client.document("many/b")])}
    assert found == {"a": {"n": 1}, "b": None}


def test_a_document_over_a_mebibyte_is_refused(client: firestore.Client) -> None:
    with pytest.raises(InvalidArgument):
        client.document("large/one").set({"v": "x" * (1200 * 1024)})


def test_recursive_deletion_leaves_nothing_below(client: firestore.Client) -> None:
    for name in ("tree/a", "tree/a/b/c", "tree/a/b/c/d/e"):
        client.document(name).set({"v": 1})
    client.recursive_delete(client.document("tree/a"))
    assert not client.document("tree/a/b/c/d/e").get().exists
    assert list(client.collection("tree").stream()) == []

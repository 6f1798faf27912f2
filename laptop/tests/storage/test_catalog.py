"""What is known of buckets, objects, uploads and notifications."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from laptop.http import ApiError
from laptop.storage.catalog import ObjectCatalog


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[ObjectCatalog]:
    opened = ObjectCatalog(tmp_path)
    opened.put_bucket({"name": "lake"})
    yield opened
    opened.close()


def add(catalog: ObjectCatalog, name: str, generation: int, content: str = "c", **more: Any) -> None:
    body = {"bucket": "lake", "name": name, "generation": str(generation), **more}
    catalog.put_object(body, content)


def found(catalog: ObjectCatalog, start: str = "", *, versions: bool = False) -> list[tuple[str, str]]:
    return [(each["name"], each["generation"]) for each in catalog.objects("lake", start, versions=versions)]


def test_the_live_generation_is_found_and_others_by_their_number(catalog: ObjectCatalog) -> None:
    add(catalog, "x", 1, "old", timeDeleted="t")
    add(catalog, "x", 2, "new")
    live, content = catalog.object("lake", "x") or ({}, "")
    assert (live["generation"], content) == ("2", "new")
    assert (catalog.object("lake", "x", 1) or ({}, ""))[1] == "old"
    assert catalog.object("lake", "x", 3) is None
    assert catalog.object("lake", "y") is None


def test_objects_are_listed_by_name_then_generation(catalog: ObjectCatalog) -> None:
    add(catalog, "b", 3)
    add(catalog, "a", 2)
    add(catalog, "a", 1, timeDeleted="t")
    add(catalog, "Z", 4)
    assert found(catalog) == [("Z", "4"), ("a", "2"), ("b", "3")]
    assert found(catalog, versions=True) == [("Z", "4"), ("a", "1"), ("a", "2"), ("b", "3")]
    assert found(catalog, "a") == [("a", "2"), ("b", "3")]


def test_names_are_ordered_by_their_utf8(catalog: ObjectCatalog) -> None:
    for number, name in enumerate(["é", "z", "ﬀ", "😀", "a"]):
        add(catalog, name, number + 1)
    assert [name for name, _ in found(catalog)] == sorted(["é", "z", "ﬀ", "😀", "a"], key=str.encode)


def test_a_content_is_in_use_while_any_generation_has_it(catalog: ObjectCatalog) -> None:
    add(catalog, "x", 1, "shared")
    add(catalog, "y", 2, "shared")
    catalog.drop_object("lake", "x", 1)
    assert catalog.uses_content("shared")
    catalog.drop_object("lake", "y", 2)
    assert not catalog.uses_content("shared")
    assert catalog.contents() == set()


def test_a_change_that_fails_leaves_nothing(catalog: ObjectCatalog) -> None:
    def change() -> None:
        with catalog.change():
            add(catalog, "x", 1)
            catalog.queue_message("t", {"data": ""})
            raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        change()
    assert (found(catalog), catalog.queued_messages(10)) == ([], [])


def test_a_bucket_is_empty_only_without_older_generations(catalog: ObjectCatalog) -> None:
    assert catalog.is_empty("lake")
    add(catalog, "x", 1, timeDeleted="t")
    assert not catalog.is_empty("lake")


def test_a_bucket_that_is_not_there_is_not_found(catalog: ObjectCatalog) -> None:
    with pytest.raises(ApiError, match="does not exist") as caught:
        catalog.require_bucket("none")
    assert caught.value.code == 404


def test_a_deleted_bucket_takes_its_notifications_with_it(catalog: ObjectCatalog) -> None:
    catalog.add_notification("lake", {"topic": "t"})
    catalog.delete_bucket("lake")
    assert (catalog.bucket("lake"), catalog.notifications("lake")) == (None, [])


def test_notifications_are_numbered_by_bucket(catalog: ObjectCatalog) -> None:
    ids = [catalog.add_notification(bucket, {"topic": "t"})["id"] for bucket in ("lake", "lake", "pond")]
    assert ids == ["1", "2", "1"]
    catalog.drop_notification("lake", "1")
    assert [each["id"] for each in catalog.notifications("lake")] == ["2"]


def test_messages_leave_the_queue_in_order(catalog: ObjectCatalog) -> None:
    for number in range(3):
        catalog.queue_message("t", {"n": number})
    first = catalog.queued_messages(2)
    assert [body["n"] for _, _, body in first] == [0, 1]
    catalog.drop_message(first[0][0])
    assert [body["n"] for _, _, body in catalog.queued_messages(10)] == [1, 2]


def test_finished_sessions_are_forgotten_after_their_time(catalog: ObjectCatalog) -> None:
    catalog.put_upload("open", {"bucket": "lake"})
    catalog.put_upload("old", {"finished": {"updated": "2024-01-01T00:00:00.000Z"}})
    catalog.put_upload("new", {"finished": {"updated": "2024-01-03T00:00:00.000Z"}})
    assert catalog.open_uploads() == {"open"}
    catalog.forget_finished_uploads("2024-01-02T00:00:00.000Z")
    assert [catalog.upload(name) is None for name in ("open", "old", "new")] == [False, True, False]

"""Documents in SQLite: what was there at which time, in which order, and what is left after a failure or a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.firestore.paths import DocumentKey
from laptop.firestore.store import DocumentChange, DocumentDatabase, IdRange

HOME = "projects/p/databases/d/documents/c"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DocumentDatabase]:
    opened = DocumentDatabase(tmp_path)
    yield opened
    opened.close()


def put(store: DocumentDatabase, time: int, **contents: str | None) -> None:
    """Documents by id with their bytes; None deletes."""
    keys = [DocumentKey(HOME, name) for name in contents]
    before = store.current(keys)
    changes = [
        DocumentChange(key, *(before.get(key) or (None, 0)), after=None if text is None else text.encode())
        for key, text in zip(keys, contents.values(), strict=True)
    ]
    store.write(changes, time)


def read(store: DocumentDatabase, time: int, *names: str) -> list[bytes | None]:
    return list(store.read([DocumentKey(HOME, name) for name in names], time))


def scan(store: DocumentDatabase, ids: IdRange, time: int = 99) -> list[str]:
    return [name for name, _ in store.scan(HOME, ids, time)]


def test_a_document_is_read_as_it_was(store: DocumentDatabase) -> None:
    put(store, 10, a="one")
    put(store, 20, a="two")
    put(store, 30, a=None)
    put(store, 40, a="four")
    assert [read(store, time, "a") for time in (9, 10, 19, 20, 29, 30, 39, 40)] == [
        [None], [b"one"], [b"one"], [b"two"], [b"two"], [None], [None], [b"four"],
    ]  # fmt: skip


def test_a_scan_sees_one_time_and_the_order_of_ids(store: DocumentDatabase) -> None:
    put(store, 10, a="1", b="1", d="1")
    put(store, 20, b="2", c="2", d=None)
    assert scan(store, IdRange(), 10) == ["a", "b", "d"]
    assert scan(store, IdRange(), 20) == ["a", "b", "c"]
    assert scan(store, IdRange(descending=True), 20) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        (IdRange(low="b"), "bcd"),
        (IdRange(high="b"), "ab"),
        (IdRange(low="b", high="c"), "bc"),
        (IdRange(low="b", high="c", descending=True), "cb"),
        (IdRange(low="bb", high="bz"), ""),
    ],
)
def test_a_range_holds_both_its_ends(store: DocumentDatabase, ids: IdRange, wanted: str) -> None:
    put(store, 10, a="1", b="1", c="1", d="1")
    assert "".join(scan(store, ids)) == wanted


def test_what_was_replaced_long_ago_is_forgotten(store: DocumentDatabase) -> None:
    put(store, 10, a="one")
    put(store, 20, a="two")
    put(store, 30, a="three")
    store.prune(25)
    assert [read(store, time, "a") for time in (15, 25, 35)] == [[None], [b"two"], [b"three"]]


def test_a_write_that_fails_leaves_nothing(store: DocumentDatabase) -> None:
    put(store, 10, a="one")
    wrong = DocumentChange(DocumentKey("other", "x"), None, 0, b"no bytes are worse: None in a row that takes none")
    with pytest.raises(sqlite3.Error):
        store.write([wrong, DocumentChange(DocumentKey(HOME, None), None, 0, b"")], 20)
    assert store.last_commit() == 10
    assert store.collections() == [HOME]
    put(store, 30, b="two")
    assert read(store, 30, "a", "b") == [b"one", b"two"]


def test_all_is_there_after_a_restart(store: DocumentDatabase, tmp_path: Path) -> None:
    put(store, 10, a="one")
    put(store, 20, a="two")
    store.save_mode("projects/p/databases/d", 1)
    store.close()
    again = DocumentDatabase(tmp_path)
    assert (again.last_commit(), again.collections()) == (20, [HOME])
    assert [read(again, time, "a") for time in (10, 20)] == [[b"one"], [b"two"]]
    assert again.load_modes() == {"projects/p/databases/d": 1}
    again.close()

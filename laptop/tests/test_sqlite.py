"""SQLite as the servers use it, and background work that outlives a disk's refusals."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from laptop.files import write_whole
from laptop.loops import keep_on, persist
from laptop.sqlite import open_database, transaction
from laptop.storage.blobs import Blobs


@pytest.mark.parametrize(("fsync", "level"), [(False, 1), (True, 2)])
def test_fsync_decides_what_a_commit_waits_for(tmp_path: Path, fsync: bool, level: int) -> None:
    database = open_database(tmp_path / "db", fsync=fsync)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (level,)


def test_a_transaction_is_all_or_nothing_and_the_next_one_can_begin(tmp_path: Path) -> None:
    database = open_database(tmp_path / "db", fsync=False)
    database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, CHECK (n > 0))")
    with transaction(database):
        database.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError), transaction(database):
        database.executemany("INSERT INTO t VALUES (?)", [(2,), (0,)])
    assert database.execute("SELECT n FROM t").fetchall() == [(1,)]
    assert not database.in_transaction


def test_a_commit_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    """A deferred constraint fails in COMMIT itself, as a full disk does."""
    database = open_database(tmp_path / "db", fsync=False)
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("CREATE TABLE p (n INTEGER PRIMARY KEY)")
    database.execute("CREATE TABLE c (n REFERENCES p (n) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), transaction(database):
        database.execute("INSERT INTO c VALUES (7)")
    with transaction(database):
        database.execute("INSERT INTO p VALUES (7)")
    assert database.execute("SELECT count(*) FROM c").fetchone() == (0,)


def test_background_work_goes_on_after_the_disk_refused_but_not_after_a_mistake() -> None:
    outcomes: list[Exception | str] = [OSError(28, "full"), sqlite3.OperationalError("disk I/O error"), "done"]

    def work() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert asyncio.run(persist(work)) == "done"

    async def mistaken() -> None:
        raise KeyError("a mistake")

    with pytest.raises(KeyError):
        asyncio.run(keep_on(mistaken))


def test_a_small_file_is_replaced_whole_and_readable_by_whom_it_should(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_whole(file, "old")
    write_whole(file, b"new", mode=0o600)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("fsync", [False, True])
def test_contents_are_the_same_with_and_without_fsync(tmp_path: Path, fsync: bool) -> None:
    blobs = Blobs(tmp_path, fsync=fsync)
    made = blobs.write([b"one", b"two"])
    assert b"".join(blobs.read(made.id, 0, made.size)) == b"onetwo"
    blobs.reopen(made.id)
    draft = blobs.draft(made.id)
    draft.append(b"three")
    again = draft.finish()
    assert (again.size, b"".join(blobs.read(again.id, 3, 11))) == (11, b"twothree")

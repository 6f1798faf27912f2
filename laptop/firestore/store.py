"""Documents in SQLite: one row each, keyed as they are ordered, and what they were for a few minutes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from laptop.firestore.paths import DocumentKey
from laptop.sqlite import open_database, transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS documents (
  collection INTEGER NOT NULL, id TEXT NOT NULL, updated INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (collection, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
  collection INTEGER NOT NULL, id TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (collection, id, until)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_by_age ON versions (until);
CREATE TABLE IF NOT EXISTS last_commit (only INTEGER PRIMARY KEY CHECK (only = 0), micros INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS modes (database TEXT PRIMARY KEY, mode INTEGER NOT NULL);
INSERT OR IGNORE INTO last_commit VALUES (0, 0);
"""
_SCAN = """
SELECT id, data FROM documents WHERE collection = :collection AND id >= :low {until} AND updated <= :time
UNION ALL
SELECT id, data FROM versions WHERE collection = :collection AND id >= :low {until} AND since <= :time AND until > :time
ORDER BY id {direction}
"""
_READ = """
SELECT data FROM documents WHERE collection = :collection AND id = :id AND updated <= :time
UNION ALL
SELECT data FROM versions WHERE collection = :collection AND id = :id AND since <= :time AND until > :time
"""


class DocumentChange(NamedTuple):
    """One document before and after a commit, serialized (None: not there); `since` is when `before` was written."""

    key: DocumentKey
    before: bytes | None
    since: int
    after: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRange:
    """Ids from `low` to `high`, both included; `high` None is open."""

    low: str = ""
    high: str | None = None
    descending: bool = False


class DocumentDatabase:
    """One writing connection for one thread, and a pool of reading ones."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._path, self._fsync = folder / "firestore.db", fsync
        self._db = self._connect()
        self._db.executescript(_SCHEMA)
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._numbers = self._load_collections()

    def last_commit(self) -> int:
        """Microseconds of the newest commit."""
        return int(self._db.execute("SELECT micros FROM last_commit").fetchone()[0])

    def collections(self) -> list[str]:
        """The full paths of all collections that ever held a document."""
        return list(self._numbers)

    def current(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, tuple[bytes, int]]:
        """The newest (data, update time) of those documents that exist. For the writing thread."""
        found = {}
        for key in keys:
            number = self._numbers.get(key.collection)
            row = self._db.execute(
                "SELECT data, updated FROM documents WHERE collection = ? AND id = ?", (number, key.id)
            ).fetchone()
            if row:
                found[key] = row
        return found

    def write(self, changes: list[DocumentChange], time: int) -> None:
        """All changes or none, on disk when this returns as far as `fsync` says."""
        try:
            with transaction(self._db):
                numbers = {path: self._number(path) for path in {change.key.collection for change in changes}}
                self._keep_versions(changes, numbers, time)
                self._replace(changes, numbers, time)
                self._db.execute("UPDATE last_commit SET micros = ?", (time,))
        except BaseException:
            self._numbers = self._load_collections()
            raise

    def read(self, keys: Iterable[DocumentKey], time: int) -> Iterator[bytes | None]:
        """Each document as it was at `time`."""
        with self._reading() as db:
            for key in keys:
                where = {"collection": self._numbers.get(key.collection), "id": key.id, "time": time}
                row = db.execute(_READ, where).fetchone()
                yield row[0] if row else None

    def scan(self, collection: str, ids: IdRange, time: int) -> Iterator[tuple[str, bytes]]:
        """(id, data) in the order of ids, as of `time`; reads only as far as it is consumed."""
        until = "" if ids.high is None else "AND id <= :high"
        statement = _SCAN.format(until=until, direction="DESC" if ids.descending else "ASC")
        where = {"collection": self._numbers.get(collection), "low": ids.low, "high": ids.high, "time": time}
        with self._reading() as db:
            yield from db.execute(statement, where)

    def load_modes(self) -> dict[str, int]:
        """The ConcurrencyMode of each database that has said one."""
        return dict(self._db.execute("SELECT database, mode FROM modes").fetchall())

    def save_mode(self, database: str, mode: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO modes VALUES (?, ?)", (database, mode))

    def prune(self, before: int) -> None:
        """Forget versions that were replaced before this time."""
        self._db.execute("DELETE FROM versions WHERE until < ?", (before,))

    def close(self) -> None:
        while not self._readers.empty():
            self._readers.get_nowait().close()
        self._db.close()

    def _keep_versions(self, changes: list[DocumentChange], numbers: dict[str, int], time: int) -> None:
        rows = [(numbers[c.key.collection], c.key.id, c.since, time, c.before) for c in changes if c.before is not None]
        self._db.executemany("INSERT INTO versions VALUES (?, ?, ?, ?, ?)", rows)

    def _replace(self, changes: list[DocumentChange], numbers: dict[str, int], time: int) -> None:
        kept = [(numbers[c.key.collection], c.key.id, time, c.after) for c in changes if c.after is not None]
        gone = [(numbers[c.key.collection], c.key.id) for c in changes if c.after is None]
        self._db.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", kept)
        self._db.executemany("DELETE FROM documents WHERE collection = ? AND id = ?", gone)

    def _number(self, path: str) -> int:
        if path not in self._numbers:
            cursor = self._db.execute("INSERT INTO collections (path) VALUES (?)", (path,))
            self._numbers[path] = int(cursor.lastrowid or 0)
        return self._numbers[path]

    def _load_collections(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT path, number FROM collections").fetchall())

    def _connect(self) -> sqlite3.Connection:
        return open_database(self._path, fsync=self._fsync)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._readers.get_nowait()
        except Empty:
            db = self._connect()
        try:
            yield db
        finally:
            self._readers.put(db)

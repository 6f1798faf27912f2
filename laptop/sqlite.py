"""SQLite as every server uses it: a write-ahead log, whole transactions, and as much flushing as was asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_database(path: Path, *, fsync: bool) -> sqlite3.Connection:
    """A connection in autocommit mode, for any thread.

    What is committed survives the death of the process, and the file is whole after that of the machine; with `fsync` the
    commit itself survives that too, at the price of one flush to the disk each.
    """
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(f"PRAGMA synchronous={'FULL' if fsync else 'NORMAL'}")
    return database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Must hold no await: a connection has one transaction."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back already, or failed the commit alone and left the transaction open.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise

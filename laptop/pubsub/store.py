"""What must survive a kill: topics, subscriptions, messages, and how far each delivery came. SQLite, write-ahead."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from laptop.sqlite import open_database, transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (kind TEXT, name TEXT, body BLOB, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, body BLOB, published REAL);
CREATE INDEX IF NOT EXISTS messages_by_topic ON messages (topic, published);
CREATE TABLE IF NOT EXISTS deliveries (subscription TEXT, message INTEGER, acked INTEGER DEFAULT 0, attempts INTEGER DEFAULT 0,
  PRIMARY KEY (subscription, message)) WITHOUT ROWID;
"""


class MessageStore:
    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._db = open_database(folder / "pubsub.sqlite", fsync=fsync)
        self._db.executescript(_SCHEMA)

    def change(self) -> AbstractContextManager[None]:
        """All or nothing; holds no await."""
        return transaction(self._db)

    def resources(self, kind: str) -> list[bytes]:
        return [row[0] for row in self._db.execute("SELECT body FROM resources WHERE kind = ? ORDER BY name", (kind,))]

    def put_resource(self, kind: str, name: str, body: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO resources VALUES (?, ?, ?)", (kind, name, body))

    def delete_resource(self, kind: str, name: str) -> None:
        self._db.execute("DELETE FROM resources WHERE kind = ? AND name = ?", (kind, name))

    def next_message_id(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").fetchone()
        return int(row[0]) + 1 if row else 1

    def add_message(self, number: int, topic: str, body: bytes, published: float) -> None:
        self._db.execute("INSERT INTO messages VALUES (?, ?, ?, ?)", (number, topic, body, published))

    def message(self, number: int) -> bytes:
        body: bytes = self._db.execute("SELECT body FROM messages WHERE id = ?", (number,)).fetchone()[0]
        return body

    def messages_of(self, topic: str, since: float) -> list[tuple[int, bytes, float]]:
        rows = self._db.execute(
            "SELECT id, body, published FROM messages WHERE topic = ? AND published >= ? ORDER BY id", (topic, since)
        )
        return list(rows)

    def messages_from(self, topic: str, number: int) -> list[tuple[int, bytes]]:
        """Those that were published from that id on."""
        rows = self._db.execute(
            "SELECT id, body FROM messages WHERE topic = ? AND id >= ? ORDER BY id", (topic, number)
        )
        return list(rows)

    def add_delivery(self, subscription: str, number: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO deliveries (subscription, message) VALUES (?, ?)", (subscription, number)
        )

    def deliveries(self, subscription: str, *, acked: bool) -> list[tuple[int, int, bytes, float]]:
        """`(message, attempts, body, published)` in order of publishing."""
        rows = self._db.execute(
            "SELECT d.message, d.attempts, m.body, m.published FROM deliveries d JOIN messages m ON m.id = d.message "
            "WHERE d.subscription = ? AND d.acked = ? ORDER BY d.message",
            (subscription, int(acked)),
        )
        return list(rows)

    def mark_acked(self, subscription: str, numbers: Iterable[int], *, keep: bool) -> None:
        """Acknowledged: kept for a seek where the subscription retains, else forgotten."""
        if keep:
            statement = "UPDATE deliveries SET acked = 1 WHERE subscription = ? AND message = ?"
        else:
            statement = "DELETE FROM deliveries WHERE subscription = ? AND message = ?"
        with self.change():
            self._db.executemany(statement, [(subscription, number) for number in numbers])

    def mark_attempt(self, subscription: str, number: int, attempts: int) -> None:
        self._db.execute(
            "UPDATE deliveries SET attempts = ? WHERE subscription = ? AND message = ?",
            (attempts, subscription, number),
        )

    def set_acked_all(self, subscription: str, numbers: Iterable[int], acked: bool) -> None:
        self._db.executemany(
            "INSERT INTO deliveries (subscription, message, acked) VALUES (?, ?, ?) "
            "ON CONFLICT (subscription, message) DO UPDATE SET acked = excluded.acked",
            [(subscription, number, int(acked)) for number in numbers],
        )

    def drop_deliveries(self, subscription: str) -> None:
        self._db.execute("DELETE FROM deliveries WHERE subscription = ?", (subscription,))

    def prune(self, before: float) -> None:
        """Forget messages older than any retention."""
        self._db.execute(
            "DELETE FROM deliveries WHERE message IN (SELECT id FROM messages WHERE published < ?)", (before,)
        )
        self._db.execute("DELETE FROM messages WHERE published < ?", (before,))

    def close(self) -> None:
        self._db.close()

"""What the server knows of buckets, objects, uploads and notifications: SQLite, one transaction a change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from laptop.http import ApiError
from laptop.sqlite import open_database, transaction

Record = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, body TEXT);
CREATE TABLE IF NOT EXISTS objects (bucket TEXT, name TEXT, generation INTEGER, live INTEGER, content TEXT, body TEXT,
  PRIMARY KEY (bucket, name, generation));
CREATE INDEX IF NOT EXISTS live_objects ON objects (bucket, name) WHERE live = 1;
CREATE INDEX IF NOT EXISTS used_contents ON objects (content);
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, body TEXT);
CREATE TABLE IF NOT EXISTS notifications (bucket TEXT, id INTEGER, body TEXT, PRIMARY KEY (bucket, id));
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, body TEXT);
"""


class ObjectCatalog:
    """Every method is one statement or, within `change()`, part of one transaction."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._path = folder / "storage.sqlite"
        self._db = open_database(self._path, fsync=fsync)
        self._db.executescript(_SCHEMA)

    def change(self) -> AbstractContextManager[None]:
        """All or nothing; must hold no await, since the loop has one connection."""
        return transaction(self._db)

    def bucket(self, name: str) -> Record | None:
        return self._one("SELECT body FROM buckets WHERE name = ?", name)

    def require_bucket(self, name: str) -> Record:
        """The bucket's resource; 404 if there is none."""
        found = self.bucket(name)
        if found is None:
            raise ApiError(404, "The specified bucket does not exist.")
        return found

    def is_empty(self, bucket: str) -> bool:
        return self._db.execute("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", (bucket,)).fetchone() is None

    def buckets(self) -> list[Record]:
        return [json.loads(row[0]) for row in self._db.execute("SELECT body FROM buckets ORDER BY name")]

    def put_bucket(self, body: Record) -> None:
        self._db.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?)", (body["name"], json.dumps(body)))

    def delete_bucket(self, name: str) -> None:
        self._db.execute("DELETE FROM buckets WHERE name = ?", (name,))
        self._db.execute("DELETE FROM notifications WHERE bucket = ?", (name,))

    def object(self, bucket: str, name: str, generation: int | None = None) -> tuple[Record, str] | None:
        """`(resource, content id)` of a generation, or of the live one."""
        if generation is None:
            found = self._db.execute(
                "SELECT body, content FROM objects WHERE bucket = ? AND name = ? AND live = 1", (bucket, name)
            ).fetchone()
        else:
            found = self._db.execute(
                "SELECT body, content FROM objects WHERE bucket = ? AND name = ? AND generation = ?",
                (bucket, name, generation),
            ).fetchone()
        return (json.loads(found[0]), found[1]) if found else None

    def objects(self, bucket: str, start: str, *, versions: bool) -> Iterator[Record]:
        """Resources in name order from `start` on, by a connection of its own: a listing runs in a thread."""
        live = "" if versions else "AND live = 1"
        statement = f"SELECT body FROM objects WHERE bucket = ? AND name >= ? {live} ORDER BY name, generation"
        with closing(sqlite3.connect(self._path)) as db:
            for row in db.execute(statement, (bucket, start)):
                yield json.loads(row[0])

    def put_object(self, body: Record, content: str) -> None:
        """A new live generation, or new metadata of one that is there."""
        key = (body["bucket"], body["name"], int(body["generation"]))
        live = 0 if "timeDeleted" in body else 1
        self._db.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)", (*key, live, content, json.dumps(body))
        )

    def drop_object(self, bucket: str, name: str, generation: int) -> None:
        self._db.execute(
            "DELETE FROM objects WHERE bucket = ? AND name = ? AND generation = ?", (bucket, name, generation)
        )

    def uses_content(self, content: str) -> bool:
        return self._db.execute("SELECT 1 FROM objects WHERE content = ? LIMIT 1", (content,)).fetchone() is not None

    def upload(self, upload_id: str) -> Record | None:
        return self._one("SELECT body FROM uploads WHERE id = ?", upload_id)

    def put_upload(self, upload_id: str, body: Record) -> None:
        self._db.execute("INSERT OR REPLACE INTO uploads VALUES (?, ?)", (upload_id, json.dumps(body)))

    def contents(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT DISTINCT content FROM objects")}

    def open_uploads(self) -> set[str]:
        rows = self._db.execute("SELECT id FROM uploads WHERE json_extract(body, '$.finished') IS NULL")
        return {row[0] for row in rows}

    def forget_finished_uploads(self, before: str) -> None:
        """Sessions that finished before this RFC 3339 time answer no more."""
        self._db.execute("DELETE FROM uploads WHERE json_extract(body, '$.finished.updated') < ?", (before,))

    def drop_upload(self, upload_id: str) -> None:
        self._db.execute("DELETE FROM uploads WHERE id = ?", (upload_id,))

    def notifications(self, bucket: str) -> list[Record]:
        rows = self._db.execute("SELECT body FROM notifications WHERE bucket = ? ORDER BY id", (bucket,))
        return [json.loads(row[0]) for row in rows]

    def add_notification(self, bucket: str, body: Record) -> Record:
        (last,) = self._db.execute("SELECT max(id) FROM notifications WHERE bucket = ?", (bucket,)).fetchone()
        body = {**body, "id": str((last or 0) + 1)}
        self._db.execute("INSERT INTO notifications VALUES (?, ?, ?)", (bucket, int(body["id"]), json.dumps(body)))
        return body

    def drop_notification(self, bucket: str, notification_id: str) -> None:
        self._db.execute("DELETE FROM notifications WHERE bucket = ? AND id = ?", (bucket, int(notification_id)))

    def queue_message(self, topic: str, body: Record) -> None:
        self._db.execute("INSERT INTO outbox (topic, body) VALUES (?, ?)", (topic, json.dumps(body)))

    def queued_messages(self, limit: int) -> list[tuple[int, str, Record]]:
        rows = self._db.execute("SELECT id, topic, body FROM outbox ORDER BY id LIMIT ?", (limit,))
        return [(row[0], row[1], json.loads(row[2])) for row in rows]

    def drop_message(self, message: int) -> None:
        self._db.execute("DELETE FROM outbox WHERE id = ?", (message,))

    def close(self) -> None:
        self._db.close()

    def _one(self, statement: str, value: str) -> Record | None:
        row = self._db.execute(statement, (value,)).fetchone()
        return json.loads(row[0]) if row else None

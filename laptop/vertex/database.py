"""What survives kill -9: jobs and model versions, each as one JSON body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from laptop.sqlite import open_database, transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS versions (model TEXT, version INTEGER, body TEXT NOT NULL, PRIMARY KEY (model, version));
CREATE TABLE IF NOT EXISTS counters (model TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""

Body = dict[str, Any]


class JobDatabase:
    """SQLite in WAL mode; every method is one transaction."""

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        self._connection = open_database(path, fsync=fsync)
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def insert_job(self, body: Body) -> bool:
        """Insert a job; False when its name is taken."""
        sql = "INSERT OR IGNORE INTO jobs (name, body) VALUES (?, ?)"
        return self._connection.execute(sql, (body["name"], json.dumps(body))).rowcount == 1

    def update_job(self, body: Body) -> None:
        self._connection.execute("UPDATE jobs SET body = ? WHERE name = ?", (json.dumps(body), body["name"]))

    def find_job(self, name: str) -> Body | None:
        row = self._connection.execute("SELECT body FROM jobs WHERE name = ?", (name,)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def list_jobs(self, parent: str) -> list[Body]:
        """Jobs under a parent (`""`: all), oldest first."""
        sql = "SELECT body FROM jobs WHERE substr(name, 1, ?) = ? ORDER BY rowid"
        return [dict(json.loads(row[0])) for row in self._connection.execute(sql, (len(parent), parent))]

    def delete_job(self, name: str) -> None:
        self._connection.execute("DELETE FROM jobs WHERE name = ?", (name,))

    def next_version(self, model: str) -> int:
        """A version number that no version of the model ever had."""
        sql = "INSERT INTO counters VALUES (?, 1) ON CONFLICT (model) DO UPDATE SET last = last + 1 RETURNING last"
        return int(self._connection.execute(sql, (model,)).fetchone()[0])

    def replace_versions(self, model: str, bodies: list[Body]) -> None:
        """Make these the versions of a model, at once, so that no alias is ever on two."""
        rows = [(model, int(body["versionId"]), json.dumps(body)) for body in bodies]
        with transaction(self._connection):
            self._connection.execute("DELETE FROM versions WHERE model = ?", (model,))
            self._connection.executemany("INSERT INTO versions VALUES (?, ?, ?)", rows)

    def list_versions(self, model: str) -> list[Body]:
        sql = "SELECT body FROM versions WHERE model = ? ORDER BY version"
        return [dict(json.loads(row[0])) for row in self._connection.execute(sql, (model,))]

    def list_models(self, parent: str) -> list[str]:
        sql = "SELECT DISTINCT model FROM versions WHERE substr(model, 1, ?) = ? ORDER BY model"
        return [row[0] for row in self._connection.execute(sql, (len(parent), parent))]

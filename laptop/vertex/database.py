"""What survives kill -9: jobs, the processes that run them, and model versions, each as one JSON body."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (name TEXT PRIMARY KEY, body TEXT NOT NULL, pid INTEGER, pid_started REAL);
CREATE TABLE IF NOT EXISTS versions (model TEXT, version INTEGER, body TEXT NOT NULL, PRIMARY KEY (model, version));
CREATE TABLE IF NOT EXISTS counters (model TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedProcess:
    """The leader of a job's process group; `started` (epoch seconds) tells it from a later owner of the pid."""

    job: str
    pid: int
    started: float


class Database:
    """SQLite in WAL mode; every method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)

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

    def record_process(self, process: RecordedProcess) -> None:
        values = (process.pid, process.started, process.job)
        self._connection.execute("UPDATE jobs SET pid = ?, pid_started = ? WHERE name = ?", values)

    def forget_process(self, job: str) -> None:
        self._connection.execute("UPDATE jobs SET pid = NULL, pid_started = NULL WHERE name = ?", (job,))

    def list_processes(self) -> list[RecordedProcess]:
        rows = self._connection.execute("SELECT name, pid, pid_started FROM jobs WHERE pid IS NOT NULL")
        return [RecordedProcess(job=name, pid=pid, started=started) for name, pid, started in rows]

    def next_version(self, model: str) -> int:
        """A version number that no version of the model ever had."""
        sql = "INSERT INTO counters VALUES (?, 1) ON CONFLICT (model) DO UPDATE SET last = last + 1 RETURNING last"
        return int(self._connection.execute(sql, (model,)).fetchone()[0])

    def replace_versions(self, model: str, bodies: list[Body]) -> None:
        """Make these the versions of a model, at once, so that no alias is ever on two."""
        rows = [(model, int(body["versionId"]), json.dumps(body)) for body in bodies]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("DELETE FROM versions WHERE model = ?", (model,))
        self._connection.executemany("INSERT INTO versions VALUES (?, ?, ?)", rows)
        self._connection.execute("COMMIT")

    def list_versions(self, model: str) -> list[Body]:
        sql = "SELECT body FROM versions WHERE model = ? ORDER BY version"
        return [dict(json.loads(row[0])) for row in self._connection.execute(sql, (model,))]

    def list_models(self, parent: str) -> list[str]:
        sql = "SELECT DISTINCT model FROM versions WHERE substr(model, 1, ?) = ? ORDER BY model"
        return [row[0] for row in self._connection.execute(sql, (len(parent), parent))]

"""What survives kill -9: repositories, their commits and files, compilations, invocations and their actions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from laptop.sqlite import open_database, transaction

Record = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS commits (repository TEXT, sha TEXT, files TEXT NOT NULL, PRIMARY KEY (repository, sha));
CREATE TABLE IF NOT EXISTS blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS records (kind TEXT, name TEXT, parent TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE INDEX IF NOT EXISTS records_by_parent ON records (kind, parent);
CREATE TABLE IF NOT EXISTS graphs (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


class RecordStore:
    """SQLite in WAL mode; every method is one transaction. Kinds: repository, compilation, invocation, action."""

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        self._db = open_database(path, fsync=fsync)
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def put(self, kind: str, record: Record, parent: str) -> None:
        sql = "INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body"
        self._db.execute(sql, (kind, record["name"], parent, json.dumps(record)))

    def get(self, kind: str, name: str) -> Record | None:
        row = self._db.execute("SELECT body FROM records WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def list(self, kind: str, parent: str | None = None) -> list[Record]:
        """Oldest first; of all parents if none is given."""
        sql = "SELECT body FROM records WHERE kind = ? AND parent = coalesce(?, parent) ORDER BY rowid"
        return [dict(json.loads(row[0])) for row in self._db.execute(sql, (kind, parent))]

    def delete_invocation(self, name: str) -> None:
        with transaction(self._db):
            self._db.execute("DELETE FROM records WHERE kind = 'action' AND parent = ?", (name,))
            self._db.execute("DELETE FROM records WHERE kind = 'invocation' AND name = ?", (name,))

    def delete_repository(self, name: str) -> None:
        """With all that is under it."""
        under = f"{name}/"
        with transaction(self._db):
            self._db.execute("DELETE FROM records WHERE name = ? OR substr(name, 1, ?) = ?", (name, len(under), under))
            self._db.execute("DELETE FROM graphs WHERE substr(name, 1, ?) = ?", (len(under), under))
            self._db.execute("DELETE FROM commits WHERE repository = ?", (name,))

    def put_commit(self, repository: Record, sha: str, files: Mapping[str, str], blobs: Mapping[str, bytes]) -> None:
        """A commit's files (path to digest), their contents, and the repository whose head it is: all or nothing."""
        with transaction(self._db):
            self._db.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?)", list(blobs.items()))
            values = (repository["name"], sha, json.dumps(files))
            self._db.execute("INSERT OR IGNORE INTO commits VALUES (?, ?, ?)", values)
            self.put("repository", repository, "")

    def find_commits(self, repository: str, prefix: str) -> Sequence[str]:
        sql = "SELECT sha FROM commits WHERE repository = ? AND substr(sha, 1, ?) = ?"
        return [row[0] for row in self._db.execute(sql, (repository, len(prefix), prefix))]

    def commit_files(self, repository: str, sha: str) -> dict[str, str]:
        """Path to digest; empty for no commit."""
        sql = "SELECT files FROM commits WHERE repository = ? AND sha = ?"
        row = self._db.execute(sql, (repository, sha)).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def blob(self, digest: str) -> bytes:
        return bytes(self._db.execute("SELECT content FROM blobs WHERE digest = ?", (digest,)).fetchone()[0])

    def put_compilation(self, record: Record, graph: Mapping[str, Any], parent: str) -> None:
        with transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO graphs VALUES (?, ?)", (record["name"], json.dumps(graph)))
            self.put("compilation", record, parent)

    def graph(self, compilation: str) -> Record:
        row = self._db.execute("SELECT body FROM graphs WHERE name = ?", (compilation,)).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def put_invocation(self, record: Record, actions: Sequence[Record], parent: str) -> None:
        with transaction(self._db):
            self.put("invocation", record, parent)
            for action in actions:
                self.put("action", action, record["name"])

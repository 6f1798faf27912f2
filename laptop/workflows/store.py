"""Workflows and executions in SQLite: what was answered is there after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from laptop.sqlite import open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
  kind TEXT NOT NULL, name TEXT NOT NULL, parent TEXT NOT NULL, made INTEGER NOT NULL, state TEXT NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (kind, name)
);
CREATE INDEX IF NOT EXISTS resources_by_parent ON resources (kind, parent, made);
"""
Resource = dict[str, Any]


class ExecutionStore:
    """Resources by kind (`workflow`, `execution`, `operation`) and full name, as the JSON the API answers."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._database = open_database(folder / "workflows.sqlite", fsync=fsync)
        self._database.executescript(_SCHEMA)

    def put(self, kind: str, parent: str, body: Resource) -> None:
        """Write a resource; one that exists keeps its place in the order."""
        self._database.execute(
            "INSERT INTO resources VALUES (?, ?, ?, (SELECT IFNULL(MAX(made), 0) + 1 FROM resources), ?, ?) "
            "ON CONFLICT (kind, name) DO UPDATE SET state = excluded.state, body = excluded.body",
            (kind, body["name"], parent, body.get("state", ""), json.dumps(body)),
        )

    def get(self, kind: str, name: str) -> Resource | None:
        row = self._database.execute("SELECT body FROM resources WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        return json.loads(row[0]) if row else None

    def list_under(self, kind: str, parent: str, offset: int, limit: int) -> list[Resource]:
        """At most `limit` resources under `parent`, the newest first."""
        query = "SELECT body FROM resources WHERE kind = ? AND parent = ? ORDER BY made DESC LIMIT ? OFFSET ?"
        return [json.loads(row[0]) for row in self._database.execute(query, (kind, parent, limit, offset))]

    def list_in_state(self, kind: str, state: str) -> list[Resource]:
        query = "SELECT body FROM resources WHERE kind = ? AND state = ?"
        return [json.loads(row[0]) for row in self._database.execute(query, (kind, state))]

    def delete_workflow(self, name: str) -> None:
        """Delete a workflow with its executions, as the API does."""
        self._database.execute("DELETE FROM resources WHERE name = ? OR parent = ?", (name, name))

    def close(self) -> None:
        self._database.close()

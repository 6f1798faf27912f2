"""Named JSON records by kind in SQLite: what the small REST services keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from laptop.sqlite import open_database

Record = dict[str, Any]


class Records:
    """Every write survives a kill when it returns; the file is readable by its owner only."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        path = folder / "records.sqlite"
        path.touch(mode=0o600)
        self._db = open_database(path, fsync=fsync)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS records (kind TEXT, name TEXT, body TEXT, PRIMARY KEY (kind, name))"
        )

    def put(self, kind: str, name: str, body: Record) -> None:
        self._db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (kind, name, json.dumps(body)))

    def get(self, kind: str, name: str) -> Record | None:
        row = self._db.execute("SELECT body FROM records WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        return json.loads(row[0]) if row else None

    def list(self, kind: str, prefix: str = "") -> list[Record]:
        rows = self._db.execute(
            "SELECT body FROM records WHERE kind = ? AND substr(name, 1, ?) = ? ORDER BY name",
            (kind, len(prefix), prefix),
        )
        return [json.loads(row[0]) for row in rows]

    def delete(self, kind: str, name: str) -> bool:
        return self._db.execute("DELETE FROM records WHERE kind = ? AND name = ?", (kind, name)).rowcount > 0

    def close(self) -> None:
        self._db.close()

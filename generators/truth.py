"""What was done on purpose: a line for every dirty row, and the totals that the platform must arrive at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from generators.dirt import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Rows of one task: all, and what must become of them. `rows_in` is the sum of the other three."""

    rows_in: int
    rows_quarantined: int
    rows_duplicate: int

    @property
    def rows_kept(self) -> int:
        return self.rows_in - self.rows_quarantined - self.rows_duplicate


class Truth:
    """Writes the dirty rows of one task to a file as they come, and counts all."""

    def __init__(self, path: Path, flow: str) -> None:
        self._path, self._flow = path, flow
        self._stream: IO[str] = path.open("w", encoding="utf-8")
        self._rows_in = self._quarantined = self._duplicates = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()

    def count_rows(self, count: int) -> None:
        self._rows_in += count

    def record_line(self, mark: Mark, uri: str, line: int) -> None:
        """A dirty line: the object's URI and the 1-based number of the line in it."""
        self._record(mark, {"flow": self._flow, "object": uri, "line": line})

    def record_document(self, mark: Mark, document_id: str) -> None:
        self._record(mark, {"flow": self._flow, "doc": document_id, "line": None})

    def totals(self) -> Totals:
        return Totals(rows_in=self._rows_in, rows_quarantined=self._quarantined, rows_duplicate=self._duplicates)

    def close(self) -> Path:
        self._stream.close()
        return self._path

    def _record(self, mark: Mark, where: dict[str, str | int | None]) -> None:
        self._quarantined += mark.expected == "quarantined"
        self._duplicates += mark.expected == "duplicate"
        row = where | {"kind": mark.kind, "expected": mark.expected, "code": mark.code, "key": mark.key}
        self._stream.write(json.dumps(row) + "\n")


def totals_json(totals: Totals, flow: str, batch_id: str) -> str:
    return json.dumps(
        {
            "flow": flow,
            "batch_id": batch_id,
            "rows_in": totals.rows_in,
            "rows_kept": totals.rows_kept,
            "rows_quarantined": totals.rows_quarantined,
            "rows_duplicate": totals.rows_duplicate,
        }
    )

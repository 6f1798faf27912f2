"""Rows of a Parquet object that are set apart: written to its quarantine, after those that its export left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import IO, Any

import orjson

from functions.land_object.quarantining import as_record, copy_exported
from ripple.ports import StoredObject
from ripple.ports.holders import BucketPorts
from ripple.rows.contracts import Violation
from ripple.rows.tagged_json import write_tagged


class BadRows:
    """Rows that are set apart, numbered among all documents of the export: no two rows of a file have one number."""

    def __init__(
        self, stored: StoredObject, exported: frozenset[int], quarantine: IO[bytes], ports: BucketPorts
    ) -> None:
        self.count, self._first = 0, ""
        self._codes: Counter[str] = Counter()
        self._stored, self._exported, self._quarantine, self._ports = stored, exported, quarantine, ports
        self._line = 0

    def next_line(self) -> int:
        """The number of the next document that the export did not leave out."""
        self._line += 1
        while self._line in self._exported:
            self._line += 1
        return self._line

    def add(
        self, row: Mapping[str, Any], flow: str, violation: Violation, *, line: int, offset: int, digest: str
    ) -> None:
        if not self.count:
            copy_exported(self._stored, self._quarantine, self._ports)
            self._first = f"first in row {line}: {violation.reason}"
        self.count += 1
        self._codes[violation.code] += 1
        record = as_record(
            flow,
            self._stored.ref,
            line=line,
            offset=offset,
            violation=violation,
            raw=write_tagged(row),
            line_hash=digest,
        )
        self._quarantine.write(orjson.dumps(record) + b"\n")

    def describe(self) -> str:
        found = ", ".join(f"{code} ({times})" for code, times in self._codes.most_common())
        return f"; landing found {found}, {self._first}" if self.count else ""

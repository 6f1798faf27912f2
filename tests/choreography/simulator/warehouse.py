"""Dataform and BigQuery as far as the tables show: claimed files only, each table's batch deleted and inserted again.

One statement is one step, as in a script without a transaction: two invocations at once may interleave between any two.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq

from ripple.rows.contracts.lines import hash_line
from ripple.wire.paths import file_list_name
from tests.choreography.simulator.engine import KilledError, Process
from tests.choreography.simulator.poison import StatementError, check_gold, check_staged

if TYPE_CHECKING:
    from tests.choreography.simulator.world import World


class Row(NamedTuple):
    """A row of a table that is written by batch; `key` is what the table counts by."""

    batch: int
    flow: str
    uri: str
    key: str


@dataclass(slots=True)
class Invocation:
    name: str
    batch: int
    epoch: int
    part: int = 0
    state: str = "RUNNING"
    failed: str = ""
    """The statement that failed; empty if none did, or if it was none of SQL's."""
    process: Process | None = None


@lru_cache(maxsize=4096)
def read_rows(data: bytes, name: str) -> tuple[tuple[str, str], ...]:
    """`(key, line hash)` of each row of a Bronze object; a line that is no JSON has no key."""
    if name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(data), columns=["order_id"])
        return tuple((key, "") for key in table.column("order_id").to_pylist())
    return tuple((_key_of(line), hash_line(line.decode())) for line in data.splitlines())


def _key_of(line: bytes) -> str:
    try:
        return str(json.loads(line)["event_id"])
    except (ValueError, KeyError):
        return ""


@lru_cache(maxsize=4096)
def read_quarantine(data: bytes) -> tuple[str, ...]:
    return tuple(json.loads(line)["line_hash"] for line in data.splitlines())


@dataclass(slots=True)
class Warehouse:
    """Tables by name. `files` are the claimed files as the batch's list has them, `gold` counts rows by flow."""

    world: World
    files: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    silver: list[Row] = field(default_factory=list)
    duplicate: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    gold: Counter[str] = field(default_factory=Counter)
    snapshots: dict[int, tuple[str, int]] = field(default_factory=dict)
    invocations: dict[str, Invocation] = field(default_factory=dict)
    most_live: int = 0

    def content(self) -> str:
        """Every table's rows in order: what a replay must leave as it is. Of equal copies it may be another one's turn: parts of a
        batch were published one after the other, and its replay publishes them together."""
        rows = [sorted((row.flow, row.key) for row in table) for table in (self.silver, self.duplicate, self.rejected)]
        files = sorted((batch, row["uri"]) for batch, row in self.files)
        return repr((rows, files, sorted(self.gold.items()), sorted(self.snapshots.items())))

    def live(self) -> list[Invocation]:
        return [found for found in self.invocations.values() if found.state in ("RUNNING", "CANCELING")]

    def invoke(self, batch: int, epoch: int, part: int = 0) -> str:
        """Takes no request id: twice is two invocations."""
        number = sum(known.batch == batch for known in self.invocations.values()) + 1
        invocation = Invocation(name=f"invocations/{batch}-{number}", batch=batch, epoch=epoch, part=part)
        self.invocations[invocation.name] = invocation
        self.most_live = max(self.most_live, len(self.live()))
        engine = self.world.engine
        invocation.process = engine.spawn(
            invocation.name, lambda: self._run(batch, epoch, part), lambda error: self._end(invocation, error)
        )
        return invocation.name

    def cancel(self, name: str) -> None:
        """Cancelling takes a while, and a statement that runs already may still finish."""
        invocation = self.invocations[name]
        if invocation.state == "RUNNING":
            invocation.state = "CANCELING"
            roll = self.world.engine.faults.roll(f"cancelling@{name}")
            self.world.engine.after(1 + 90 * roll, lambda: self._stop(invocation))

    def _stop(self, invocation: Invocation) -> None:
        assert invocation.process is not None
        if invocation.state == "CANCELING":
            invocation.process.cancelled = True
            invocation.state = "CANCELLED"

    def _end(self, invocation: Invocation, error: BaseException | None) -> None:
        if invocation.state == "RUNNING" or (invocation.state == "CANCELING" and error is None):
            invocation.state = "FAILED" if error else "SUCCEEDED"
            invocation.failed = str(error) if isinstance(error, StatementError) else ""

    def _run(self, batch: int, epoch: int, part: int) -> None:
        listed = self._claimed(batch, epoch, part)
        files = [row for row in listed if not (row["is_withdrawn"] or row["is_tried"])]
        gone = {row["uri"] for row in listed if not row["is_tried"]}
        poison, engine = self.world.scenario.poison, self.world.engine
        self._statement("stage and audit", lambda: check_staged(poison, listed, engine.now))
        self._statement("delete batch_files", lambda: self._forget_files(gone))
        self._statement("insert batch_files", lambda: self.files.extend((batch, row) for row in files))
        for table in ("rejected", "silver", "duplicate"):
            make: Callable[[int, list[dict[str, Any]]], list[Row]] = getattr(self, f"_make_{table}")
            self._statement(f"delete {table}", lambda table=table: self._forget(table, gone))  # type: ignore[misc]
            self._statement(
                f"insert {table}",
                lambda t=table, m=make: getattr(self, t).extend(m(batch, files)),  # type: ignore[misc]
            )
        self._check_counts(batch)
        self._statement("check gold", lambda: check_gold(poison, {row.uri for row in self.silver}))
        counts = self._statement("read silver for gold", lambda: Counter(row.flow for row in self.silver))
        self._statement("replace gold", lambda: setattr(self, "gold", counts))
        self._statement("write snapshot", lambda: self.snapshots.update({batch: self._digest(batch)}))

    def _statement(self, what: str, change: Callable[[], Any]) -> Any:
        engine = self.world.engine
        engine.pause(1 + 10 * engine.faults.roll(f"{what}@{engine.current.name if engine.current else ''}"))
        return engine.step(what, change, crash="invocation fails")

    def _check_counts(self, batch: int) -> None:
        """The assertion on ops.file_counts."""
        if any(self.missing(row) for held, row in self.files if held == batch):
            raise KilledError("file_counts: rows in are not rows out")

    def missing(self, file: dict[str, Any]) -> int:
        """Rows of a file that are in no table; negative if some are there twice."""
        found = [row for table in (self.silver, self.duplicate, self.rejected) for row in table]
        return int(file["rows"]) - len([row for row in found if row.uri == file["uri"]])

    def _forget(self, table: str, uris: set[str]) -> None:
        setattr(self, table, [row for row in getattr(self, table) if row.uri not in uris])

    def _forget_files(self, uris: set[str]) -> None:
        self.files = [(batch, file) for batch, file in self.files if file["uri"] not in uris]

    def _claimed(self, batch: int, epoch: int, part: int) -> list[dict[str, Any]]:
        bucket = self.world.settings.bucket("control")
        data = self.world.objects.live[bucket, file_list_name(batch, epoch, part)][1]
        return [json.loads(line) for line in data.splitlines()]

    def _make_rejected(self, batch: int, files: list[dict[str, Any]]) -> list[Row]:
        bad = [file for file in files if file["quarantine_uri"]]
        return [Row(batch, file["flow"], file["uri"], key) for file in bad for key in self._bad(file)]

    def _bad(self, file: dict[str, Any]) -> tuple[str, ...]:
        bucket, _, name = file["quarantine_uri"].removeprefix("gs://").partition("/")
        return read_quarantine(self.world.objects.live[bucket, name][1])

    def _fresh(self, batch: int, files: list[dict[str, Any]]) -> list[Row]:
        rows = []
        for file in sorted(files, key=lambda file: str(file["uri"])):
            bucket, _, name = file["uri"].removeprefix("gs://").partition("/")
            bad = set(self._bad(file)) if file["quarantine_uri"] else set()
            data = self.world.objects.live[bucket, name][1]
            rows += [
                Row(batch, file["flow"], file["uri"], key) for key, line in read_rows(data, name) if line not in bad
            ]
        return rows

    def _make_silver(self, batch: int, files: list[dict[str, Any]]) -> list[Row]:
        return self._split(batch, files)[0]

    def _make_duplicate(self, batch: int, files: list[dict[str, Any]]) -> list[Row]:
        return self._split(batch, files)[1]

    def _split(self, batch: int, files: list[dict[str, Any]]) -> tuple[list[Row], list[Row]]:
        mine = {file["uri"] for file in files}
        seen = {(row.flow, row.key) for row in self.silver if row.uri not in mine}
        kept: list[Row] = []
        aside: list[Row] = []
        for row in self._fresh(batch, files):
            (aside if (row.flow, row.key) in seen else kept).append(row)
            seen.add((row.flow, row.key))
        return kept, aside

    def _digest(self, batch: int) -> tuple[str, int]:
        known = sorted((row.flow, row.key) for row in self.silver if row.batch <= batch)
        return hashlib.sha256(repr(known).encode()).hexdigest(), len(known)

"""A laptop under poison: puts and deletes objects, waits until nothing moves, and reads what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.provisioning.clients import AdminClients
from cli.ticking import publish_tick
from ripple.gateways.edge import open_edge
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.files import FILES, FileRecord
from ripple.state.head import HEAD
from tests.choreography.poison.cases import KEYS, OTHER, TABLES, Case, Step, encode, make_rows

LANDING_SECONDS, SWEEP_SECONDS, QUIET_SECONDS = 300.0, 20.0, 3.0


@dataclass(slots=True)
class PoisonedLake:
    """`written` holds the generations of each name that were live at the end of a round, oldest first."""

    clients: AdminClients
    written: dict[str, list[int]] = field(default_factory=dict)
    _live: dict[str, int] = field(default_factory=dict)

    def live_through(self, cases: Sequence[Case]) -> None:
        """Every case's rounds side by side; after the last, innocent files of the same flow and day, and of another flow."""
        for number in range(max(len(case.rounds) for case in cases)):
            for case in cases:
                for step in case.rounds[number] if number < len(case.rounds) else ():
                    self.act(step)
                if number == len(case.rounds) - 1:
                    self._put_innocents(case)
            self.end_round()

    def end_round(self) -> None:
        for name, generation in self._live.items():
            self.written.setdefault(name, []).append(generation)
        self._live.clear()
        self.await_quiet()

    def act(self, step: Step) -> None:
        blob = self.clients.storage.bucket(f"{self.clients.project}-bronze").blob(step.name)
        if step.data is None:
            blob.delete()
            self._live.pop(step.name, None)
            return
        blob.metadata = dict(step.metadata)
        blob.content_encoding = step.encoding
        blob.upload_from_string(step.data, "application/octet-stream")
        self._live[step.name] = int(blob.generation or 0)

    def _put_innocents(self, case: Case) -> None:
        for flow in (case.flow, OTHER[case.flow]):
            rows = list(make_rows(flow, f"innocent-{case.name}", case.day, ["a", "b"]))
            suffix = "parquet" if flow == "sales" else "jsonl"
            name = f"{flow}/dt={case.day}/innocent-of-{case.name}.{suffix}"
            self.act(Step(name=name, data=encode(rows, flow, "")))

    def await_quiet(self) -> None:
        """Return when every generation has a verdict and every batch has ended; AssertionError says what still moves."""
        began = swept = time.monotonic()
        still_since: float | None = None
        while still_since is None or time.monotonic() - still_since < QUIET_SECONDS:
            moves = "; ".join(self._find_moving())
            still_since = None if moves else (still_since or time.monotonic())
            assert time.monotonic() - began < LANDING_SECONDS, moves
            if time.monotonic() - swept > SWEEP_SECONDS:
                publish_tick(self.clients.environ, {}, kind="sweep")
                swept = time.monotonic()
            time.sleep(0.5)

    def _find_moving(self) -> Iterator[str]:
        documents = open_edge(self.clients.environ).documents
        files = [file for _, file in FILES.find_all(documents)]
        known = {(file.uri.split("/", 3)[3], file.generation): file for file in files if file.state != "claimed"}
        missing = [name for name, generations in self.written.items() for g in generations if (name, g) not in known]
        if missing:
            yield f"{len(missing)} to land, as {missing[0]}"
        if any(file.state == "landed" and file.batch is None for file in files):
            yield "files wait for a run"
        head = HEAD.get(documents)
        if head.run is not None:
            yield "a run is live"
        if head.incidents:
            yield f"batches {head.incidents} run in parts"

    def file(self, name: str, at: int = -1) -> FileRecord:
        """The record of the newest generation that was put under a name."""
        generation = self.written[name][at]
        documents = open_edge(self.clients.environ).documents
        (found,) = [file for _, file in FILES.find_all(documents) if self._is(file, name, generation)]
        return found

    @staticmethod
    def _is(file: FileRecord, name: str, generation: int) -> bool:
        return file.uri.endswith(f"/{name}") and file.generation == generation

    def batches(self) -> Mapping[str, BatchRecord]:
        return dict(BATCHES.find_all(open_edge(self.clients.environ).documents))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.clients.bigquery.query_and_wait(sql)]

    def current_keys(self, flow: str) -> list[str]:
        key = KEYS[flow]
        return [row[key] for row in self.rows(f"SELECT {key} FROM {TABLES[flow]} ORDER BY {key}")]

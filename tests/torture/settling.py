"""After the last fault: wait until nothing moves any more, and do by hand what a person would: replay, redrive, run again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.cloud.run_v2 import ExecutionsClient, RunJobRequest

from cli.dead_letters import list_letters
from cli.provisioning.clients import AdminClients
from cli.replaying import publish_replay
from cli.ticking import publish_tick
from ripple.gateways.edge import open_edge
from ripple.gateways.transport import rest_client
from ripple.ports import DocumentStore
from ripple.state.batches import BATCHES
from ripple.state.exports import EXPORTS, PLANNED
from ripple.state.files import FILES
from ripple.state.head import HEAD
from ripple.state.outbox import OUTBOX
from ripple.state.ticks import TICKS
from ripple.state.trainings import TRAININGS

SWEEP_SECONDS, STILL_SECONDS = 5, 240
GAVE_UP = "gave_up"


@dataclass(slots=True, kw_only=True)
class Settler:
    """`by_hand` counts what the platform could not heal itself."""

    clients: AdminClients
    ticks: int
    by_hand: Counter[str] = field(default_factory=Counter)
    _replayed: set[tuple[int, int]] = field(default_factory=set)
    _letters: set[str] = field(default_factory=set)

    def settle(self, timeout_seconds: float, restart: Callable[[], None], report: Callable[[str], None]) -> str:
        """Return what is still pending, "" when nothing is. A restart ends a backoff that would wait for ten minutes."""
        began = moved = time.monotonic()
        last = ""
        while (pending := self._look()) and time.monotonic() - began < timeout_seconds:
            if pending != last:
                last, moved = pending, time.monotonic()
                report(pending)
            elif time.monotonic() - moved > STILL_SECONDS:
                moved = time.monotonic()
                restart()
            time.sleep(SWEEP_SECONDS)
        return pending

    def sweep(self) -> None:
        publish_tick(self.clients.environ, {}, kind="sweep")

    def _look(self) -> str:
        try:
            self.sweep()
            self._redrive()
            return self._pending()
        except Exception as error:
            return f"cannot look: {error!r:.200}"

    def _pending(self) -> str:
        documents = open_edge(self.clients.environ).documents
        waits = [
            self._await_jobs(documents),
            self._await_files(documents),
            self._await_batches(documents),
            _await_trainings(documents),
        ]
        outbox = len(list(OUTBOX.find(documents, 500)))
        return "; ".join([*filter(None, waits), *([f"{outbox} facts in the outbox"] if outbox else [])])

    def _await_jobs(self, documents: DocumentStore) -> str:
        ticks = dict(TICKS.find_all(documents))
        if len(ticks) < self.ticks:
            return f"{self.ticks - len(ticks)} ticks"
        transport = ExecutionsClient.get_transport_class("rest")
        executions = rest_client(ExecutionsClient, transport, self.clients.environ["RIPPLE_ENDPOINT_RUN"])
        running = 0
        for batch_id, tick in ticks.items():
            found = executions.get_execution(name=tick.execution) if tick.execution else None
            running += found is None or not found.completion_time
            if found is not None and found.failed_count and tick.ended:
                self._run_again(batch_id, found, documents)
        return f"{running} generator jobs" if running else ""

    def _run_again(self, batch_id: str, failed: Any, documents: DocumentStore) -> None:
        """Killed more often than Cloud Run tries: a person runs it again, under the same batch id."""
        self.by_hand["generator jobs run again"] += 1
        container = RunJobRequest.Overrides.ContainerOverride(args=list(failed.template.containers[0].args))
        request = RunJobRequest(name=failed.job, overrides={"container_overrides": [container]})
        operation = self.clients.jobs.run_job(request=request)
        TICKS.update(documents, batch_id, execution=operation.metadata.name)

    def _await_files(self, documents: DocumentStore) -> str:
        files = {(file.uri, file.generation): file for _, file in FILES.find_all(documents)}
        bucket = f"{self.clients.project}-bronze"
        objects = {(f"gs://{bucket}/{b.name}", int(b.generation)) for b in self.clients.storage.list_blobs(bucket)}
        unlanded = sum(key not in files or files[key].state == "claimed" for key in objects)
        waiting = sum(file.state == "landed" and file.batch is None for file in files.values())
        manifests = sum(1 for _ in self.clients.storage.list_blobs(f"{self.clients.project}-landing"))
        left = manifests - sum(export.state != PLANNED for _, export in EXPORTS.find_all(documents))
        words = [f"{unlanded} objects to land"] if unlanded else []
        words += [f"{waiting} files to claim"] if waiting else []
        return ", ".join(words + ([f"{left} manifests to export"] if left > 0 else []))

    def _await_batches(self, documents: DocumentStore) -> str:
        run = HEAD.get(documents).run
        batches = {int(number): batch for number, batch in BATCHES.find_all(documents)}
        for number, batch in batches.items():
            if batch.state == "parked" and (number, batch.epoch) not in self._replayed:
                self._replayed.add((number, batch.epoch))
                self.by_hand["parked batches replayed"] += 1
                publish_replay(self.clients.environ, {"kind": "batch", "batch": number})
        open_ones = sorted(number for number, batch in batches.items() if batch.state != "done")
        words = [f"run of batch {run.batch} (epoch {run.epoch})"] if run else []
        return ", ".join(words + ([f"batches {open_ones[:10]}"] if open_ones else []))

    def _redrive(self) -> None:
        """Send back what nobody took in all its deliveries; what was refused for a reason is counted by it."""
        open_ones = list_letters(self.clients.environ, 1000, everything=False)
        letters = [letter for letter in open_ones if letter["id"] not in self._letters]
        given_up = [letter["id"] for letter in letters if letter["code"] == GAVE_UP]
        if given_up:
            publish_replay(self.clients.environ, {"kind": "dead-letter", "ids": given_up})
            self.by_hand["dead letters sent back"] += len(given_up)
        self.by_hand.update(f"refused: {letter['code']}" for letter in letters if letter["code"] != GAVE_UP)
        self._letters.update(letter["id"] for letter in letters)


def _await_trainings(documents: DocumentStore) -> str:
    records = [training for _, training in TRAININGS.find_all(documents)]
    under_way = [training for training in records if training.is_under_way]
    done = len(list(BATCHES.find(documents, 100_000, state="done")))
    words = [f"{len(under_way)} trainings"] if under_way else []
    return ", ".join(words + ([f"{done - len(records)} training decisions"] if done > len(records) else []))

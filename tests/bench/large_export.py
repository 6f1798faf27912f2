"""One large export, from its manifest to its last word, and what it came to."""

from __future__ import annotations

import hashlib
import io
import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import numpy as np
import pyarrow.parquet as pq
from google.api_core.exceptions import DeadlineExceeded
from google.cloud import firestore

from cli.provisioning import messaging
from cli.provisioning.clients import AdminClients
from ripple.deployment.routes import FINALIZED
from ripple.gateways.documents import FirestoreDocuments
from ripple.rows.checksums import sum_ids
from ripple.state.export_plan import ExportPlan, expect_plan
from ripple.state.exports import EXPORTED, EXPORTS, PLANNED
from ripple.state.outbox import OUTBOX
from tests.bench.instances import Instances
from tests.bench.large_collection import BATCH, PROJECT, is_bad
from tests.functions.alone.cloud import wrapped

INSTANCES = 4
_KILL_SECONDS, _SWEEP_SECONDS, _DEADLINE_SECONDS = 10.0, 15.0, 3600.0
_SLICE = "sales.slice.requested.v1"
_PROBE = f"projects/{PROJECT}/subscriptions/probe"


@dataclass(slots=True)
class Outcome:
    """What one export came to: seconds in all and of the slowest slice, peaks in MiB, and what was wrong (nothing)."""

    seconds: float
    slices: int
    slowest: float
    peak_mib: float
    largest_mib: float
    kills: int
    kills_at_work: int
    stated: int
    wrong: str


class LargeExport:
    """One export from its manifest to its last word."""

    def __init__(
        self, env: Mapping[str, str], exporting: Instances, sweeping: Instances, documents: int, manifest: str
    ) -> None:
        self._clients, self._exporting, self._sweeping = AdminClients(env), exporting, sweeping
        self._documents, self._manifest, self._client = documents, manifest, firestore.Client(project=PROJECT)
        self._facts: list[tuple[str, Any]] = []

    def watch(self, seed: int | None) -> Outcome:
        uris = {"export_sales": self._exporting.start(INSTANCES), "sweep": self._sweeping.start(1)}
        messaging.make_buckets(self._clients)
        messaging.make_topics(self._clients)
        self._clients.subscriber.create_subscription(
            request={"name": _PROBE, "topic": f"projects/{PROJECT}/topics/ripple-events"}
        )
        messaging.make_subscriptions(self._clients, {"export_sales": uris["export_sales"]})
        begun = time.monotonic()
        self._announce(uris["export_sales"], seed)
        self._await_end(uris["sweep"], seed)
        return self._judge(time.monotonic() - begun)

    @cached_property
    def _ids(self) -> list[str]:
        return [f"ord_{number:08}" for number in range(self._documents)]

    def _announce(self, uri: str, seed: int | None) -> None:
        """Report of the manifest as Eventarc does: until it is answered, whoever is killed at it."""
        body = {
            "bucket": f"{PROJECT}-landing",
            "name": self._manifest,
            "generation": self._drop_manifest(),
            "size": "1",
        }
        names = {
            "specversion": "1.0",
            "id": "1",
            "type": FINALIZED,
            "source": "//storage",
            "time": "2026-01-08T00:00:00Z",
        }
        headers = {f"ce-{name}": value for name, value in names.items()} | {"content-type": "application/json"}
        planning = self._start_reporting(uri, headers, body)
        dice = random.Random(seed)
        while planning.is_alive():
            planning.join(_KILL_SECONDS * 4)
            # Planning takes longer than a slice: killed as often, it would never end.
            if seed is not None and planning.is_alive() and self._exporting.kills < 2:
                self._exporting.kill_one(dice)

    def _drop_manifest(self) -> str:
        """Its generation."""
        promise = {"batch_id": BATCH, "collection": "sales", "window_from": "2026-01-01", "count": self._documents}
        sums = {"checksum": hashlib.sha256("\n".join(self._ids).encode()).hexdigest(), "id_sum": sum_ids(self._ids)}
        blob = self._clients.storage.bucket(f"{PROJECT}-landing").blob(self._manifest)
        blob.upload_from_string(json.dumps(promise | sums))
        return str(blob.generation)

    def _start_reporting(self, uri: str, headers: Mapping[str, str], body: Mapping[str, str]) -> Any:
        def report() -> None:
            while httpx.post(uri, json=body, headers=dict(headers), timeout=600, trust_env=False).status_code != 204:
                time.sleep(1)

        reporting = threading.Thread(target=report, daemon=True)
        reporting.start()
        return reporting

    def _await_end(self, sweep: str, seed: int | None) -> None:
        """Kill now and then; sweep now and then, since a fact may be left in the outbox; until all is stated."""
        dice, next_sweep = random.Random(seed), 0.0
        until = time.monotonic() + _DEADLINE_SECONDS
        while not self._is_over():
            if time.monotonic() > until:
                raise RuntimeError("the export did not end")
            time.sleep(dice.expovariate(1 / _KILL_SECONDS) if seed is not None else 0.5)
            if seed is not None and self._plan().state != EXPORTED:
                self._exporting.kill_one(dice)
            if time.monotonic() > next_sweep:
                tick = wrapped({}, "sweep", f"tick-{time.monotonic():.0f}")
                httpx.post(
                    sweep, content=tick, headers={"content-type": "application/json"}, timeout=300, trust_env=False
                )
                next_sweep = time.monotonic() + _SWEEP_SECONDS

    def _plan(self) -> ExportPlan:
        uri = f"gs://{PROJECT}-landing/{self._manifest}"
        ((key, record),) = EXPORTS.find(FirestoreDocuments(self._client), 2, uri=uri)
        return expect_plan(key, record)

    def _is_over(self) -> bool:
        left = list(OUTBOX.find(FirestoreDocuments(self._client), 1))
        return self._plan().state != PLANNED and not left

    def _judge(self, seconds: float) -> Outcome:
        self._pull()
        rows, largest = self._count_rows()
        finished = [data for kind, data in self._facts if kind == "sales.export.finished.v1"]
        slices = [spent for kind, status, spent in self._exporting.served if kind == _SLICE and status == 204]
        return Outcome(
            seconds=seconds,
            slices=self._plan().slices,
            slowest=max(slices),
            peak_mib=self._exporting.peak_mib,
            largest_mib=largest / 2**20,
            kills=self._exporting.kills,
            kills_at_work=self._exporting.kills_at_work,
            stated=len(finished),
            wrong=find_wrong(rows, self._plan(), finished, self._documents),
        )

    def _pull(self) -> None:
        while True:
            try:
                found = self._clients.subscriber.pull(subscription=_PROBE, max_messages=500, timeout=5)
            except DeadlineExceeded:
                return
            if not found.received_messages:
                return
            for received in found.received_messages:
                self._facts.append((received.message.attributes["ce-type"], json.loads(received.message.data)))
            ids = [received.ack_id for received in found.received_messages]
            self._clients.subscriber.acknowledge(subscription=_PROBE, ack_ids=ids)

    def _count_rows(self) -> tuple[Any, int]:
        """How often each document is in Bronze or in quarantine; the bytes of the largest object and its quarantine."""
        found, largest = np.zeros(self._documents, dtype=np.int64), 0
        for bucket in ("bronze", "quarantine"):
            sizes = [0]
            for blob in self._clients.storage.list_blobs(f"{PROJECT}-{bucket}"):
                data = blob.download_as_bytes()
                sizes.append(len(data))
                np.add.at(found, [int(name[4:]) for name in read_ids(data, bucket)], 1)
            largest += max(sizes)
        return found, largest


def read_ids(data: bytes, bucket: str) -> list[str]:
    if bucket == "quarantine":
        return [json.loads(json.loads(line)["raw"])["id"] for line in data.splitlines()]
    return list(pq.read_table(io.BytesIO(data), columns=["order_id"])["order_id"].to_pylist())


def find_wrong(rows: Any, plan: ExportPlan, finished: list[Any], documents: int) -> str:
    """In words; empty if every document is there once and the export finished once, and said so. Pure."""
    lost, twice = int((rows == 0).sum()), int((rows > 1).sum())
    if lost or twice:
        return f"{lost} documents lost, {twice} more than once"
    if plan.state != EXPORTED:
        return f"the plan is {plan.state}"
    bad = sum(map(is_bad, range(documents)))
    if not finished or any((one["rows"], one["rows_quarantined"]) != (documents, bad) for one in finished):
        return f"finished with {finished}"
    return "" if len({json.dumps(one, sort_keys=True) for one in finished}) == 1 else "finished in several ways"

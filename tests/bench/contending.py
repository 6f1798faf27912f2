"""Two hundred landings a second beside claims and ends of runs: what each waits, with two clocks.

The transactions are the stages' own, through the gateway, against the laptop's Firestore, which locks as the cloud's does.
`python -m tests.bench.contending ADDRESS CLOCK SHARE` is one of the processes that land, and prints its figures.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from google.cloud import firestore

from functions.land_object.stage import record
from functions.start_elt.batching import claim_batch, finish_run
from functions.start_elt.membership import fill_batch
from ripple.deployment.settings import Settings
from ripple.gateways.documents import FirestoreDocuments
from ripple.handling.stating import Cause
from ripple.ports import Transaction
from ripple.state.files import FILES, FileRecord
from ripple.state.head import HEAD
from ripple.wire.events import BronzeObjectLanded, EltRunSucceeded
from ripple.wire.paths import ObjectRef
from tests.bench.measuring import ROOT, Figure, free_port, python, quantile, serving
from tests.functions.fakes import FakeEdge

T = TypeVar("T")
_RATE, _SECONDS, _PROCESSES, _THREADS = 200, 20, 2, 12
_PAUSE = 0.05
"""Seconds between the end of a run and the next claim: a batch of some twenty files each."""
_SETTINGS = Settings(project="bench", elt_runs_per_hour=0)


class Documents(FirestoreDocuments):
    """The gateway; counts how often work runs."""

    tries = 0

    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        def counted(transaction: Transaction, now: dt.datetime) -> T:
            self.tries += 1
            return self.look_first(transaction, lambda: work(transaction, now))

        return super().run(counted)

    def look_first(self, _transaction: Transaction, work: Callable[[], T]) -> T:
        return work()


class ClockOnTheHead(Documents):
    """As it was: every transaction reads `elt/head` for its time, and nothing outside."""

    def _read_time(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def look_first(self, transaction: Transaction, work: Callable[[], T]) -> T:
        transaction.get(HEAD.path)
        return work()


CLOCKS = {"quiet": Documents, "head": ClockOnTheHead}


def measure() -> list[Figure]:
    quiet, head = (_measure_clock(name) for name in CLOCKS)
    return [
        Figure(
            what=f"a claim beside {quiet['rate']:.0f} landings a second, {len(quiet['claims'])} claims",
            measured=f"{_describe(quiet['claims'])}, {quiet['tries'] / len(quiet['claims']):.2f} tries",
            rival=f"clock on `elt/head`: {_describe(head['claims'])}, {head['tries'] / len(head['claims']):.2f} tries",
        ),
        Figure(
            what="a landing's transaction beside them",
            measured=f"{_describe(quiet['landings'])}, {quiet['landing_tries'] / quiet['landed']:.2f} tries",
            rival=f"clock on `elt/head`: {_describe(head['landings'])}, {head['landing_tries'] / head['landed']:.2f} tries",
        ),
        Figure(
            what="a claimed batch's list and marks beside them",
            measured=_describe(quiet["fills"]),
            rival=f"clock on `elt/head`: {_describe(head['fills'])}",
        ),
        Figure(
            what="the end of a run beside them",
            measured=_describe(quiet["ends"]),
            rival=f"clock on `elt/head`: {_describe(head['ends'])}",
        ),
    ]


def _describe(milliseconds: Sequence[float]) -> str:
    return f"p50 {quantile(milliseconds, 0.5):.1f} ms, p99 {quantile(milliseconds, 0.99):.1f} ms"


def _measure_clock(clock: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        words = python("-m", "laptop.firestore", "--port", str(port), "--state", folder)
        with serving(words, port, {}):
            address = f"127.0.0.1:{port}"
            _claim_files(address)
            landers = [_start_lander(address, clock, share) for share in range(_PROCESSES)]
            found: dict[str, Any] = _claim_until(landers, _connect(address, clock))
            parts = [json.loads(lander.communicate()[0]) for lander in landers]
    landings = [seconds for part in parts for seconds in part["landings"]]
    return found | {
        "landings": landings,
        "landed": len(landings),
        "rate": len(landings) / max(part["seconds"] for part in parts),
        "landing_tries": sum(part["tries"] for part in parts),
    }


def _start_lander(address: str, clock: str, share: int) -> subprocess.Popen[str]:
    words = python("-m", "tests.bench.contending", address, clock, str(share))
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _connect(address: str, clock: str) -> Documents:
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    return CLOCKS[clock](firestore.Client(project="bench"))


def _cause(name: str) -> Cause:
    return Cause(event_id=name, correlation_id="bench", time=dt.datetime.now(dt.UTC))


def _claim_until(landers: Sequence[subprocess.Popen[str]], documents: Documents) -> dict[str, Any]:
    """Claim what has landed and end the run, again and again while somebody lands. Milliseconds of what succeeded."""
    claims, fills, ends, tries = list[float](), list[float](), list[float](), 0
    ports = FakeEdge(documents=documents, settings=_SETTINGS)  # type: ignore[arg-type]
    while any(lander.poll() is None for lander in landers):
        time.sleep(_PAUSE)
        before, begun = documents.tries, time.perf_counter()
        started = claim_batch(_cause(f"claim-{len(claims)}"), documents, _SETTINGS)
        if started is None:
            continue
        claims.append(1000 * (time.perf_counter() - begun))
        tries += documents.tries - before
        begun = time.perf_counter()
        fill_batch(started.run, ports)
        fills.append(1000 * (time.perf_counter() - begun))
        ended, begun = _end(started.run.batch, started.run.epoch), time.perf_counter()
        finish_run(ended, _cause(f"end-{len(claims)}"), documents, _SETTINGS)
        ends.append(1000 * (time.perf_counter() - begun))
    return {"claims": claims, "fills": fills, "ends": ends, "tries": tries}


def _end(batch: int, epoch: int) -> EltRunSucceeded:
    names = {"execution": "e", "invocation": "i", "snapshot_uri": "gs://bench/s", "dataset_version": "v"}
    return EltRunSucceeded(batch=batch, epoch=epoch, train_rows=1, test_rows=1, score_rows=1, **names)  # type: ignore[arg-type]


def land_share(address: str, clock: str, share: int) -> dict[str, Any]:
    """This process's landings, each at its moment: the milliseconds of each transaction, the seconds of all."""
    documents = _connect(address, clock)
    documents.get("warm/up")
    begun = time.perf_counter()

    def land_at(number: int) -> float:
        time.sleep(max(0.0, begun + number / _RATE - time.perf_counter()))
        return _land(number, documents)

    with ThreadPoolExecutor(_THREADS) as pool:
        landings = list(pool.map(land_at, range(share, _RATE * _SECONDS, _PROCESSES)))
    return {"landings": landings, "tries": documents.tries, "seconds": time.perf_counter() - begun}


def _land(number: int, documents: Documents) -> float:
    """The transaction in which the stage keeps its verdict. Milliseconds."""
    ref = _ref(number)
    fact = BronzeObjectLanded(
        flow="clickstream", uri=ref.uri, generation=ref.generation, dt="2026-01-01", bytes=1, rows=1, rows_quarantined=0
    )
    begun = time.perf_counter()
    record([fact], ref, _cause(f"land-{number}"), documents)
    return 1000 * (time.perf_counter() - begun)


def _ref(number: int) -> ObjectRef:
    return ObjectRef(bucket="bench-bronze", name=f"clickstream/dt=2026-01-01/{number}.jsonl", generation=number + 1)


def _claim_files(address: str) -> None:
    """What the stage writes before it checks a file: made beforehand, as two cores have no room for it at this rate."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    client = firestore.Client(project="bench")
    for start in range(0, _RATE * _SECONDS, 500):
        batch = client.batch()
        for ref in map(_ref, range(start, min(start + 500, _RATE * _SECONDS))):
            claim = FileRecord(uri=ref.uri, generation=ref.generation, state="claimed", correlation_id="bench")
            batch.set(client.document(FILES.path(ref.key)), FILES.write(claim))
        batch.commit()


if __name__ == "__main__":
    print(json.dumps(land_share(sys.argv[1], sys.argv[2], int(sys.argv[3]))))

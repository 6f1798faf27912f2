"""One small file that goes the whole way after a deployment, and by which it is judged."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed

from cli.provisioning.clients import AdminClients
from cli.tracing import trace_object
from ripple.wire.paths import bronze_name, split_uri

FLOW = "startups"
ROWS = 3
METADATA = "ripple-canary"
STEPS = ("land_object to land it", "start_elt to claim it", "its ELT run to succeed", "its rows in silver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How far a canary has come: the steps that are behind it, whether it will come no further, and what was found."""

    steps: int
    dead: bool
    words: str

    @property
    def passed(self) -> bool:
        return self.steps == len(STEPS)


def canary_uri(project: str, release: int, day: dt.date) -> str:
    """Its day is that of the deployment: an older one would widen the partitions that its batch reads."""
    return f"gs://{project}-bronze/{bronze_name(FLOW, day.isoformat(), f'canary-{release:06d}', 'jsonl')}"


def write_canary(release: int, day: dt.date) -> bytes:
    """Three rows that keep to the contract of `startups`; their ids begin with `canary-`, which every reader leaves out. Pure."""
    return "".join(json.dumps(_row(f"canary-{release:06d}-{number}", day)) + "\n" for number in range(ROWS)).encode()


def _row(name: str, day: dt.date) -> dict[str, Any]:
    return {
        "event_id": name,
        "startup_id": name,
        "event_type": "founded",
        "occurred_at": f"{day}T00:00:00.000Z",
        "ingested_at": f"{day}T00:00:00.000Z",
        "name": "Canary",
        "sector": "ai",
        "country": "US",
        "founded_date": day.isoformat(),
        "stage": "bootstrapped",
        "amount_cents": 0,
        "currency": "USD",
        "investors": [],
        "employee_count": 1,
    }


def drop_canary(clients: AdminClients, uri: str, release: int) -> None:
    """Put it into Bronze, once however often it is asked."""
    bucket, name = split_uri(uri)
    day = dt.date.fromisoformat(name.split("dt=")[1][:10])
    blob = clients.storage.bucket(bucket).blob(name)
    blob.metadata = {METADATA: str(release)}
    with suppress(PreconditionFailed):
        blob.upload_from_string(write_canary(release, day), if_generation_match=0)


def await_canary(
    clients: AdminClients,
    uri: str,
    seconds: float,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> Verdict:
    """Follow the canary until it has passed, cannot pass, or `seconds` are over."""
    until = clock() + seconds
    while True:
        trace = trace_object(clients.environ, uri)
        verdict = judge_canary(trace, _count_rows(clients, uri) if trace.get("run_state") == "done" else 0)
        if verdict.passed or verdict.dead:
            return verdict
        if clock() > until:
            return _expire(verdict, seconds)
        report(f"canary: waits for {STEPS[verdict.steps]}")
        time.sleep(0.3)


def _expire(verdict: Verdict, seconds: float) -> Verdict:
    words = f"after {seconds:.0f} s it still waits for {STEPS[verdict.steps]} ({verdict.words})"
    return Verdict(steps=verdict.steps, dead=True, words=words)


def judge_canary(trace: Mapping[str, Any], rows: int) -> Verdict:
    """By what `ripple where` says of the file, and its rows in silver. Pure."""
    state, batch, run = trace["state"], trace.get("batch"), trace.get("run_state")
    if state == "rejected":
        return Verdict(steps=0, dead=True, words=f"it was rejected: {trace.get('reason')}")
    if state == "parked":
        return Verdict(steps=2, dead=True, words=f"it is parked: {trace.get('reason')}")
    if state != "landed":
        return Verdict(steps=0, dead=False, words=f"it is {state}")
    if not batch:
        return Verdict(steps=1, dead=False, words="it has landed")
    if run != "done":
        reason = f": {trace['run_reason']}" if trace.get("run_reason") else ""
        is_dead = run == "parked" or bool(trace.get("held"))
        return Verdict(steps=2, dead=is_dead, words=f"batch {batch} is {run}{reason}")
    words = f"batch {batch} is done, with {rows} of its {ROWS} rows in silver"
    return Verdict(steps=4 if rows == ROWS else 3, dead=rows != ROWS, words=words)


def _count_rows(clients: AdminClients, uri: str) -> int:
    query = f"SELECT COUNT(*) AS n FROM silver.startup_events WHERE source_uri = '{uri}'"
    try:
        return int(next(iter(clients.bigquery.query_and_wait(query)))["n"])
    except NotFound:
        return 0

"""The main job: publish one tick, then only watch until the model is there, and hold what came out against the truth."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.ledger import read_events
from cli.provisioning.clients import AdminClients
from cli.ticking import publish_tick
from cli.tracing import list_runs
from ripple.deployment.routes import GENERATED_FLOWS
from ripple.deployment.tables import FLOW_TABLES
from ripple.gateways.edge import open_edge
from ripple.state.files import FILES
from ripple.state.ticks import TICKS


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """What world to simulate, and how many seconds to wait at most."""

    window_from: str
    window_to: str
    customers: int
    startups: int
    seed: int
    dirt: float
    timeout_seconds: int


def run_demo(request: DemoRequest, environ: Mapping[str, str], state: Path, console: Console) -> dict[str, Any]:
    """Publish the tick (again, if an earlier demo was interrupted: it acts once) and wait for the last model."""
    began = time.monotonic()
    remember_request(request, state / "demo.json")
    publish_tick(environ, tick_of(request))
    publish_tick(environ, {}, kind="sweep")
    wait_for_model(request, environ, console)
    return collect(environ, time.monotonic() - began)


def remember_request(request: DemoRequest, file: Path) -> None:
    """One world a lake: RuntimeError if this state folder holds another one."""
    wanted = {name: value for name, value in asdict(request).items() if name != "timeout_seconds"}
    held = json.loads(file.read_text()) if file.exists() else wanted
    if held != wanted:
        differing = ", ".join(f"{name} {held.get(name)}" for name in wanted if held.get(name) != wanted[name])
        raise RuntimeError(f"this laptop holds another world ({differing}); start over with --fresh, or use --state")
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(wanted))
    temporary.replace(file)


def tick_of(request: DemoRequest) -> dict[str, Any]:
    """Its scheduled time is the end of the window, so that the same request is the same tick."""
    return {
        "from": request.window_from,
        "to": request.window_to,
        "flows": list(GENERATED_FLOWS),
        "scheduled_at": f"{request.window_to}T00:00:00+00:00",
        "arguments": {
            "customers": request.customers,
            "dirt": request.dirt,
            "seed": request.seed,
            "startups": request.startups,
            "world-from": request.window_from,
        },
    }


def wait_for_model(request: DemoRequest, environ: Mapping[str, str], console: Console) -> None:
    """Return when all flows are in, no run is live, no file waits, and the newest dataset's training has finished."""
    until = time.monotonic() + request.timeout_seconds
    told: set[str] = set()
    with console.status("waiting for the first event") as status:
        while time.monotonic() < until:
            events = read_events(environ, 5000)
            for event in events:
                if event["id"] not in told:
                    told.add(event["id"])
                    console.print(
                        f"  {str(event['time'])[11:19]}  {event['type']:30} {event['subject'][-70:]}", highlight=False
                    )
            pending = find_pending(environ, events)
            if not pending:
                return
            status.update(pending)
            time.sleep(0.5)
    raise TimeoutError(
        f"after {request.timeout_seconds} s it still waits for: {pending}. What it knows: ripple runs, ripple events"
    )


def find_pending(environ: Mapping[str, str], events: list[dict[str, Any]]) -> str:
    """What is still to come, in words; empty when all is done."""
    kinds = {event["type"] for event in events}
    if "sales.export.finished.v1" not in kinds:
        return "generators write, sales are exported"
    documents = open_edge(environ).documents
    active = [batch_id for batch_id, tick in TICKS.find_all(documents) if not _is_done(environ, tick.execution)]
    if active:
        return f"generator jobs: {', '.join(active)}"
    files = [file for _, file in FILES.find_all(documents)]
    waiting = sum(file.state == "claimed" or (file.state == "landed" and file.batch is None) for file in files)
    objects = sum(1 for _ in AdminClients(environ).storage.list_blobs(f"{environ['GOOGLE_CLOUD_PROJECT']}-bronze"))
    if waiting or len(files) < objects:
        return f"{waiting + objects - len(files)} files wait to be landed and claimed"
    runs = list_runs(environ)
    if any(run["state"] not in ("done", "parked") for run in runs):
        return f"ELT batch {runs[0]['batch']}: compile, invoke, poll"
    done = [run for run in runs if run["state"] == "done"]
    if not done:
        raise RuntimeError(f"batch {runs[0]['batch']} is parked: {runs[0]['reason']}; then: ripple replay --batch")
    training = done[0]["training"]
    if training is None or training["superseded"] or (training["train"] and not training["ended"]):
        return "training"
    finished = [event["data"]["job"] for event in events if event["type"] == "training.job.finished.v1"]
    if training["train"] and training["outcome"] in ("failed", "cancelled"):
        raise RuntimeError(f"training {training['outcome']} {training['attempts']} times: {training['ending']}")
    return "" if not training["train"] or training["job"] in finished else "the last fact to reach the ledger"


def _is_done(environ: Mapping[str, str], execution: str | None) -> bool:
    from google.cloud.run_v2 import ExecutionsClient

    from ripple.gateways.transport import rest_client

    if execution is None:
        return False
    client = rest_client(ExecutionsClient, ExecutionsClient.get_transport_class("rest"), environ["RIPPLE_ENDPOINT_RUN"])
    found = client.get_execution(name=execution)
    if found.failed_count:
        raise RuntimeError(f"generator job {execution.rsplit('/', 1)[1]} failed: {found.conditions[0].message[-800:]}")
    return bool(found.completion_time)


def collect(environ: Mapping[str, str], seconds: float) -> dict[str, Any]:
    """What came out: rows a flow, events a type, seconds a stage, the model beside the Bayes optimum."""
    events = read_events(environ, 100_000)
    runs = list_runs(environ)
    finished = [event for event in events if event["type"] == "training.job.finished.v1"]
    last = finished[-1]["data"] if finished else {}
    return {
        "batch": runs[0]["batch"] if runs else None,
        "seconds": round(seconds, 1),
        "events": _count(event["type"] for event in events),
        "flows": {flow: count_flow(environ, flow) for flow in GENERATED_FLOWS},
        "stages": time_stages(events),
        "model": describe_model(last),
    }


def _count(kinds: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))


def count_flow(environ: Mapping[str, str], flow: str) -> dict[str, int]:
    """Rows in, in silver, quarantined and set aside as duplicates, from the warehouse; rows in from the landed facts."""
    files = FILES.find_all(open_edge(environ).documents)
    facts = [file.landed for _, file in files if file.flow == flow and file.state == "landed"]
    query = (
        f"SELECT (SELECT COUNT(*) FROM {FLOW_TABLES[flow][0]}) AS rows_silver, "
        f"(SELECT COUNT(*) FROM silver.rejected_rows WHERE flow = '{flow}') AS rows_quarantined, "
        f"(SELECT COUNT(*) FROM silver.duplicate_rows WHERE flow = '{flow}') AS rows_duplicate"
    )
    row = next(iter(AdminClients(environ).bigquery.query_and_wait(query)))
    return {"rows_in": sum(fact.rows for fact in facts), **dict(row.items()), "objects": len(facts)}


def time_stages(events: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds from the first start to the last end of each stage, from the facts' own times."""
    spans = {
        "generate": ("batch.run.started.v1", "sales.slice.exported.v1"),
        "land": ("batch.run.started.v1", "bronze.object.landed.v1"),
        "elt": ("elt.run.started.v1", "elt.run.succeeded.v1"),
        "train": ("training.job.submitted.v1", "training.job.finished.v1"),
    }
    times: dict[str, list[float]] = {}
    for event in events:
        times.setdefault(event["type"], []).append(event["published_at"].timestamp())
    return {
        stage: round(max(times[last]) - min(times[first]), 1)
        for stage, (first, last) in spans.items()
        if first in times and last in times
    }


def describe_model(finished: Mapping[str, Any]) -> dict[str, Any]:
    """The model beside the theoretical limit; None where it was not measured."""
    metrics = finished.get("metrics", {})
    auc, bayes = metrics.get("auc"), metrics.get("auc_bayes")
    efficiency = (auc - 0.5) / (bayes - 0.5) if auc and bayes else None
    return {
        "auc": auc,
        "auc_bayes": bayes,
        "efficiency": efficiency and round(efficiency, 4),
        "auc_recency": metrics.get("auc_recency"),
        "promoted": finished.get("outcome") == "promoted",
        "version": finished.get("version"),
    }


def summarize(result: Mapping[str, Any], console: Console) -> None:
    """The summary that a person reads."""
    table = Table("flow", "rows in", "silver", "quarantined", "duplicates", "objects", title="Every row accounted for")
    for flow, counts in result["flows"].items():
        table.add_row(flow, *(f"{counts[name]:,}" for name in list(counts)))
    console.print(table)
    stages = ", ".join(f"{stage} {seconds} s" for stage, seconds in result["stages"].items())
    console.print(f"{sum(result['events'].values())} events in {result['seconds']} s: {stages}")
    model = result["model"]
    if model["auc"] is not None:
        console.print(
            f"model {model['version']}: AUC {model['auc']:.4f}, Bayes optimum {model['auc_bayes'] or float('nan'):.4f}, "
            f"efficiency {model['efficiency']}, recency alone {model['auc_recency']:.4f}"
        )
    console.print(
        "look next: ripple runs | ripple events | ripple where gs://... | ripple sql 'SELECT ...' | ripple down"
    )

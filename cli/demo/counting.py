"""Count what came out: rows a flow, events a type, seconds a stage, the model beside the Bayes optimum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cli.demo.gathering import count_rows, read_landed_rows
from cli.ledger import read_events
from cli.tracing import list_runs
from ripple.flows import list_generated

_SPANS = {
    "generate": ("batch.run.started.v1", "sales.slice.exported.v1"),
    "land": ("batch.run.started.v1", "bronze.object.landed.v1"),
    "elt": ("elt.run.started.v1", "elt.run.succeeded.v1"),
    "train": ("training.job.submitted.v1", "training.job.finished.v1"),
}


def count_outcome(environ: Mapping[str, str], seconds: float) -> dict[str, Any]:
    """The demo's result: what `--json` prints."""
    events = read_events(environ, 100_000)
    runs = list_runs(environ)
    finished = [event for event in events if event["type"] == "training.job.finished.v1"]
    return {
        "batch": runs[0]["batch"] if runs else None,
        "seconds": round(seconds, 1),
        "events": dict(sorted(Counter(event["type"] for event in events).items())),
        "flows": count_flows(environ),
        "stages": time_stages(events),
        "model": describe_model(finished[-1]["data"] if finished else {}),
    }


def count_flows(environ: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Rows in by the landed facts, beside where the warehouse has them."""
    landed = read_landed_rows(environ)
    return {flow: _count_flow(environ, flow, landed.get(flow, [])) for flow in list_generated()}


def _count_flow(environ: Mapping[str, str], flow: str, landed: Sequence[int]) -> dict[str, int]:
    return {"rows_in": sum(landed), **count_rows(environ, flow), "objects": len(landed)}


def time_stages(events: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds from the first start to the last end of each stage, from the facts' own times. Pure."""
    times: dict[str, list[float]] = {}
    for event in events:
        times.setdefault(event["type"], []).append(event["published_at"].timestamp())
    return {
        stage: round(max(times[last]) - min(times[first]), 1)
        for stage, (first, last) in _SPANS.items()
        if first in times and last in times
    }


def describe_model(finished: Mapping[str, Any]) -> dict[str, Any]:
    """The model beside the theoretical limit; None where it was not measured. Pure."""
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

"""When the stages were at work: what the demo's wall time holds besides is the choreography's own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from cli.provisioning.clients import AdminClients
from cli.provisioning.sequence import function_env
from ripple.deployment.routes import REPOSITORY

Span = tuple[float, float]
"""Epoch seconds from and to."""


def find_work(environ: Mapping[str, str], state: Path) -> list[Span]:
    """Of generator jobs, function requests (less the time they wait for more files), Dataform and training."""
    parent = AdminClients(environ).parent
    return [
        *_spans(_list(environ, "RUN", f"v2/{parent}/jobs/-/executions", "executions"), "startTime", "completionTime"),
        *_spans(_invocations(environ, parent), "startTime", "endTime"),
        *_spans(_list(environ, "VERTEX", f"v1/{parent}/pipelineJobs", "pipelineJobs"), "startTime", "endTime"),
        *_requests(state / "run" / "logs" / "functions.log"),
    ]


def seconds_of(spans: Iterable[Span], window: Span) -> float:
    """Seconds of the window in which at least one span runs."""
    total, reached = 0.0, window[0]
    for start, end in sorted(spans):
        total += max(0.0, min(end, window[1]) - max(start, reached))
        reached = max(reached, end)
    return total


def _list(environ: Mapping[str, str], service: str, path: str, key: str) -> list[Any]:
    answer = requests.get(f"{environ[f'RIPPLE_ENDPOINT_{service}']}/{path}", timeout=30)
    answer.raise_for_status()
    return list(answer.json().get(key, []))


def _invocations(environ: Mapping[str, str], parent: str) -> Iterator[Mapping[str, Any]]:
    path = f"v1/{parent}/repositories/{REPOSITORY}/workflowInvocations"
    for invocation in _list(environ, "DATAFORM", path, "workflowInvocations"):
        yield invocation["invocationTiming"]


def _spans(found: Iterable[Mapping[str, Any]], start: str, end: str) -> Iterator[Span]:
    for one in found:
        yield _moment(one[start]), _moment(one[end])


def _requests(log: Path) -> Iterator[Span]:
    settle = float(function_env("")["RIPPLE_ELT_SETTLE_SECONDS"])
    for line in log.read_text().splitlines():
        if not line.startswith('{"timestamp"'):
            continue
        said = json.loads(line)
        began, seconds = _moment(said["timestamp"]), float(said["httpRequest"]["latency"].rstrip("s"))
        waited = settle if said["httpRequest"]["requestUrl"] == "/start_elt" and seconds >= settle else 0.0
        yield began + waited, began + seconds


def _moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()

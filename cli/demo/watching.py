"""Watch the facts until the model is there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console

from cli.demo import gathering, pending
from cli.ledger import read_events
from cli.tracing import list_runs

Event = Mapping[str, Any]


def wait_for_model(timeout_seconds: int, environ: Mapping[str, str], console: Console) -> None:
    """Return when all flows are in, no run is live, no file waits, and the newest dataset's training has finished.

    Raises TimeoutError when that takes longer, and RuntimeError when it can't come.
    """
    until = time.monotonic() + timeout_seconds
    shown: set[str] = set()
    awaited = "the first event"
    with console.status(f"waiting for {awaited}") as status:
        while awaited:
            if time.monotonic() > until:
                known = "What it knows: ripple runs, ripple events"
                raise TimeoutError(f"after {timeout_seconds} s it still waits for: {awaited}. {known}")
            events = read_events(environ, 5000)
            for event in _find_new(events, shown):
                console.print(_describe_event(event), highlight=False)
            awaited = find_pending(environ, events)
            status.update(awaited)
            time.sleep(0.5 if awaited else 0)


def find_pending(environ: Mapping[str, str], events: Iterable[Event]) -> str:
    """What is still to come, in words; each step is read only when those before it are done."""
    held = list(events)
    finished = [event["data"]["job"] for event in held if event["type"] == "training.job.finished.v1"]
    return (
        pending.find_pending_export({event["type"] for event in held})
        or pending.find_pending_generators(gathering.read_generator_runs(environ))
        or pending.find_pending_files(gathering.count_files(environ))
        or pending.find_pending_runs(runs := list_runs(environ))
        or pending.find_pending_training(runs, finished)
    )


def _find_new(events: Iterable[Event], shown: set[str]) -> Iterator[Event]:
    for event in events:
        if event["id"] not in shown:
            shown.add(event["id"])
            yield event


def _describe_event(event: Event) -> str:
    return f"  {str(event['time'])[11:19]}  {event['type']:30} {event['subject'][-70:]}"

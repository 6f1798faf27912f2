"""Ticks by hand: the same message that Cloud Scheduler publishes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cli.provisioning.clients import AdminClients
from ripple.flows import list_generated
from ripple.gateways.edge import open_edge
from ripple.state.ticks import TICKS, TickRecord
from ripple.wire.ticks import read_tick


def next_tick(environ: Mapping[str, str], start: str, end: str, flows: Sequence[str] | None) -> dict[str, Any]:
    """The tick's body: the given window, or the month that follows the newest tick, with that tick's arguments.

    PermanentError for one that `start_batch` would refuse.
    """
    last = _last_tick(environ)
    start = start or (last.window_to if last else "2025-11-01")
    first = dt.date.fromisoformat(start)
    following = (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    body: dict[str, Any] = {"from": start, "to": end or following.isoformat(), "flows": list(flows or list_generated())}
    body |= {
        "scheduled_at": f"{body['to']}T00:00:00+00:00",
        "arguments": {k.removeprefix("--"): v for k, v in (last.arguments if last else {}).items()},
    }
    check_tick(body)
    return body


def check_given(start: str, end: str, flows: Sequence[str] | None) -> None:
    """What a person said of a tick, before anything is asked or written; PermanentError says what is wrong with it."""
    check_tick({name: value for name, value in (("from", start), ("to", end), ("flows", flows)) if value})


def check_tick(body: Mapping[str, Any]) -> None:
    """As `start_batch` reads it: PermanentError, before anything is published, for what it would refuse."""
    read_tick(body, dt.date.max)


def _last_tick(environ: Mapping[str, str]) -> TickRecord | None:
    ticks = (tick for _, tick in TICKS.find_all(open_edge(environ).documents))
    return max(ticks, key=lambda tick: tick.window_to, default=None)


def publish_tick(environ: Mapping[str, str], body: Mapping[str, Any], kind: str = "batch") -> str:
    """Publish to `ripple-ticks`; the message's id."""
    clients = AdminClients(environ)
    topic = f"projects/{clients.project}/topics/ripple-ticks"
    return str(clients.publisher.publish(topic, json.dumps(body).encode(), kind=kind).result(30))

"""Read the ledger, `ops.events`: what a Pub/Sub subscription wrote of every fact."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from cli.deploy.clients import AdminClients

Event = dict[str, Any]


def read_events(environ: Mapping[str, str], limit: int) -> list[Event]:
    """The last `limit` facts, oldest first, each once however often it was delivered."""
    query = f"SELECT message_id, publish_time, data, attributes FROM ops.events ORDER BY publish_time DESC LIMIT {int(limit)}"
    rows = list(AdminClients(environ).bigquery.query_and_wait(query))
    # The newest come first, so that of one id the first publishing is what stays, in its place.
    found = {event["id"]: event for event in map(_decode, rows)}
    return sorted(found.values(), key=lambda event: event["published_at"])


def follow_events(environ: Mapping[str, str], pause_seconds: float = 1.0) -> Iterator[Event]:
    """Facts as they come, until interrupted."""
    seen: set[str] = set()
    while True:
        for event in read_events(environ, 1000):
            if event["id"] not in seen:
                seen.add(event["id"])
                yield event
        time.sleep(pause_seconds)


def _decode(row: Mapping[str, Any]) -> Event:
    attributes = json.loads(row["attributes"])
    context = {name.removeprefix("ce-"): value for name, value in attributes.items() if name.startswith("ce-")}
    data = row["data"]
    return {**context, "published_at": row["publish_time"], "data": json.loads(data) if isinstance(data, str) else data}

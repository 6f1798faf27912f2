"""Read the ledger, `ops.events`: what a Pub/Sub subscription wrote of every fact."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

from cli.provisioning.clients import AdminClients

Event = dict[str, Any]
_COLUMNS = "message_id, publish_time, data, attributes"


def read_events(environ: Mapping[str, str], limit: int) -> list[Event]:
    """The last `limit` facts, oldest first, each once however often it was delivered."""
    query = f"SELECT {_COLUMNS} FROM ops.events ORDER BY publish_time DESC LIMIT {int(limit)}"
    return _each_once(map(_decode, AdminClients(environ).bigquery.query_and_wait(query)))


def read_line(environ: Mapping[str, str], correlation_id: str) -> list[Event]:
    """All that was stated on a line, such as a replay's, facts among it that an earlier line had stated before."""
    return _select(environ, "correlationid", correlation_id)


def read_stalled(environ: Mapping[str, str], names: Sequence[str]) -> list[Event]:
    """The data of the `run.stalled.v1` facts about any of `names`, oldest first."""
    facts = [event["data"] for event in _select(environ, "type", "run.stalled.v1")]
    return [fact for fact in facts if isinstance(fact, dict) and fact.get("stalled") in names]


def read_subject(environ: Mapping[str, str], subject: str) -> list[Event]:
    """All facts about one subject, such as `batches/3`, oldest first."""
    return _select(environ, "subject", subject)


def read_types(environ: Mapping[str, str], types: Sequence[str]) -> list[Event]:
    """All facts of some types, oldest first."""
    return [event for one in types for event in _select(environ, "type", one)]


def _select(environ: Mapping[str, str], attribute: str, value: str) -> list[Event]:
    where = f"""JSON_VALUE(attributes, '$."ce-{attribute}"') = @value"""
    query = f"SELECT {_COLUMNS} FROM ops.events WHERE {where} ORDER BY publish_time DESC"
    config = QueryJobConfig(query_parameters=[ScalarQueryParameter("value", "STRING", value)])
    return _each_once(map(_decode, AdminClients(environ).bigquery.query_and_wait(query, job_config=config)))


def _each_once(newest_first: Iterator[Event]) -> list[Event]:
    # Of one id the first publishing is what stays, in its place.
    found = {event["id"]: event for event in newest_first}
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
    """An event as it was published; what is no event, or lacks parts of one, is listed all the same."""
    attributes = json.loads(row["attributes"] or "{}")
    context = {name.removeprefix("ce-"): value for name, value in attributes.items() if name.startswith("ce-")}
    known = {"id": row["message_id"], "type": "no event", "subject": "", "time": row["publish_time"].isoformat()}
    return {**known, **context, "published_at": row["publish_time"], "data": _read_data(row["data"])}


def _read_data(data: Any) -> Any:
    try:
        return json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError):
        return data

"""Rows that a run refused: each kept to its contract's fields at landing, and broke one of its rules in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

from cli.provisioning.clients import AdminClients

# Landing numbers the lines that it refuses; a run knows a row's offset only.
_OF_RUNS = "FROM `silver.rejected_rows` WHERE line IS NULL"
Generation = tuple[str, int]
"""URI and generation of an object."""


def count_refusals(environ: Mapping[str, str]) -> dict[Generation, Counter[str]]:
    """How many rows broke which rule, by object; none before the first run made the table."""
    columns = "source_uri, source_generation, code"
    query = f"SELECT {columns}, COUNT(*) AS count_rows {_OF_RUNS} GROUP BY {columns}"
    found: dict[Generation, Counter[str]] = {}
    for row in _read(environ, query):
        found.setdefault((row["source_uri"], row["source_generation"]), Counter())[row["code"]] = row["count_rows"]
    return found


def read_refusals(environ: Mapping[str, str], generation: Generation, limit: int) -> Sequence[dict[str, Any]]:
    """At most `limit` of an object's rows, as `line`, `offset`, `code`, `field`, `message`, `raw`."""
    uri, number = generation
    wanted = [ScalarQueryParameter("uri", "STRING", uri), ScalarQueryParameter("generation", "INT64", number)]
    columns = "line, `offset`, code, field, message, raw"
    where = "AND source_uri = @uri AND source_generation = @generation"
    query = f"SELECT {columns} {_OF_RUNS} {where} ORDER BY `offset` LIMIT {limit}"
    return [dict(row.items()) for row in _read(environ, query, QueryJobConfig(query_parameters=wanted))]


def _read(environ: Mapping[str, str], query: str, config: QueryJobConfig | None = None) -> Sequence[Any]:
    try:
        return list(AdminClients(environ).bigquery.query_and_wait(query, job_config=config))
    except NotFound as error:
        if "rejected_rows" not in str(error):
            raise
        return []

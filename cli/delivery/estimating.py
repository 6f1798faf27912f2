"""How many bytes an ELT run will read: BigQuery's own dry run of each compiled statement."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound
from google.cloud.bigquery import Client, QueryJobConfig

from cli.delivery.actions import Graph, name_of, records
from ripple.errors import PermanentError

_AT_ONCE = 4
_MOST_NAMED = 10
_ABSENT = re.compile(r"Not found: (Table|Dataset)\b")
_UNKNOWN_COLUMN = re.compile(r"Unrecognized name|not found inside|not found in (FROM|either side)|Referenced column")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """Bytes that the statements of one run read of what is there now; `unknown` names those that no dry run takes yet.

    An estimate: the batch's own objects are not in it, since it is of no batch.
    """

    bytes: int
    statements: int
    unknown: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def estimate_run(client: Client, graph: Graph, changed: Collection[str] = ()) -> RunEstimate:
    """Dry-run every statement that reads: of incremental tables the incremental one.

    PermanentError names each that cannot run, with BigQuery's message. A table that is not there is no fault, nor is a column of one
    of the `changed` tables, which that table gains with its next run.
    """
    queries, reads = list_queries(graph), list_reads(graph)

    def measure(name: str) -> int | GoogleAPICallError:
        config = QueryJobConfig(dry_run=True, use_query_cache=False)
        try:
            return int(client.query(queries[name], job_config=config).total_bytes_processed or 0)
        except GoogleAPICallError as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(zip(queries, pool.map(measure, queries), strict=True))
    errors = {name: answer for name, answer in found.items() if isinstance(answer, GoogleAPICallError)}
    refuse_broken({name: e for name, e in errors.items() if not says_not_yet(e, reads[name] & set(changed))})
    sizes = [answer for answer in found.values() if isinstance(answer, int)]
    return RunEstimate(bytes=sum(sizes), statements=len(found), unknown=tuple(sorted(errors)))


def says_not_yet(error: GoogleAPICallError, changed: Collection[str]) -> bool:
    """Whether a dry run failed for what is not there yet: a table, or a column while tables that it reads change. Pure."""
    message = str(error.message)
    if isinstance(error, NotFound):
        return _ABSENT.search(message) is not None
    return bool(changed) and isinstance(error, BadRequest) and _UNKNOWN_COLUMN.search(message) is not None


def refuse_broken(errors: Mapping[str, GoogleAPICallError]) -> None:
    """PermanentError if there are any. Pure."""
    if errors:
        named = [f"{name}: {error.message}" for name, error in sorted(errors.items())[:_MOST_NAMED]]
        reason = f"{len(errors)} statements cannot run:\n  " + "\n  ".join(named)
        raise PermanentError("sql_refused", reason, "correct the SQL, or try again if BigQuery itself failed")


def list_reads(graph: Graph) -> dict[str, set[str]]:
    """Of each action, itself and what it reads at first hand, by name. Pure."""
    found: dict[str, set[str]] = {}
    for _, body in records(graph):
        own = name_of(body["target"])
        found[own] = {own, *(name_of(target) for target in body.get("dependencyTargets", ()))}
    return found


def list_queries(graph: Graph) -> dict[str, str]:
    """The SELECT of each table, incremental table and assertion, by name. Pure."""
    found: dict[str, str] = {}
    for _, body in records(graph):
        query = body.get("incrementalQuery") or body.get("query")
        if query:
            found[name_of(body["target"])] = query
    return found


def format_bytes(count: int) -> str:
    """`12.3 MB`: decimal, as prices are. Pure."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def summarize(estimate: RunEstimate) -> str:
    """For a person. Pure."""
    text = f"an ELT run reads some {format_bytes(estimate.bytes)} beside its batch's own files"
    if not estimate.unknown:
        return text
    return f"{text}; {len(estimate.unknown)} of {estimate.statements} statements read what is not there yet"

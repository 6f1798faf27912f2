"""How many bytes an ELT run will read: BigQuery's own dry run of each compiled statement."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.bigquery import Client, QueryJobConfig

from cli.delivery.actions import Graph, name_of, records

_AT_ONCE = 4


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


def estimate_run(client: Client, graph: Graph) -> RunEstimate:
    """Dry-run every statement that reads: of incremental tables the incremental one."""
    queries = list_queries(graph)

    def measure(name: str) -> int | None:
        config = QueryJobConfig(dry_run=True, use_query_cache=False)
        try:
            return int(client.query(queries[name], job_config=config).total_bytes_processed or 0)
        except GoogleAPICallError:
            return None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sizes = dict(zip(queries, pool.map(measure, queries), strict=True))
    unknown = tuple(sorted(name for name, size in sizes.items() if size is None))
    return RunEstimate(bytes=sum(size or 0 for size in sizes.values()), statements=len(sizes), unknown=unknown)


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

"""Read what the demo watches and counts: state documents, executions, objects, rows."""

from __future__ import annotations

from collections.abc import Mapping

from cli.demo.pending import FileCounts, GeneratorRun
from cli.provisioning.clients import AdminClients
from ripple.flows import find_flow
from ripple.gateways.edge import open_edge
from ripple.state.files import FILES
from ripple.state.ticks import TICKS


def read_generator_runs(environ: Mapping[str, str]) -> list[GeneratorRun]:
    """One for each tick."""
    ticks = TICKS.find_all(open_edge(environ).documents)
    return [_read_generator_run(environ, batch_id, tick.execution) for batch_id, tick in ticks]


def _read_generator_run(environ: Mapping[str, str], tick: str, execution: str | None) -> GeneratorRun:
    from google.cloud.run_v2 import ExecutionsClient

    from ripple.gateways.transport import rest_client

    if execution is None:
        return GeneratorRun(tick=tick)
    client = rest_client(ExecutionsClient, ExecutionsClient.get_transport_class("rest"), environ["RIPPLE_ENDPOINT_RUN"])
    found = client.get_execution(name=execution)
    return GeneratorRun(
        tick=tick,
        execution=execution.rsplit("/", 1)[1],
        ended=bool(found.completion_time),
        failure=found.conditions[0].message[-800:] if found.failed_count else "",
    )


def count_files(environ: Mapping[str, str]) -> FileCounts:
    """Records first: an object that comes meanwhile is then counted as unrecorded."""
    files = [file for _, file in FILES.find_all(open_edge(environ).documents)]
    unsettled = sum(file.state == "claimed" or (file.state == "landed" and file.batch is None) for file in files)
    objects = AdminClients(environ).storage.list_blobs(f"{environ['GOOGLE_CLOUD_PROJECT']}-bronze")
    return FileCounts(objects=sum(1 for _ in objects), recorded=len(files), unsettled=unsettled)


def read_landed_rows(environ: Mapping[str, str]) -> dict[str, list[int]]:
    """The rows of each landed file, by flow, as its fact states them."""
    rows: dict[str, list[int]] = {}
    for _, file in FILES.find_all(open_edge(environ).documents):
        if file.state == "landed":
            rows.setdefault(file.landed.flow, []).append(file.landed.rows)
    return rows


def count_rows(environ: Mapping[str, str], flow: str) -> dict[str, int]:
    """Rows in silver, quarantined, and set aside as duplicates, from the warehouse."""
    query = (
        f"SELECT (SELECT COUNT(*) FROM {find_flow(flow).tables[0]}) AS rows_silver, "
        f"(SELECT COUNT(*) FROM silver.rejected_rows WHERE flow = '{flow}') AS rows_quarantined, "
        f"(SELECT COUNT(*) FROM silver.duplicate_rows WHERE flow = '{flow}') AS rows_duplicate"
    )
    return dict(next(iter(AdminClients(environ).bigquery.query_and_wait(query))).items())

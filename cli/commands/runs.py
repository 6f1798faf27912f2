"""What ran, what was stated, what the tables hold: runs, why, events, sql."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.command_line import (
    DEFAULT_REGION,
    DEFAULT_STATE,
    Json,
    Project,
    Region,
    State,
    answer,
    app,
    connect,
    fail,
    printable,
    printable_lines,
    refusals,
)

NO_TIMES = {"started_at": None, "ended_at": None, "seconds": None, "attempts": None}
"""Of a batch that the ledger does not know yet."""


@app.command()
def runs(
    state: State = DEFAULT_STATE, project: Project = "", region: Region = DEFAULT_REGION, as_json: Json = False
) -> None:
    """ELT batches: their files, state, and what training made of them."""
    from cli.attempts import read_times
    from cli.tracing import list_runs, summarize_training

    environ = connect(state, project, region)
    with refusals():
        times = read_times(environ)
    found = [run | times.get(run["batch"], NO_TIMES) for run in list_runs(environ)]
    if as_json:
        answer({"runs": found}, True)
        return
    table = Table("batch", "state", "started", "seconds", "attempts", "flows", "files", "dataset", "training", "reason")
    for run in found:
        words = [run["batch"], run["state"], run["started_at"], run["seconds"], run["attempts"]]
        files = f"{run['files']} ({run['parked']} parked)" if run["parked"] else run["files"]
        words += [", ".join(run["flows"]), files, run["dataset_version"]]
        reason = printable(run["reason"] or "") if run["state"] != "done" else ""
        table.add_row(
            *("" if word is None else str(word) for word in words), summarize_training(run["training"]), reason
        )
    Console().print(table)


@app.command()
def why(
    run: str,
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    as_json: Json = False,
) -> None:
    """Why, in a sentence: a batch (`ripple why 3`), a flow, an object, an export, a replay. What is stalled says on whom it waits."""
    from cli.explaining import explain

    with refusals():
        reason = explain(connect(state, project, region), run)
    answer({"run": run, "reason": reason}, as_json, printable_lines(reason))


@app.command()
def events(
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    follow: Annotated[bool, typer.Option(help="Go on as they come.")] = False,
    limit: Annotated[int, typer.Option(help="The last so many.")] = 50,
    replay: Annotated[str, typer.Option(help="All events of one replay, by its id.")] = "",
    as_json: Json = False,
) -> None:
    """The ledger: every fact that was stated."""
    from cli.ledger import follow_events, read_events, read_line

    if follow and replay:
        raise fail("--follow goes on for ever, --replay ends: say one of them", 2)
    environ = connect(state, project, region)
    with refusals():
        found = (
            read_line(environ, replay) if replay else follow_events(environ) if follow else read_events(environ, limit)
        )
        for event in found:
            answer(event, as_json, printable(f"{event['time']}  {event['type']:32} {event['subject']}"))


@app.command()
def sql(
    query: str,
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    max_bytes: Annotated[int, typer.Option(help="Refuse to bill more; 0: RIPPLE_QUERY_BYTES, or 10 GiB.", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Run BigQuery SQL against Ripple's tables. A query that would bill more bytes than it may is refused before it runs."""
    from google.api_core.exceptions import GoogleAPICallError
    from google.cloud.bigquery import QueryJobConfig

    from cli.provisioning.clients import AdminClients

    config = QueryJobConfig(maximum_bytes_billed=max_bytes) if max_bytes else None
    try:
        found = AdminClients(connect(state, project, region)).bigquery.query_and_wait(query, job_config=config)
        rows = [dict(row.items()) for row in found]
    except GoogleAPICallError as error:
        advice = " Raise the limit with --max-bytes." if "limit for bytes billed" in str(error.message) else ""
        raise fail(f"{error.message}{advice}") from error
    if as_json:
        answer({"rows": rows}, True)
        return
    table = Table(*(rows[0] if rows else ["no rows"]))
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console().print(table)

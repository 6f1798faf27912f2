"""Put something into the lake, and find it again: tick, drop, where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    printable_lines,
    refusals,
)
from cli.laptop_control import ROOT
from ripple.errors import PermanentError


@app.command()
def tick(
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    start: Annotated[str, typer.Option("--from", help="First day.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last.")] = "",
    flow: Annotated[list[str] | None, typer.Option(help="Only these flows.")] = None,
    as_json: Json = False,
) -> None:
    """Publish one tick, as Cloud Scheduler would; without dates, the month after the last one."""
    from cli.ticking import check_given, next_tick, publish_tick

    with refusals(code=2):
        check_given(start, end, flow)
    environ = connect(state, project, region)
    with refusals():
        body = next_tick(environ, start, end, flow)
    publish_tick(environ, body)
    answer(body, as_json, f"tick for {body['from']} to {body['to']} published; watch it with: ripple events --follow")


@app.command()
def drop(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    flow: Annotated[str, typer.Option(help="The flow it belongs to.")] = "",
    day: Annotated[str, typer.Option("--dt", help="The day its rows begin, YYYY-MM-DD.")] = "",
    corrects: Annotated[str, typer.Option(help="The quarantine object whose corrected records the file holds.")] = "",
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    as_json: Json = False,
) -> None:
    """Put a file into Bronze, or corrected lines of what is in quarantine; landing, ELT and training follow."""
    from cli.correcting import drop_correction
    from cli.lake import commit_flows, drop_file, expect_deployed, find_release, name_file

    if bool(corrects) == bool(flow and day) or (corrects and (flow or day)):
        raise fail("say --flow and --dt, or --corrects with the URI of a quarantine object", 2)
    with refusals(code=2):
        if flow:
            name_file(file, flow, day)
    environ = connect(state, project, region)
    with refusals():
        release = find_release(environ)
        if flow:
            expect_deployed(flow, release)
        if release is None and not project:
            commit_flows(environ, ROOT)
    try:
        uri = drop_correction(environ, file, corrects) if corrects else drop_file(environ, file, flow, day)
    except (ValueError, FileExistsError, PermanentError) as error:
        raise fail(str(error)) from error
    answer({"uri": uri}, as_json, f"{uri}\nwhere is it? ripple where {uri}")


@app.command()
def where(
    uri: str,
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    as_json: Json = False,
) -> None:
    """Where a Bronze object is on its way: landed, batch, run, tables, training job, or what it waits for. A manifest: its slices."""
    from cli.tracing import trace_object

    trace = trace_object(connect(state, project, region), uri)
    answer(trace, as_json, printable_lines("\n".join(f"{name}: {value}" for name, value in trace.items())))

"""What was refused: quarantine, quarantine show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.command_line import (
    DEFAULT_REGION,
    DEFAULT_STATE,
    Given,
    Json,
    OwnState,
    Project,
    Region,
    State,
    answer,
    app,
    connect,
    console,
    printable,
    refusals,
)

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="quarantine")


@group.callback()
def quarantine(
    context: typer.Context,
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    flow: Annotated[str, typer.Option(help="Only this flow's objects.")] = "",
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")] = "0001-01-01",
    end: Annotated[str, typer.Option("--to", help="The day after the last.")] = "9999-99-99",
    limit: Annotated[int, typer.Option(help="At most so many objects.", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """Objects with rows in quarantine, and objects rejected whole: how many rows by code. The codes: docs/codes.md."""
    context.obj = Given(state, project, region, as_json)
    if context.invoked_subcommand is not None:
        return
    from cli.quarantine import Wanted, list_quarantined

    found = list_quarantined(connect(state, project, region), Wanted(flow=flow, day_from=start, day_to=end), limit)
    if as_json:
        answer({"objects": found}, True)
        return
    table = Table()
    for column in ("object", "state", "rows", "bad", "codes"):
        table.add_column(column, overflow="fold")
    for one in found:
        codes = ", ".join(f"{code} {count}" for code, count in one["codes"].items())
        words = (one["state"], one["rows"], one["rows_quarantined"], codes or one["rejected"])
        table.add_row(printable(one["object"]), *(str(word if word is not None else "") for word in words))
    Console().print(table if found else "nothing is in quarantine")


@group.command()
def show(
    uri: Annotated[str, typer.Argument(metavar="OBJECT", help="A Bronze object, or a quarantine object.")],
    context: typer.Context,
    state: OwnState = None,
    limit: Annotated[int, typer.Option(help="At most so many rows.", min=1)] = 20,
    as_json: Json = False,
) -> None:
    """The rows of an object that landing or a run refused: line, offset, code and raw text, personal data included."""
    from cli.quarantine import show_rows

    given: Given = context.obj
    environ = given.connect(state)
    with refusals():
        found = show_rows(environ, uri, limit)
    answer(found, as_json or given.as_json, describe_rows(uri, found))
    console.print("raw text is what came in: it may hold personal data", style="dim")


def describe_rows(uri: str, found: Mapping[str, Any]) -> str:
    """The rows for a person, and what each code means. Pure."""
    if found.get("rejected"):
        lines = [f"{uri} is rejected: {printable(found['reason'])}"]
    else:
        lines = [] if found["rows"] else [f"nothing of {uri} is in quarantine"]
    for row in found["rows"]:
        # A rule that a run held the row against has no meaning among the codes, and a run knows no lines.
        place = f"byte {row['offset']}" if row["line"] is None else f"line {row['line']}, byte {row['offset']}"
        lines.append(f"{place}: {row['code']}: {printable(row['message'])}")
        lines.append(f"    {printable(row['raw'])}")
    lines += [f"{code}: {said['meaning']} {said['next_step']}" for code, said in sorted(found["codes"].items())]
    return "\n".join(lines)

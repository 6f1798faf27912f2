"""What died: dead-letters, dead-letters show."""

from __future__ import annotations

from typing import Annotated

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
    printable,
    refusals,
)

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="dead-letters")


@group.callback()
def dead_letters(
    context: typer.Context,
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were sent back.")] = False,
    limit: Annotated[int, typer.Option(help="The oldest so many.", min=1, max=1000)] = 100,
    as_json: Json = False,
) -> None:
    """Events that no stage could take: which, at which stage, why, after how many deliveries. Send back: ripple replay --dead-letter."""
    context.obj = Given(state, project, region, as_json)
    if context.invoked_subcommand is not None:
        return
    from cli.dead_letters import list_letters

    with refusals():
        letters = list_letters(connect(state, project, region), limit, everything=everything)
    if as_json:
        answer({"dead_letters": letters}, True)
        return
    table = Table()
    for column in ("id", "died", "stage", "event", "attempts", "reason", "back"):
        table.add_column(column, overflow="fold")
    for letter in letters:
        back = letter["sent_back_by"] or ("can go" if letter["can_be_sent_back"] else "cannot go")
        words = (letter["id"], f"{letter['died_at']:%Y-%m-%d %H:%M}", letter["stage"], letter["event"])
        table.add_row(*map(printable, (*words, str(letter["attempts"]), letter["reason"][:120], back)))
    Console().print(table if letters else "no dead letters")


@group.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID")],
    context: typer.Context,
    state: OwnState = None,
    as_json: Json = False,
) -> None:
    """One dead letter whole, with what its code means. It shows what came in as it came in, personal data included."""
    from cli.dead_letters import show_letter

    given: Given = context.obj
    environ = given.connect(state)
    with refusals():
        found = show_letter(environ, letter)
    text = "\n".join(f"{name}: {printable(str(value))}" for name, value in found.items())
    answer(found, as_json or given.as_json, text)

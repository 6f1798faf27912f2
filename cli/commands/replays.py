"""Repair what the world breaks: replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

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
    console,
    fail,
    refusals,
)


@app.command()
def replay(
    letter: Annotated[str, typer.Argument(help="With --dead-letter: the id of the one to send back.")] = "",
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    uri: Annotated[
        list[str] | None, typer.Option("--object", help="A Bronze object, or a manifest in landing; also several.")
    ] = None,
    flow: Annotated[str, typer.Option(help="A flow's objects, with --from and --to.")] = "",
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last.")] = "",
    batch: Annotated[int, typer.Option(help="Run an ELT batch again; one that is parked is released.")] = 0,
    training: Annotated[int, typer.Option(help="Train on a batch's dataset again.")] = 0,
    dead_letter: Annotated[bool, typer.Option("--dead-letter", help="Send back the dead letter ID, or --all.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="With --dead-letter: all that are open.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would fire and change, and fire nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Announce objects again, run a batch again, train again, or send dead letters back; first say what that fires and changes."""
    from cli.replaying import compose_command

    if dead_letter != (bool(letter) != everything) or (letter and everything):
        raise fail("--dead-letter takes the ID of one, or --all", 2)
    letters = {"ids": [letter]} if letter else {"all": True} if everything else {}
    try:
        command = compose_command(
            uris=uri or [], flow=flow, window=(start, end), batch=batch, training=training, letters=letters
        )
    except ValueError as error:
        raise fail(str(error), 2) from error
    _carry_out(connect(state, project, region), command, dry_run, as_json)


@app.command()
def resume(
    flow: Annotated[str, typer.Option(help="The flow that is held.")],
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    dry_run: Annotated[bool, typer.Option(help="Say what would be tried, and try nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Try a flow now that is held because its SQL fails whatever its files are. It goes on if that passes."""
    _carry_out(connect(state, project, region), {"kind": "resume", "flow": flow}, dry_run, as_json)


@app.command()
def forget(
    state: State = DEFAULT_STATE,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    uri: Annotated[
        list[str] | None, typer.Option("--object", help="All landed generations of a Bronze object; also several.")
    ] = None,
    batch: Annotated[int, typer.Option(help="Every object of an ELT batch.")] = 0,
    key: Annotated[tuple[str, str], typer.Option(help="A flow, and one key of it.", metavar="FLOW KEY")] = ("", ""),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: what is forgotten does not come back.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be taken out, and take out nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take an object, a batch or a key out of every table, for ever: replays and later deliveries obey too. Says first what that takes."""
    from cli.replaying import compose_forgetting, plan

    try:
        command = compose_forgetting(uris=uri or [], batch=batch, key=key)
    except ValueError as error:
        raise fail(str(error), 2) from error
    environ = connect(state, project, region)
    if not (yes or dry_run):
        with refusals():
            console.print("\n".join(plan(environ, command)["words"]), highlight=False)
        typer.confirm("Forget it?", abort=True, err=True)
    _carry_out(environ, command, dry_run, as_json)


def _carry_out(environ: Mapping[str, str], command: Mapping[str, Any], dry_run: bool, as_json: bool) -> None:
    """Say what a command does; unless it is a dry run, publish it and repeat what the function confirms."""
    from cli.replaying import await_confirmation, plan, publish_replay

    with refusals():
        planned = {"replay_id": None, "dry_run": True, **plan(environ, command)}
    if not dry_run:
        try:
            planned = await_confirmation(environ, publish_replay(environ, command))
        except TimeoutError as error:
            raise fail(str(error)) from error
    answer(planned, as_json, "\n".join(planned["words"]))
    after = "a dry run: nothing was fired" if dry_run else f"watch it: ripple events --replay {planned['replay_id']}"
    console.print(after, highlight=False, style="dim")

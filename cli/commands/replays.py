"""Repair what the world breaks: replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
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
    erase: Annotated[
        bool, typer.Option("--erase", help="Out of the buckets as well: sources' objects, checked, quarantine.")
    ] = False,
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
    if erase and key[0]:
        from cli.erasing import expect_column

        with refusals(code=2):
            expect_column(key[0])
    environ = connect(state, project, region)
    if not (yes or dry_run):
        with refusals():
            words = [*plan(environ, command)["words"], *_plan_erasure(environ, command, key[1], erase)["words"]]
        console.print("\n".join(words), highlight=False)
        typer.confirm("Forget it?", abort=True, err=True)
    answer_of = partial(_erase, environ, command, key[1], dry_run) if erase else None
    _carry_out(environ, command, dry_run, as_json, answer_of)


def _plan_erasure(environ: Mapping[str, str], command: Mapping[str, Any], key: str, erase: bool) -> dict[str, Any]:
    """What `--erase` takes out of the buckets, and what it leaves; no words without it."""
    from cli.erasing import as_words, describe, find_remains, plan_erasure

    if not erase:
        return {"words": []}
    found, remains = describe(plan_erasure(environ, command, key)), find_remains(environ, datetime.now(UTC))
    return {**found, **remains, "words": as_words(found, remains)}


def _erase(
    environ: Mapping[str, str], command: Mapping[str, Any], key: str, dry_run: bool, planned: Mapping[str, Any]
) -> dict[str, Any]:
    """The plan of a request with what is erased; it is erased unless this is a dry run."""
    from cli.erasing import await_tombstones, erase, plan_erasure

    if not dry_run:
        await_tombstones(environ, planned["targets"])
    said = _plan_erasure(environ, command, key, True)
    if not dry_run:
        erase(environ, plan_erasure(environ, command, key))
    return {**planned, "erases": said, "words": [*planned["words"], *said["words"]]}


def _carry_out(
    environ: Mapping[str, str],
    command: Mapping[str, Any],
    dry_run: bool,
    as_json: bool,
    go_on: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None,
) -> None:
    """Say what a command does; unless it is a dry run, publish it and repeat what the function confirms. `go_on` does what comes after."""
    from cli.replaying import await_confirmation, plan, publish_replay

    with refusals():
        planned = {"replay_id": None, "dry_run": True, **plan(environ, command)}
    if not dry_run:
        try:
            planned = await_confirmation(environ, publish_replay(environ, command))
        except TimeoutError as error:
            raise fail(str(error)) from error
    if go_on is not None:
        with refusals():
            planned = go_on(planned)
    answer(planned, as_json, "\n".join(planned["words"]))
    after = "a dry run: nothing was fired" if dry_run else f"watch it: ripple events --replay {planned['replay_id']}"
    console.print(after, highlight=False, style="dim")

"""Repair what the world breaks: replay."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cli.command_line import DEFAULT_STATE, Json, State, answer, app, connect, fail


@app.command()
def replay(
    state: State = DEFAULT_STATE,
    uri: Annotated[str, typer.Option("--object", help="One Bronze object.")] = "",
    flow: Annotated[str, typer.Option(help="A flow's objects, with --from and --to.")] = "",
    start: Annotated[str, typer.Option("--from", help="First day.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last.")] = "",
    batch: Annotated[int, typer.Option(help="Run an ELT batch again.")] = 0,
    training: Annotated[int, typer.Option(help="Train on a batch's dataset again.")] = 0,
    dry_run: Annotated[bool, typer.Option(help="Say what would fire, and fire nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Announce objects again, run a batch again, or train again."""
    from cli.replaying import plan_replay, publish_replay

    command: dict[str, Any] = plan_replay(uri, flow, (start, end), batch, training)
    if not command:
        raise fail("say what to replay: --object, --flow with --from and --to, --batch or --training", 2)
    environ = connect(state)
    if not dry_run:
        command |= {"message_id": publish_replay(environ, command)}
    answer(
        command | {"dry_run": dry_run}, as_json, f"{'would replay' if dry_run else 'replaying'} {json.dumps(command)}"
    )

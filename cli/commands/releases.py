"""Go back, look back, take away: rollback, releases, destroy."""

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
    console,
    fail,
    printable,
    refusals,
)
from cli.delivery.opening import (
    Break,
    Destroyable,
    Env,
    Wait,
    Yes,
    confirm,
    interruptible,
    open_environment,
)
from cli.provisioning.sequence import ROOT


@app.command()
def rollback(
    env: Env = "laptop",
    project: Project = "",
    region: Region = DEFAULT_REGION,
    state: State = DEFAULT_STATE,
    to: Annotated[int, typer.Option(help="The release to go back to; the one before if not given.", min=0)] = 0,
    allow_destroy: Destroyable = None,
    canary_seconds: Wait = 0,
    break_lease: Break = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Deploy an earlier release again: its functions, images, workflow, SQLX and pipeline, with a canary."""
    from cli.delivery.releases import find_target
    from cli.delivery.rolling_back import restore

    environment = open_environment(env, state, project, region, allowed=allow_destroy)
    with refusals(), interruptible():
        known = environment.releases.list_all()
        target = find_target(known, to)
        confirm(f"roll {environment.clients.project} back to release {target.number} of {target.began_at}?", yes)
        lease = environment.releases.hold_lease(environment.owner, environment.stamp(), take_over=break_lease)
        with lease, console.status("rolling back") as status:
            release, verdict = restore(environment, target, known[-1].manifest, status.update, canary_seconds)
    result = {"release": release.number, "state": release.state, "restores": target.number, "canary": verdict.words}
    answer(result, as_json, f"release {release.number} is {release.state}; canary: {verdict.words}")
    if not verdict.passed:
        raise typer.Exit(1)


@app.command()
def releases(
    env: Env = "laptop",
    project: Project = "",
    region: Region = DEFAULT_REGION,
    state: State = DEFAULT_STATE,
    as_json: Json = False,
) -> None:
    """Every deployment, newest last: its state, when, by whom, and why it failed if it did."""
    from cli.delivery.reporting import describe_release

    found = open_environment(env, state, project, region).releases.list_all()
    if as_json:
        answer({"releases": [release.to_json() for release in found]}, True)
        return
    table = Table("release", "state", "began", "by", "what", "reason")
    for release in found:
        table.add_row(*map(printable, describe_release(release)))
    Console().print(table if found else "nothing was deployed by ripple deploy yet")


@app.command()
def destroy(
    env: Env = "laptop",
    project: Project = "",
    region: Region = DEFAULT_REGION,
    state: State = DEFAULT_STATE,
    allow_destroy: Destroyable = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take everything away, data included; in prod stateful resources only with --allow-destroy. Says what stays."""
    from cli.delivery.planning import gather_last_inputs

    environment = open_environment(env, state, project, region, allowed=allow_destroy)
    name = environment.clients.project
    if (
        not yes
        and typer.prompt(f"this destroys all that Ripple has in {name}; type the project's name", err=True) != name
    ):
        raise fail("that is not its name; nothing was changed")
    with refusals(), interruptible():
        inputs = gather_last_inputs(environment, ROOT)
        stays = environment.target.destroy(inputs)
    answer(
        {"destroyed": name, "stays": stays},
        as_json,
        "\n".join([f"{name}: all is gone", *(f"stays: {what}" for what in stays)]),
    )

"""Change what is deployed: plan, deploy."""

from __future__ import annotations

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
    console,
    printable_lines,
    refusals,
)
from cli.delivery.opening import (
    Break,
    Destroyable,
    Env,
    Images,
    Root,
    Wait,
    Yes,
    confirm,
    interruptible,
    open_environment,
)
from cli.provisioning.sequence import ROOT


@app.command()
def plan(
    env: Env = "laptop",
    project: Project = "",
    region: Region = DEFAULT_REGION,
    state: State = DEFAULT_STATE,
    checkout: Root = ROOT,
    volume: Annotated[int, typer.Option(help="Files a day, for the estimated cost of a month.", min=0)] = 0,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if anything would change.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What a deployment would change, before anything does: resources, tables, events, contracts, bytes and cost."""
    from cli.delivery.estimating import estimate_run, summarize
    from cli.delivery.monthly_cost import describe_cost, load_model, summarize_cost
    from cli.delivery.planning import make_plan
    from cli.delivery.reporting import describe_plan

    environment = open_environment(env, state, project, region, checkout)
    with refusals(), console.status("comparing"):
        found = make_plan(environment, checkout.absolute())
        estimate = estimate_run(environment.clients.bigquery, found.checkout.graph, found.changes.names("table"))
        month = [describe_cost(volume, load_model())] if volume else []
    estimates = {"run": estimate.to_json(), "month": month[0] if month else None}
    words = "\n  ".join([summarize(estimate), *map(summarize_cost, month)])
    text = f"{printable_lines(describe_plan(found))}\n\nEstimate\n  {words}"
    answer(found.to_json() | {"estimate": estimates}, as_json, text)
    if detailed_exitcode and not found.is_empty:
        raise typer.Exit(2)


@app.command()
def deploy(
    env: Env = "laptop",
    project: Project = "",
    region: Region = DEFAULT_REGION,
    state: State = DEFAULT_STATE,
    checkout: Root = ROOT,
    image: Images = None,
    allow_destroy: Destroyable = None,
    allow_rebuild: Annotated[list[str] | None, typer.Option(help="A table that is in its new shape already.")] = None,
    rollback: Annotated[bool, typer.Option(help="Go back to the release before if the canary fails.")] = True,
    canary_seconds: Wait = 0,
    break_lease: Break = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Deploy a checkout in a safe order, prove it with a canary, and roll back if that fails. Interrupted, the same command goes on."""
    from cli.delivery.deploying import DeploymentRequest, check_plan
    from cli.delivery.deploying import deploy as carry_out
    from cli.delivery.planning import make_plan
    from cli.delivery.reporting import describe_outcome, describe_plan

    environment = open_environment(env, state, project, region, checkout, image, allow_destroy)
    request = DeploymentRequest(
        allow_destroy=allow_destroy or (),
        allow_rebuild=allow_rebuild or (),
        rollback=rollback,
        break_lease=break_lease,
        canary_seconds=canary_seconds,
    )
    with refusals(), interruptible():
        found = make_plan(environment, checkout.absolute())
        check_plan(found, request)
        if found.is_empty:
            answer(
                {"release": found.deployed and found.deployed.number, "state": "unchanged"},
                as_json,
                describe_plan(found),
            )
            return
        console.print(printable_lines(describe_plan(found)), highlight=False, markup=False)
        confirm(f"deploy this to {environment.clients.project}?", yes)
        with console.status("deploying") as status:
            outcome = carry_out(environment, found, request, status.update)
    answer(outcome.to_json(), as_json, describe_outcome(outcome))
    if not outcome.succeeded:
        raise typer.Exit(1)

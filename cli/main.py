"""The `ripple` command: run the laptop, drop and find files, watch events, replay."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli import laptop_control
from cli.deploy.whole import deploy
from ripple.errors import PermanentError

app = typer.Typer(
    no_args_is_help=True,
    help="Ripple: drop a file in the lake and the rest follows.",
    epilog="Exit codes: 0 done, 1 it failed and says why, 2 the command line is wrong, 3 the laptop is not running.",
)
console = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
State = Annotated[Path, typer.Option("--state", envvar="RIPPLE_STATE", help="The laptop's folder.")]
DEFAULT_STATE = Path(".ripple")


def fail(message: str, code: int = 1) -> typer.Exit:
    """Say what went wrong on standard error; the caller raises what this returns."""
    console.print(f"[red]{message}[/red]", highlight=False)
    return typer.Exit(code)


def answer(value: object, as_json: bool, text: str = "") -> None:
    """The one way a command prints its result."""
    sys.stdout.write((json.dumps(value, default=str) if as_json else text) + "\n")


def connect(state: Path) -> dict[str, str]:
    """Point this process's Google clients at the running laptop; exit 3 if there is none."""
    if laptop_control.running_pid(state.absolute()) is None:
        raise fail(f"no laptop runs on {state}; start one with: ripple up", 3)
    environ = laptop_control.environment(laptop_control.read_ports(state.absolute()))
    os.environ.update(environ)
    return environ


@app.command()
def up(
    state: State = DEFAULT_STATE,
    detach: Annotated[bool, typer.Option(help="Run in the background.")] = False,
    one_process_each: Annotated[bool, typer.Option(help="A process for every function, as in production.")] = False,
    fsync: Annotated[bool, typer.Option("--fsync", help="Flush to the disk before each answer.")] = False,
    as_json: Json = False,
) -> None:
    """Start the laptop cloud and deploy everything to it; Ctrl-C stops it."""
    started = ensure_up(state, packed=not one_process_each, redeploy=True, fsync=fsync)
    ports = laptop_control.read_ports(state.absolute())
    answer(
        {"started": started, "ports": ports},
        as_json,
        f"Ripple is up: http://127.0.0.1:{ports['storage']} (ripple status)",
    )
    if not detach and started:
        _wait_for_interrupt(state)


def _wait_for_interrupt(state: Path) -> None:
    import time

    try:
        while laptop_control.running_pid(state.absolute()):
            time.sleep(0.5)
    except KeyboardInterrupt:
        laptop_control.stop(state.absolute())


def ensure_up(state: Path, *, packed: bool = True, redeploy: bool = False, fsync: bool = False) -> bool:
    """Start it unless it runs, deploy unless that is done; whether it was started now."""
    folder = state.absolute()
    started = laptop_control.running_pid(folder) is None
    with console.status("starting the laptop cloud") as status:
        if started:
            laptop_control.start_detached(folder, fsync=fsync)
        environ = connect(state)
        if redeploy or not laptop_control.is_deployed(folder):
            deploy(environ, packed=packed, tell=lambda part: status.update(f"deploying {part}"))
            laptop_control.mark_deployed(folder)
    return started


@app.command()
def down(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Stop the laptop cloud; what it holds stays on disk."""
    stopped = laptop_control.stop(state.absolute())
    answer({"stopped": stopped}, as_json, "stopped" if stopped else "it was not running")


@app.command()
def status(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """What runs where."""
    pid = laptop_control.running_pid(state.absolute())
    ports = laptop_control.read_ports(state.absolute()) if pid else {}
    table = Table("service", "address")
    for name, port in ports.items():
        table.add_row(name, f"127.0.0.1:{port}")
    if not as_json:
        Console().print(table if pid else "not running; start it with: ripple up")
    else:
        answer({"running": pid is not None, "pid": pid, "ports": ports}, True)


@app.command()
def doctor(as_json: Json = False) -> None:
    """What is missing on this machine, and how to get it."""
    from cli.checking import check_machine

    findings = check_machine()
    if as_json:
        answer({"findings": findings}, True)
    for finding in findings if not as_json else ():
        Console().print(f"{'ok ' if finding['ok'] else 'MISSING'}  {finding['what']}: {finding['detail']}")
    if not all(finding["ok"] for finding in findings):
        raise typer.Exit(1)


@app.command()
def demo(
    state: State = DEFAULT_STATE,
    customers: Annotated[int, typer.Option(help="Customers acquired in 12 months.", min=10)] = 5000,
    startups: Annotated[int, typer.Option(help="Startups.", min=1)] = 500,
    start: Annotated[str, typer.Option("--from", help="First day of the world.")] = "2025-11-01",
    end: Annotated[str, typer.Option("--to", help="The day after the last.")] = "2026-11-01",
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 7,
    dirt: Annotated[float, typer.Option(help="Share of dirty rows.", min=0, max=0.05)] = 0.02,
    timeout: Annotated[int, typer.Option(help="Seconds after which it gives up.")] = 600,
    fresh: Annotated[bool, typer.Option("--fresh", help="Stop the laptop and forget all it holds first.")] = False,
    as_json: Json = False,
) -> None:
    """From an empty machine to a trained model: simulate a world, publish one tick, and watch the events do the rest.

    Interrupted at any point, the same command goes on where it was; run again when all is done, it reports.
    """
    from cli.demo import Wish, run_demo, summarize

    wish = Wish(
        window_from=start,
        window_to=end,
        customers=customers,
        startups=startups,
        seed=seed,
        dirt=dirt,
        timeout_seconds=timeout,
    )
    try:
        if fresh:
            laptop_control.clear(state.absolute())
        ensure_up(state)
        result = run_demo(wish, connect(state), state.absolute(), console)
    except (RuntimeError, TimeoutError) as error:
        raise fail(str(error)) from error
    except KeyboardInterrupt as error:
        message = "interrupted; the laptop goes on. ripple demo watches it again, ripple down stops it"
        raise fail(message, 130) from error
    summarize(result, Console())
    if as_json:
        answer(result, True)


@app.command()
def tick(
    state: State = DEFAULT_STATE,
    start: Annotated[str, typer.Option("--from", help="First day.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last.")] = "",
    flow: Annotated[list[str] | None, typer.Option(help="Only these flows.")] = None,
    as_json: Json = False,
) -> None:
    """Publish one tick, as Cloud Scheduler would; without dates, the month after the last one."""
    from cli.ticking import next_tick, publish_tick

    environ = connect(state)
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
    as_json: Json = False,
) -> None:
    """Put a file into Bronze, or corrected lines of what is in quarantine; landing, ELT and training follow."""
    from cli.correcting import drop_correction
    from cli.lake import drop_file

    if bool(corrects) == bool(flow and day):
        raise fail("say --flow and --dt, or --corrects with the URI of a quarantine object", 2)
    environ = connect(state)
    try:
        uri = drop_correction(environ, file, corrects) if corrects else drop_file(environ, file, flow, day)
    except (ValueError, FileExistsError, PermanentError) as error:
        raise fail(str(error)) from error
    answer({"uri": uri}, as_json, f"{uri}\nwhere is it? ripple where {uri}")


@app.command()
def where(uri: str, state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Where a Bronze object is on its way: landed, batch, run, tables, training job, or what it waits for."""
    from cli.tracing import trace_object

    trace = trace_object(connect(state), uri)
    answer(trace, as_json, "\n".join(f"{name}: {value}" for name, value in trace.items()))


@app.command()
def runs(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """ELT batches: their files, state, and what training made of them."""
    from cli.tracing import list_runs, summarize_training

    found = list_runs(connect(state))
    if as_json:
        answer({"runs": found}, True)
        return
    table = Table("batch", "state", "flows", "files", "dataset", "training")
    for run in found:
        words = (run["batch"], run["state"], ", ".join(run["flows"]), run["files"], run["dataset_version"])
        table.add_row(*map(str, words), summarize_training(run["training"]))
    Console().print(table)


@app.command()
def why(run: str, state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Why a run did or did not train, in a sentence: `ripple why 3`."""
    from cli.tracing import explain_run

    reason = explain_run(connect(state), run)
    answer({"run": run, "reason": reason}, as_json, reason)


@app.command()
def events(
    state: State = DEFAULT_STATE,
    follow: Annotated[bool, typer.Option(help="Go on as they come.")] = False,
    limit: Annotated[int, typer.Option(help="The last so many.")] = 50,
    as_json: Json = False,
) -> None:
    """The ledger: every fact that was stated."""
    from cli.ledger import follow_events, read_events

    environ = connect(state)
    for event in follow_events(environ) if follow else read_events(environ, limit):
        answer(event, as_json, f"{event['time']}  {event['type']:32} {event['subject']}")


@app.command()
def sql(query: str, state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Run BigQuery SQL against the laptop's tables."""
    from google.api_core.exceptions import GoogleAPICallError

    from cli.deploy.clients import AdminClients

    try:
        rows = [dict(row.items()) for row in AdminClients(connect(state)).bigquery.query_and_wait(query)]
    except GoogleAPICallError as error:
        raise fail(str(error.message)) from error
    if as_json:
        answer({"rows": rows}, True)
        return
    table = Table(*(rows[0] if rows else ["no rows"]))
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console().print(table)


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


def main() -> None:
    app()


if __name__ == "__main__":
    main()

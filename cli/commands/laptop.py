"""Run the laptop cloud: up, down, status, doctor, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli import laptop_control
from cli.command_line import DEFAULT_STATE, Json, State, answer, app, connect, console, fail, refusals
from cli.laptop_watch import while_laptop_lives
from cli.provisioning.sequence import deploy
from laptop import control
from laptop.settings import LaptopError


@app.command()
def up(
    state: State = DEFAULT_STATE,
    detach: Annotated[bool, typer.Option(help="Run in the background.")] = False,
    one_process_each: Annotated[bool, typer.Option(help="A process for every function, as in production.")] = False,
    fsync: Annotated[bool, typer.Option("--fsync", help="Flush to the disk before each answer.")] = False,
    as_json: Json = False,
) -> None:
    """Start the laptop cloud and deploy everything to it; Ctrl-C stops it."""
    try:
        started = ensure_up(state, packed=not one_process_each, redeploy=True, fsync=fsync)
    except LaptopError as error:
        raise fail(str(error)) from error
    ports = control.read_ports(state.absolute())
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
        while control.running_pid(state.absolute()):
            time.sleep(0.5)
    except KeyboardInterrupt:
        control.stop(state.absolute())


def ensure_up(state: Path, *, packed: bool = True, redeploy: bool = False, fsync: bool = False) -> bool:
    """Start it unless it runs, deploy unless that is done; whether it was started now."""
    folder = state.absolute()
    started = control.running_pid(folder) is None
    with console.status("starting the laptop cloud") as status:
        if started:
            laptop_control.start_detached(folder, fsync=fsync)
        environ = connect(state)
        if redeploy or not laptop_control.is_deployed(folder):

            def report(part: str) -> None:
                status.update(f"deploying {part}")

            while_laptop_lives(folder, lambda: deploy(environ, packed=packed, report=report))
            laptop_control.mark_deployed(folder)
    return started


@app.command()
def down(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Stop the laptop cloud; what it holds stays on disk."""
    stopped = control.stop(state.absolute())
    answer({"stopped": stopped}, as_json, "stopped" if stopped else "it was not running")


@app.command()
def status(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """What runs where."""
    pid = control.running_pid(state.absolute())
    ports = control.read_ports(state.absolute()) if pid else {}
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
    from cli.demo.reporting import print_summary
    from cli.demo.request import DemoRequest, SimulatedWorld, tick_of
    from cli.demo.running import run_demo
    from cli.ticking import check_tick

    world = SimulatedWorld(customers=customers, startups=startups, seed=seed, dirt=dirt)
    request = DemoRequest(window_from=start, window_to=end, world=world, timeout_seconds=timeout)
    with refusals(code=2):
        check_tick(tick_of(request))
    try:
        if fresh:
            control.clear(state.absolute())
        ensure_up(state)
        environ, folder = connect(state), state.absolute()
        result = while_laptop_lives(folder, lambda: run_demo(request, environ, folder, console))
    except (RuntimeError, TimeoutError) as error:
        raise fail(str(error)) from error
    except KeyboardInterrupt as error:
        message = "interrupted; the laptop goes on. ripple demo watches it again, ripple down stops it"
        raise fail(message, 130) from error
    print_summary(result, Console())
    if as_json:
        answer(result, True)

"""The `laptop` command: up, down, status, env."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from laptop import control
from laptop.host import SERVICES
from laptop.hosting import DEFAULT_LOCATION, DEFAULT_PROJECT, DEFAULT_STATE, PipelineImage
from laptop.settings import LaptopError, LaptopSettings, check_settings, read_settings

NOT_RUNNING = 3
app = typer.Typer(
    no_args_is_help=True,
    help="Eleven services of Google Cloud on this machine, for Google's own clients.",
    epilog="Exit codes: 0 done, 1 it failed and says why, 2 the command line is wrong, 3 the laptop is not running.",
)
_errors = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
State = Annotated[Path, typer.Option("--state", envvar="LAPTOP_STATE", help="The folder of all that it holds.")]
Port = Annotated[list[str] | None, typer.Option(metavar="SERVICE=PORT", help="The port it must have; may be repeated.")]
Python = Annotated[
    Path | None, typer.Option(envvar="LAPTOP_PIPELINE_PYTHON", help="A Python that has kfp, for Vertex AI's pipelines.")
]
Variable = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A variable for tasks of pipelines; {vertex} in it becomes its address."),
]


Modules = Annotated[
    Path | None,
    typer.Option(envvar="LAPTOP_NODE_MODULES", help="A folder that npm has filled; Dataform projects may copy it."),
]


@app.command()
def up(
    state: State = DEFAULT_STATE,
    project: Annotated[str, typer.Option(help=f"Its project; the folder's, else {DEFAULT_PROJECT}.")] = "",
    location: Annotated[str, typer.Option(help=f"Its region; the folder's, else {DEFAULT_LOCATION}.")] = "",
    services: Annotated[str, typer.Option(help=f"These only, of {','.join(SERVICES)}.")] = "",
    port: Port = None,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
    fsync: Annotated[bool, typer.Option("--fsync", help="Flush to the disk before each answer.")] = False,
    pipeline_python: Python = None,
    pipeline_env: Variable = None,
    node_modules: Modules = None,
    as_json: Json = False,
) -> None:
    """Start the laptop; Ctrl-C stops it. What it holds stays in its folder."""
    folder = state.absolute()
    last = read_settings(folder) or LaptopSettings()
    wanted = LaptopSettings(
        project=project or last.project,
        location=location or last.location,
        services=_order(services.split(",")) if services else SERVICES,
        fixed_ports={name: _read_port(number) for name, number in _split_pairs(port or []).items()},
        fsync=fsync,
        pipelines=PipelineImage(
            python=str((pipeline_python or Path(sys.executable)).absolute()), env=_split_pairs(pipeline_env or [])
        ),
        node_modules=str(node_modules.absolute()) if node_modules else "",
    )
    with _refusals():
        started = _start(folder, wanted, asked=services)
    with _stopped_by_interrupt(folder) if started and not detach else nullcontext():
        if as_json:
            _print_json({"started": started, "ports": control.read_ports(folder)})
        else:
            _print_ports(control.read_ports(folder))
            sys.stdout.write(f'to lead Google\'s clients here: eval "$(laptop env{_state_option(state)})"\n')
        sys.stdout.flush()


def _start(folder: Path, wanted: LaptopSettings, asked: str) -> bool:
    """Whether it was started now; False if it runs, and runs all services that were asked for."""
    if control.running_pid(folder) is not None:
        running = read_settings(folder) or LaptopSettings()
        check_settings(wanted, running)
        if asked and (missing := [name for name in wanted.services if name not in running.services]):
            raise LaptopError(f"it runs without {missing[0]}; stop it first: laptop down")
        return False
    before = control.read_ports(folder)
    with _errors.status("starting the laptop"):
        control.start_detached(folder, wanted)
    for name, now in control.read_ports(folder).items():
        if before.get(name, now) != now and name not in wanted.fixed_ports:
            _say(f"{name} moved to port {now}: another program has {before[name]}")
    return True


@contextmanager
def _stopped_by_interrupt(folder: Path) -> Iterator[None]:
    """After the block, wait for Ctrl-C or SIGTERM, which stop the laptop, or until someone else has stopped it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
        while control.running_pid(folder):
            time.sleep(0.5)
    except KeyboardInterrupt:
        control.stop(folder)


@app.command()
def down(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Stop the laptop; what it holds stays in its folder."""
    stopped = control.stop(state.absolute())
    if as_json:
        _print_json({"stopped": stopped})
    else:
        sys.stdout.write("stopped\n" if stopped else "it was not running\n")


@app.command()
def status(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """What runs where; exit code 3 if nothing does."""
    folder = state.absolute()
    pid = control.running_pid(folder)
    settings = read_settings(folder) or LaptopSettings()
    ports = control.read_ports(folder) if pid else {}
    if as_json:
        named = {"project": settings.project, "location": settings.location, "state": str(folder)}
        _print_json({"running": pid is not None, "pid": pid, **named, "ports": ports})
    elif pid:
        sys.stdout.write(f"project {settings.project} in {settings.location}, state in {folder}\n")
        _print_ports(ports)
    if not pid:
        raise _fail_not_running(state)


@app.command()
def env(state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Print what leads Google's clients to the laptop, for a shell: eval "$(laptop env)"."""
    folder = state.absolute()
    if control.running_pid(folder) is None:
        raise _fail_not_running(state)
    named = control.environment(folder)
    if as_json:
        _print_json(named)
    else:
        sys.stdout.write("".join(f"export {name}={shlex.quote(value)}\n" for name, value in named.items()))


@app.command("test-dataform")
def unit_test(
    project: Annotated[Path, typer.Argument(help="The folder of a Dataform project.")],
    bigquery: Annotated[str, typer.Option(metavar="HOST:PORT", help="One that runs; else one is started.")] = "",
    var: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A compilation variable.")] = None,
    node_modules: Modules = None,
    as_json: Json = False,
) -> None:
    """Run a Dataform project's unit tests; exit code 1 if one fails, 2 if it has none or does not compile."""
    from laptop.dataform_tests import run_project_tests

    try:
        outcomes = run_project_tests(project, bigquery, _split_pairs(var or []), node_modules)
    except ValueError as error:
        _say(str(error))
        raise typer.Exit(2) from error
    if as_json:
        _print_json({outcome.name: outcome.problem for outcome in outcomes})
    else:
        lines = (f"{'FAILED' if one.problem else 'passed'} {one.name} {one.problem}".rstrip() for one in outcomes)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    raise typer.Exit(2 if not outcomes else any(outcome.problem for outcome in outcomes))


def _order(names: Sequence[str]) -> list[str]:
    """In the order in which they start; names of no service come last, for the check to refuse."""
    given = [name.strip() for name in names]
    return [name for name in SERVICES if name in given] + [name for name in given if name not in SERVICES]


def _split_pairs(pairs: Sequence[str]) -> dict[str, str]:
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise typer.BadParameter(f"{wrong[0]} is not NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def _read_port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise typer.BadParameter(f"{text} is no port")
    return int(text)


def _state_option(state: Path) -> str:
    return "" if state == DEFAULT_STATE else f" --state {shlex.quote(str(state))}"


def _print_json(value: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


def _print_ports(ports: Mapping[str, int]) -> None:
    table = Table("service", "address")
    for name, port in ports.items():
        table.add_row(name, f"127.0.0.1:{port}")
    Console().print(table)


def _say(message: str) -> None:
    _errors.print(message, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be done ends the command with its reason."""
    try:
        yield
    except LaptopError as error:
        _say(str(error))
        raise typer.Exit(1) from error


def _fail_not_running(state: Path) -> typer.Exit:
    _say(f"no laptop runs on {state}; start one with: laptop up{_state_option(state)}")
    return typer.Exit(NOT_RUNNING)


def main() -> None:
    app()

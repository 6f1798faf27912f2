"""What every command shares: the app, how it answers and fails, how it finds the laptop."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli import laptop_control
from ripple.errors import PermanentError

app = typer.Typer(
    no_args_is_help=True,
    help="Ripple: drop a file in the lake and the rest follows.",
    epilog="Exit codes: 0 done, 1 it failed and says why, 2 the command line is wrong, 3 the laptop is not running.",
)
console = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
State = Annotated[Path, typer.Option("--state", envvar="RIPPLE_STATE", help="The laptop's folder.")]
OwnState = Annotated[Path | None, typer.Option("--state", help="The laptop's folder; its group's if not given.")]
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
    return environ | {name: os.environ[name] for name in ("RIPPLE_QUERY_BYTES",) if name in os.environ}


@contextmanager
def refusals() -> Iterator[None]:
    """What can never work, or would bill too much, fails the command with its reason and the next step."""
    from google.api_core.exceptions import GoogleAPICallError

    try:
        yield
    except PermanentError as error:
        raise fail(str(error)) from error
    except GoogleAPICallError as error:
        if "limit for bytes billed" not in str(error.message):
            raise
        raise fail(f"{error.message} RIPPLE_QUERY_BYTES sets the limit.") from error


@dataclass(frozen=True, slots=True)
class Given:
    """Options of a group of commands, which its commands take over."""

    state: Path
    as_json: bool


def printable(text: str) -> str:
    """Text from outside with its control characters spelled out: it must not steer the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)

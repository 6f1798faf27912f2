"""What every command shares: the app, how it answers and fails, how it finds the laptop."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from cli import laptop_control
from cli.crashing import DEBUG, describe_crash, find_folder, keep_traceback
from laptop import control
from ripple.errors import PermanentError, RetryableError

DEFAULT_STATE = Path(".ripple")


class Commands(TyperGroup):
    """The group of all commands: what nobody foresaw ends in one sentence."""

    def main(self, args: Sequence[str] | None = None, *given: Any, **named: Any) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        try:
            return super().main(args, *given, **named)
        except Exception as error:
            if "--debug" in words or os.environ.get(DEBUG):
                raise
            folder = find_folder(words, os.environ, DEFAULT_STATE)
            fail(describe_crash(error, keep_traceback(error, words, dt.datetime.now(dt.UTC), folder)))
            sys.exit(1)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Ripple: drop a file in the lake and the rest follows.",
    epilog="Exit codes: 0 done, 1 it failed and says why, 2 the command line is wrong (plan --detailed-exitcode: there are changes), "
    "3 the laptop is not running, 4 no credentials for the project, 130 interrupted. An unforeseen error is one sentence, with its "
    "traceback in a file; ripple --debug COMMAND, or RIPPLE_DEBUG=1, shows it.",
)
console = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
State = Annotated[Path, typer.Option("--state", envvar="RIPPLE_STATE", help="The laptop's folder.")]
OwnState = Annotated[Path | None, typer.Option("--state", help="The laptop's folder; its group's if not given.")]
Project = Annotated[
    str, typer.Option("--project", envvar="RIPPLE_PROJECT", help="A project of Google Cloud, instead of the laptop.")
]
Region = Annotated[str, typer.Option("--region", envvar="RIPPLE_REGION", help="With --project: its region.")]
DEFAULT_REGION = "us-central1"


@app.callback()
def ripple(
    _debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unforeseen error.")] = False,
) -> None:
    """What all commands take."""


def fail(message: str, code: int = 1) -> typer.Exit:
    """Say what went wrong on standard error; the caller raises what this returns."""
    # Unwrapped and unread: a command in it must be copied whole, and `bucket["gold"]` is no style.
    console.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(code)


def answer(value: object, as_json: bool, text: str = "") -> None:
    """The one way a command prints its result."""
    sys.stdout.write((json.dumps(value, default=str) if as_json else text) + "\n")


def connect(state: Path, project: str = "", region: str = DEFAULT_REGION) -> dict[str, str]:
    """Point this process's Google clients at `project`, or without one at the running laptop; what the environment then says.

    Exits 3 if there is no laptop, 4 if there are no application-default credentials.
    """
    environ = address_project(os.environ, project, region) if project else _address_laptop(state.absolute())
    if project:
        _expect_credentials(environ)
    os.environ.update(environ)
    return environ | {name: os.environ[name] for name in ("RIPPLE_QUERY_BYTES",) if name in os.environ}


def _address_laptop(state: Path) -> dict[str, str]:
    if control.running_pid(state) is None:
        raise fail(f"no laptop runs on {state}; start one with: ripple up, or name a project with --project", 3)
    return laptop_control.environment(control.read_ports(state))


def address_project(environ: Mapping[str, str], project: str, region: str) -> dict[str, str]:
    """What names a project to clients and settings, and the endpoints that `environ` names instead of Google's own. Pure."""
    named = {name: value for name, value in environ.items() if name.startswith("RIPPLE_ENDPOINT_")}
    named |= {name: value for name, value in environ.items() if name.endswith("_EMULATOR_HOST")}
    return named | {"GOOGLE_CLOUD_PROJECT": project, "RIPPLE_LOCATION": region}


def _expect_credentials(environ: Mapping[str, str]) -> None:
    """Without endpoints of its own, a project is reached with application-default credentials only."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    if "STORAGE_EMULATOR_HOST" in environ:
        return
    try:
        google.auth.default()
    except DefaultCredentialsError as error:
        raise fail(f"no credentials: {error}; run: gcloud auth application-default login", 4) from None


@contextmanager
def refusals(code: int = 1) -> Iterator[None]:
    """What cannot work, or would bill too much, fails the command with its reason and the next step."""
    from google.api_core.exceptions import GoogleAPICallError

    try:
        yield
    except (PermanentError, RetryableError) as error:
        raise fail(str(error), code) from error
    except GoogleAPICallError as error:
        if "limit for bytes billed" not in str(error.message):
            raise
        raise fail(f"{error.message} RIPPLE_QUERY_BYTES sets the limit.") from error


@dataclass(frozen=True, slots=True)
class Given:
    """Options of a group of commands, which its commands take over."""

    state: Path
    project: str
    region: str
    as_json: bool

    def connect(self, state: Path | None) -> dict[str, str]:
        """As `connect`, with the group's options; `state` is the command's own."""
        return connect(state or self.state, self.project, self.region)


def printable(text: str) -> str:
    """Text from outside with its control characters spelled out: it must not steer the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def printable_lines(text: str) -> str:
    """As `printable`, but for the ends of its lines."""
    return "\n".join(map(printable, text.split("\n")))

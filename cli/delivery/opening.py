"""Where to deliver to, and what the commands of delivery share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from google.api_core.exceptions import GoogleAPICallError

from cli.command_line import connect, fail
from cli.delivery.checkout import IMAGES
from cli.delivery.environments import NAMES, Environment, name_owner
from cli.delivery.targets import DeliveryTarget
from cli.provisioning.clients import AdminClients
from cli.provisioning.sequence import ROOT

Env = Annotated[str, typer.Option("--env", help="laptop, or dev or prod of a project: `infra/envs/`.")]
Root = Annotated[Path, typer.Option("--checkout", help="The checkout to deploy; the one this command is from.")]
Images = Annotated[
    list[str] | None, typer.Option("--image", help="NAME=REFERENCE@sha256:... built elsewhere: generators, pipelines.")
]
Destroyable = Annotated[
    list[str] | None, typer.Option("--allow-destroy", help="Address of a stateful resource that may go.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]
Wait = Annotated[
    float, typer.Option("--canary-seconds", help="How long the canary may take; 0 for the environment's own.")
]
Break = Annotated[bool, typer.Option("--break-lease", help="Take the lease of a deployment that is dead.")]


def open_environment(
    name: str,
    state: Path,
    project: str,
    region: str,
    root: Path = ROOT,
    images: list[str] | None = None,
    allowed: list[str] | None = None,
) -> Environment:
    """Connect to where `--env` and `--project` say; exit 2 if they do not fit together. `root` keeps what a project's delivery caches."""
    if name not in NAMES:
        raise fail(f"--env is one of {', '.join(NAMES)}, not {name!r}", 2)
    if (name == "laptop") == bool(project):
        raise fail("--env laptop takes no --project" if project else f"--env {name} needs --project", 2)
    clients = AdminClients(connect(state, project, region))
    work = (state.absolute() if name == "laptop" else root.absolute() / "build") / "delivery"
    return Environment(
        name=name,
        clients=clients,
        target=_open_target(name, clients, state, work, read_images(images or []), allowed or []),
        work=work,
        now=lambda: dt.datetime.now(dt.UTC),
        owner=name_owner(),
    )


def _open_target(
    name: str, clients: AdminClients, state: Path, work: Path, images: dict[str, str], allowed: list[str]
) -> DeliveryTarget:
    from cli.delivery.cloud_target import CloudTarget
    from cli.delivery.laptop_target import LaptopTarget

    if name == "laptop":
        return LaptopTarget(state.absolute(), clients)
    data = work / "terraform" / name
    return CloudTarget(name=name, clients=clients, data=data, builder=_cloud_build, given=images, allowed=allowed)


def read_images(images: list[str]) -> dict[str, str]:
    """`--image NAME=REFERENCE@sha256:...` by name; exit 2 for any other."""
    given = dict(image.partition("=")[::2] for image in images)
    wrong = [
        f"{name}={reference}" for name, reference in given.items() if name not in IMAGES or "@sha256:" not in reference
    ]
    if wrong:
        raise fail(f"--image is NAME=REFERENCE@sha256:DIGEST of {' or '.join(IMAGES)}, not {', '.join(wrong)}", 2)
    return given


def _cloud_build() -> Any:
    from google.cloud.devtools.cloudbuild_v1 import CloudBuildClient

    return CloudBuildClient()


def confirm(question: str, yes: bool) -> None:
    """Go on only if a person says so."""
    if not yes and not typer.confirm(question, err=True):
        raise fail("nothing was changed")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C leaves a state from which the same command goes on, and says so."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise fail("interrupted; the same command goes on where it was, ripple rollback goes back", 130) from error
    except GoogleAPICallError as error:
        raise fail(f"{error.message}; fix it, and the same command goes on where it was") from error

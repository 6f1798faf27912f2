"""Where to deploy: the laptop, or a project under `dev` or `prod`."""

from __future__ import annotations

import datetime as dt
import getpass
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.delivery.releases import Releases
from cli.delivery.targets import DeliveryTarget
from cli.provisioning.clients import AdminClients

NAMES = ("laptop", "dev", "prod")
CANARY_SECONDS = {"laptop": 180.0, "dev": 1200.0, "prod": 1200.0}
"""An ELT run takes two minutes in a project, and a batch that fails is tried three times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`work` is a folder for archives and caches; `now` and `owner` say when and by whom."""

    name: str
    clients: AdminClients
    target: DeliveryTarget
    work: Path
    now: Callable[[], dt.datetime]
    owner: str

    @property
    def releases(self) -> Releases:
        return Releases(self.clients.storage.bucket(f"{self.clients.project}-models"))

    def stamp(self) -> str:
        return self.now().isoformat(timespec="seconds")


def name_owner() -> str:
    """Who deploys, for those who meet the lease."""
    return f"{getpass.getuser()}@{socket.gethostname()}"

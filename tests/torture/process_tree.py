"""A laptop of its own: its processes by kind, started again when its supervisor is gone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cli.laptop_control import PROJECT, environment, is_deployed, start_detached
from cli.provisioning.clients import AdminClients
from laptop.control import read_ports, running_pid, stop
from laptop.tests.processes import LaptopProcesses
from ripple.deployment.routes import PEPPER

ROOT = Path(__file__).parents[2]


@dataclass(slots=True, kw_only=True)
class ProcessTree(LaptopProcesses):
    """A laptop with Ripple on it."""

    starts: int = 0
    kinds: ClassVar[dict[str, str]] = {**LaptopProcesses.kinds, "-m generators.": "generator"}

    def ensure_up(self) -> None:
        """Start it if it does not run, and deploy to it if that never came to its end; tried until it works."""
        for attempt in range(20):
            try:
                if running_pid(self.state) is None:
                    self.starts += 1
                    start_detached(self.state, 120)
                os.environ.update(environment(read_ports(self.state)))
                if not is_deployed(self.state):
                    self.deploy()
                return
            except (RuntimeError, subprocess.SubprocessError, OSError, ValueError):
                if attempt == 19:
                    raise
                time.sleep(1)

    def make_pepper(self) -> None:
        """Version 1 of the pepper, known beforehand: what is made before the laptop is there must join what it makes."""
        secrets = AdminClients(environment(read_ports(self.state))).secrets
        parent = f"projects/{PROJECT}"
        secrets.create_secret(parent=parent, secret_id=PEPPER, secret={"replication": {"automatic": {}}})
        made = secrets.add_secret_version(parent=f"{parent}/secrets/{PEPPER}", payload={"data": b"torture!" * 4})
        os.environ["PEPPER_SECRET"] = made.name

    def deploy(self) -> None:
        words = [sys.executable, "-m", "cli.main", "up", "--state", str(self.state), "--detach"]
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=300)

    def restart(self) -> None:
        """As `ripple down` and `ripple up`."""
        stop(self.state)
        self.ensure_up()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.starts += 1
        start_detached(self.state, 120)
        try:
            self.make_pepper()
            self.ensure_up()
            yield
        finally:
            stop(self.state)

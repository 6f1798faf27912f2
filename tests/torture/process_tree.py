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

import psutil

from cli.laptop_control import PROJECT, environment, is_deployed, read_ports, running_pid, start_detached, stop
from cli.provisioning.clients import AdminClients
from ripple.deployment.routes import PEPPER

ROOT = Path(__file__).parents[2]
KINDS = {
    "laptop_control": "supervisor",
    "--services storage": "edge",
    "--services bigquery": "warehouse",
    "laptop.run.packed": "functions",
    "-m generators.": "generator",
    "run_spec": "training",
}


@dataclass(slots=True, kw_only=True)
class ProcessTree:
    """`state` is absolute and ends in a name that is no one else's: by it and its mark the processes are known."""

    state: Path
    starts: int = 0

    def members(self) -> list[tuple[str, psutil.Process]]:
        """`(kind, process)` of all that belong to this laptop and live, orphans included."""
        return [(kind, process) for process in psutil.process_iter() if (kind := self._kind_of(process))]

    def _kind_of(self, process: psutil.Process) -> str:
        try:
            line = " ".join(process.cmdline())
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                return ""
            if str(self.state) not in line and str(self.state) not in process.environ().get("LAPTOP_OWNER", ""):
                return ""
        except (psutil.Error, OSError):
            return ""
        return next((kind for fragment, kind in KINDS.items() if fragment in line), "other")

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

    def leftovers(self) -> list[str]:
        """What still runs a moment after `stop`."""
        until = time.monotonic() + 10
        while (found := self.members()) and time.monotonic() < until:
            time.sleep(0.2)
        return [f"{kind} {process.pid}" for kind, process in found]

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

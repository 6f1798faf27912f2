"""Start, find and stop the laptop cloud of a state folder."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from laptop.files import write_whole
from laptop.supervisor import PID_FILE, PORTS_FILE, Laptop, choose_ports, evict_packs, supervise

PROJECT = "ripple-laptop"
LOCATION = "us-central1"
LOCK_FILE = "supervisor.lock"
DEPLOYED_FILE = "deployed.json"


def environment(ports: Mapping[str, int]) -> dict[str, str]:
    """What points Google's clients, and Ripple's settings, at the laptop."""
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    named = {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "RIPPLE_LOCATION": LOCATION,
        "STORAGE_EMULATOR_HOST": f"http://{at['storage']}",
        "PUBSUB_EMULATOR_HOST": at["pubsub"],
        "FIRESTORE_EMULATOR_HOST": at["firestore"],
        "BIGQUERY_EMULATOR_HOST": f"http://{at['bigquery']}",
    }
    others = ("run", "workflows", "executions", "dataform", "vertex", "secrets", "eventarc", "scheduler", "bigquery")
    return named | {f"RIPPLE_ENDPOINT_{name.upper()}": f"http://{at[name]}" for name in others}


def running_pid(state: Path) -> int | None:
    """The supervisor's process id, if it lives."""
    try:
        pid = int((state / PID_FILE).read_text())
        return pid if "laptop" in " ".join(psutil.Process(pid).cmdline()) else None
    except (OSError, ValueError, psutil.Error):
        return None


def read_ports(state: Path) -> dict[str, int]:
    return {name: int(port) for name, port in json.loads((state / PORTS_FILE).read_text()).items()}


def start_detached(state: Path, timeout_seconds: float = 60, *, fsync: bool = False) -> None:
    """Start the laptop in the background and return when it is ready; RuntimeError points at its log."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.laptop_control", str(state), *(["--fsync"] if fsync else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + timeout_seconds
    while running_pid(state) is None:
        if process.poll() or time.monotonic() > until:
            raise RuntimeError(f"the laptop did not start; see {state}/supervisor.log, edge.log and warehouse.log")
        time.sleep(0.05)


def stop(state: Path) -> bool:
    """Stop the laptop and wait until it has; False if it was not running."""
    pid = running_pid(state)
    if pid is None:
        return False
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 30
    while _lives(process):
        if time.monotonic() > until:
            process.kill()
        time.sleep(0.02)
    return True


def _lives(process: psutil.Process) -> bool:
    """A zombie does not: its parent may be at work elsewhere and take no note of it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def serve(state: Path, *, fsync: bool = False) -> None:
    """Run the laptop in this process until it is told to stop; at once over if another process serves this folder."""
    with (state / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        evict_packs(state)
        write_environment(state, ports := choose_ports(state))
        asyncio.run(supervise(Laptop(state=state, project=PROJECT, location=LOCATION, ports=ports, fsync=fsync)))


def is_deployed(state: Path) -> bool:
    """Whether a deployment to this laptop, at the addresses it has now, came to its end."""
    marker = state / DEPLOYED_FILE
    return marker.exists() and marker.read_text() == (state / PORTS_FILE).read_text()


def mark_deployed(state: Path) -> None:
    write_whole(state / DEPLOYED_FILE, (state / PORTS_FILE).read_text())


def clear(state: Path) -> None:
    """Forget everything: stop the laptop and remove its folder."""
    stop(state)
    shutil.rmtree(state, ignore_errors=True)


def write_environment(state: Path, ports: Mapping[str, int]) -> None:
    """`STATE/env`: lines that a shell or another tool can read."""
    state.mkdir(parents=True, exist_ok=True)
    write_whole(state / "env", "".join(f"{name}={value}\n" for name, value in environment(ports).items()))


if __name__ == "__main__":
    serve(Path(sys.argv[1]).absolute(), fsync="--fsync" in sys.argv)

"""Start, find and stop the laptop of a state folder. Folders are given as absolute paths."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from laptop.addresses import client_environment
from laptop.settings import LaptopError, LaptopSettings, check_settings, read_settings
from laptop.supervisor import CODE, PID_FILE, last_line, read_all_ports

SUPERVISOR = "supervisor"
_STOP_SECONDS = 30


def running_pid(state: Path) -> int | None:
    """The supervisor's process id, if it lives and all its services listen."""
    try:
        pid = int((state / PID_FILE).read_text())
        return pid if "laptop.supervisor" in psutil.Process(pid).cmdline() else None
    except (FileNotFoundError, NotADirectoryError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        # A file that may not be read says nothing about a laptop: a second one must not start beside it.
        return None


def read_ports(state: Path) -> dict[str, int]:
    """`{service: port}` of what was last started; `executions` is the gRPC port of `workflows`."""
    ports, settings = read_all_ports(state), read_settings(state) or LaptopSettings()
    return {name: ports[name] for name in settings.listeners if name in ports}


def environment(state: Path) -> dict[str, str]:
    """What leads Google's clients to the folder's laptop."""
    settings = read_settings(state) or LaptopSettings()
    endpoints = {name: f"127.0.0.1:{port}" for name, port in read_ports(state).items()}
    return client_environment(endpoints, settings.project)


def start_detached(state: Path, settings: LaptopSettings, timeout_seconds: float = 60) -> None:
    """Start the laptop in the background and return when it is ready. LaptopError says why it is not."""
    check_settings(settings, read_settings(state))
    state.mkdir(parents=True, exist_ok=True)
    with (state / f"{SUPERVISOR}.log").open("ab") as log:
        before = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "laptop.supervisor", str(state), settings.to_json()],
            cwd=CODE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    if not _becomes_ready(state, process, timeout_seconds):
        raise LaptopError(f"the laptop did not start: {last_line(state, SUPERVISOR, before)}")


def _becomes_ready(state: Path, process: subprocess.Popen[bytes], timeout_seconds: float) -> bool:
    """Whether all its services listen in time; who interrupts the wait ends the process."""
    until = time.monotonic() + timeout_seconds
    try:
        while running_pid(state) is None:
            if process.poll() or time.monotonic() > until:
                return False
            time.sleep(0.05)
    except KeyboardInterrupt:
        process.terminate()
        raise
    return True


def stop(state: Path) -> bool:
    """Stop the laptop and wait until it has; False if it was not running."""
    pid = running_pid(state)
    if pid is None:
        return False
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _STOP_SECONDS
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


def clear(state: Path) -> None:
    """Forget everything: stop the laptop and remove its folder."""
    stop(state)
    shutil.rmtree(state, onerror=_expect_gone)


def _expect_gone(_remove: object, path: str, failure: tuple[type[BaseException], BaseException, object]) -> None:
    """LaptopError for what cannot be removed: a laptop would start on what it was to forget."""
    if not isinstance(failure[1], FileNotFoundError):
        raise LaptopError(f"{path} cannot be removed: {failure[1]}") from failure[1]

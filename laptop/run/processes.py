"""Start containers' commands as process groups of their own, and never leave one behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from laptop.records import Record, Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What one container runs: words, the environment on top of this process's, the folder, the log file."""

    words: Sequence[str]
    env: Mapping[str, str]
    folder: str | None
    log: Path


def command_of(container: Record, log: Path, extra: Mapping[str, str]) -> Command:
    """The command of a `google.cloud.run.v2.Container` in its JSON form. `python` means this interpreter."""
    words = [*container.get("command", []), *container.get("args", [])]
    if words and words[0] == "python":
        words[0] = sys.executable
    env = {item["name"]: item.get("value", "") for item in container.get("env", [])}
    return Command(words=words, env=env | dict(extra), folder=container.get("workingDir"), log=log)


async def spawn(command: Command, name: str, records: Records) -> asyncio.subprocess.Process:
    """Start it with its output appended to its log; it is on record before this returns."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command.words,
            env={**os.environ, **command.env},
            cwd=command.folder or None,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    with contextlib.suppress(psutil.NoSuchProcess):
        records.put(
            "process", name, {"name": name, "pid": process.pid, "since": psutil.Process(process.pid).create_time()}
        )
    return process


async def end(process: asyncio.subprocess.Process, name: str, records: Records, grace_seconds: float = 5) -> None:
    """SIGTERM to the group, SIGKILL after the grace; and to those of the group that outlived its leader."""
    if process.returncode is None:
        _signal(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), grace_seconds)
        except TimeoutError:
            _signal(process.pid, signal.SIGKILL)
            await process.wait()
    # A killed server leaves its workers behind, and they hold the port.
    _signal(process.pid, signal.SIGKILL)
    records.delete("process", name)


def kill_orphans(records: Records) -> None:
    """After a kill -9 of this server its children live on: end those that are still the ones on record."""
    for record in records.list("process"):
        with contextlib.suppress(psutil.NoSuchProcess):
            if abs(psutil.Process(record["pid"]).create_time() - record["since"]) < 1:
                _signal(record["pid"], signal.SIGKILL)
        records.delete("process", record["name"])


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def find_free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True


async def wait_until_listening(host: str, port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    """Return when the port accepts; RuntimeError with the end of the log if the process dies or takes 30 s."""
    for _ in range(1500):
        if process.returncode is not None:
            break
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        await asyncio.sleep(0.02)
    tail = log.read_text(errors="replace")[-800:] if log.exists() else ""
    raise RuntimeError(f"nothing listens on {host}:{port} (see {log.name}): {tail}")

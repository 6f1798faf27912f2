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

from laptop.orphans import mark
from laptop.ports import hold_port
from laptop.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerCommand:
    """What one container runs: words, the environment on top of this process's, the folder, the log file."""

    words: Sequence[str]
    env: Mapping[str, str]
    folder: str | None
    log: Path


def command_of(container: Record, log: Path, extra: Mapping[str, str]) -> ContainerCommand:
    """The command of a `google.cloud.run.v2.Container` in its JSON form. `python` means this interpreter."""
    words = [*container.get("command", []), *container.get("args", [])]
    if words and words[0] == "python":
        words[0] = sys.executable
    env = {item["name"]: item.get("value", "") for item in container.get("env", [])}
    return ContainerCommand(words=words, env=env | dict(extra), folder=container.get("workingDir"), log=log)


async def spawn(command: ContainerCommand, owner: Path, around: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start it with its output appended to its log, marked as the `owner` folder's, where it also runs if it names none.

    Its own variables win over those `around` it, which lead Google's clients to this laptop.
    """
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *command.words,
            env={**os.environ, **around, **command.env, **mark(owner)},
            cwd=command.folder or owner,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


async def end(process: asyncio.subprocess.Process, grace_seconds: float = 5) -> None:
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


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def find_free_port(host: str) -> int:
    with hold_port(host, 0, 0) as probe:
        return int(probe.getsockname()[1])


async def wait_until_free(host: str, port: int, seconds: float) -> bool:
    """Whether the port is free by then: who was killed holds it a moment longer, and so does a client's own end."""
    until = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            socket.create_server((host, port)).close()
            return True
        except OSError:
            if asyncio.get_running_loop().time() > until:
                return False
        await asyncio.sleep(0.05)


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

"""Keep the laptop's processes alive: start them, start a dead one again on the same ports, stop them together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from laptop.host import PACKS

PORTS_FILE = "ports.json"
PID_FILE = "supervisor.pid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Laptop:
    """What to run: the state folder (absolute), the project, the ports by service."""

    state: Path
    project: str
    location: str
    ports: Mapping[str, int]


def choose_ports(state: Path) -> dict[str, int]:
    """Last time's ports where they are still free, so that what was deployed keeps its addresses; else free ones."""
    file = state / PORTS_FILE
    last = json.loads(file.read_text()) if file.exists() else {}
    names = [*(name for pack in PACKS.values() for name in pack), "executions"]
    held = [_hold(last.get(name, 0)) for name in names]
    ports = {name: int(holder.getsockname()[1]) for name, holder in zip(names, held, strict=True)}
    for holder in held:
        holder.close()
    return ports


def _hold(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))


async def supervise(laptop: Laptop, ready: asyncio.Event | None = None) -> None:
    """Run until SIGINT or SIGTERM. Writes the ports, then its pid once every service listens."""
    laptop.state.mkdir(parents=True, exist_ok=True)
    (laptop.state / PORTS_FILE).write_text(json.dumps(dict(laptop.ports), indent=1))
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    children = {pack: await _spawn(laptop, pack) for pack in PACKS}
    try:
        for child in children.values():
            await _wait_ready(child)
        (laptop.state / PID_FILE).write_text(str(os.getpid()))
        if ready is not None:
            ready.set()
        await _keep_alive(laptop, children, stopping)
    finally:
        (laptop.state / PID_FILE).unlink(missing_ok=True)
        await asyncio.gather(*(_end(child) for child in children.values()))


async def _keep_alive(laptop: Laptop, children: dict[str, asyncio.subprocess.Process], stopping: asyncio.Event) -> None:
    stop = asyncio.create_task(stopping.wait())
    while not stopping.is_set():
        deaths = {asyncio.create_task(child.wait()): pack for pack, child in children.items()}
        ended, rest = await asyncio.wait({stop, *deaths}, return_when=asyncio.FIRST_COMPLETED)
        for task in rest - {stop}:
            task.cancel()
        for task in ended - {stop}:
            pack = deaths[task]
            await asyncio.sleep(0.2)
            children[pack] = await _spawn(laptop, pack)
            await _wait_ready(children[pack])


async def _spawn(laptop: Laptop, pack: str) -> asyncio.subprocess.Process:
    log = laptop.state / f"{pack}.log"
    words = ["-m", "laptop.host", "--services", ",".join(PACKS[pack]), "--ports", json.dumps(dict(laptop.ports))]
    words += ["--state", str(laptop.state), "--project", laptop.project, "--location", laptop.location, "--lifeline"]
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )


async def _wait_ready(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    line = await asyncio.wait_for(child.stdout.readline(), 60)
    if line.strip() != b"ready":
        raise RuntimeError("a laptop process ended while it started; its log says why")


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), 15)
    if child.returncode is None:
        child.kill()
        await child.wait()

"""Keep the laptop's processes alive: start them, start a dead one again on the same ports, stop them together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path

from laptop.files import write_whole
from laptop.host import PACKS
from laptop.orphans import evict
from laptop.ports import hold_port

PORTS_FILE = "ports.json"
PID_FILE = "supervisor.pid"
_FIRST_TRIES = 3
_PAUSE_SECONDS, _MOST_SECONDS, _START_SECONDS, _PORT_SECONDS = 0.2, 5.0, 60.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Laptop:
    """What to run: the state folder (absolute), the project, the ports by service; `fsync` as in Hosting."""

    state: Path
    project: str
    location: str
    ports: Mapping[str, int]
    fsync: bool = False


def choose_ports(state: Path, patience_seconds: float = _PORT_SECONDS) -> dict[str, int]:
    """Last time's ports, so that what was deployed keeps its addresses; free ones for those that stay taken."""
    file = state / PORTS_FILE
    last = json.loads(file.read_text()) if file.exists() else {}
    names = [*(name for pack in PACKS.values() for name in pack), "executions"]
    until = time.monotonic() + patience_seconds
    held = [hold_port("127.0.0.1", last.get(name, 0), until - time.monotonic()) for name in names]
    ports = {name: int(holder.getsockname()[1]) for name, holder in zip(names, held, strict=True)}
    for holder in held:
        holder.close()
    return ports


def evict_packs(state: Path) -> None:
    """Return when no pack of an earlier supervisor lives: a frozen one would hold the ports, and wake up beside the new one."""
    for pack in PACKS:
        evict(pack_folder(state, pack))


def pack_folder(state: Path, pack: str) -> Path:
    """Where a pack's process keeps its lock."""
    return state / "packs" / pack


async def supervise(laptop: Laptop) -> None:
    """Run until SIGINT or SIGTERM. Writes the ports, then its pid once every service listens."""
    laptop.state.mkdir(parents=True, exist_ok=True)
    write_whole(laptop.state / PORTS_FILE, json.dumps(dict(laptop.ports), indent=1))
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    listening = {pack: asyncio.Event() for pack in PACKS}
    keepers = [asyncio.create_task(_keep(laptop, pack, listening[pack])) for pack in PACKS]
    try:
        await _first_of(stopping.wait(), _announce(laptop, listening), *keepers)
    finally:
        (laptop.state / PID_FILE).unlink(missing_ok=True)
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _announce(laptop: Laptop, listening: Mapping[str, asyncio.Event]) -> None:
    """The pid is there for others once every service listens."""
    for event in listening.values():
        await event.wait()
    write_whole(laptop.state / PID_FILE, str(os.getpid()))
    await asyncio.Event().wait()


async def _first_of(*waits: Awaitable[object]) -> None:
    """Return when one of them does, or raise what it raised; the others are left to their owners or cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    ended, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    for task in ended:
        task.result()


async def _keep(laptop: Laptop, pack: str, listening: asyncio.Event) -> None:
    """Start the pack's process, and again whenever it dies; RuntimeError if it never comes up, and its log says why."""
    tries, pause = 0, _PAUSE_SECONDS
    while True:
        child = await _spawn(laptop, pack)
        try:
            if await _is_ready(child):
                listening.set()
                pause = _PAUSE_SECONDS
                await child.wait()
        finally:
            await _end(child)
        tries += 1
        if not listening.is_set() and tries == _FIRST_TRIES:
            raise RuntimeError(f"the laptop's {pack} process ended {tries} times while it started; its log says why")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _MOST_SECONDS)


async def _spawn(laptop: Laptop, pack: str) -> asyncio.subprocess.Process:
    log = laptop.state / f"{pack}.log"
    words = ["-m", "laptop.host", "--services", ",".join(PACKS[pack]), "--ports", json.dumps(dict(laptop.ports))]
    words += ["--state", str(laptop.state), "--project", laptop.project, "--location", laptop.location, "--lifeline"]
    words += ["--lock", str(pack_folder(laptop.state, pack))] + (["--fsync"] if laptop.fsync else [])
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )


async def _is_ready(child: asyncio.subprocess.Process) -> bool:
    """Whether it said so in time; a frozen one is as good as dead."""
    assert child.stdout is not None
    with contextlib.suppress(TimeoutError):
        return (await asyncio.wait_for(child.stdout.readline(), _START_SECONDS)).strip() == b"ready"
    return False


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), 15)
    if child.returncode is None:
        child.kill()
        await child.wait()

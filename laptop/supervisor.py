"""Keep the laptop's processes alive: start them, start a dead one again on the same ports, stop them together.

`python -m laptop.supervisor STATE SETTINGS` runs one; at once over if another process serves this folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from laptop.addresses import client_environment
from laptop.files import write_whole
from laptop.host import PACKS
from laptop.orphans import evict
from laptop.ports import hold_port
from laptop.settings import LaptopError, LaptopSettings, parse_settings, write_settings

PORTS_FILE = "ports.json"
PID_FILE = "supervisor.pid"
LOCK_FILE = "supervisor.lock"
ENVIRONMENT_FILE = "env"
CODE = Path(__file__).resolve().parents[1]
"""Where processes of the laptop start: a folder that a person works in may hold modules named as Python's own."""
_FIRST_TRIES = 3
_PAUSE_SECONDS, _MOST_SECONDS, _START_SECONDS, _PORT_SECONDS = 0.2, 5.0, 60.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Laptop:
    """What to run: the state folder (absolute), the ports of its services."""

    state: Path
    settings: LaptopSettings
    ports: Mapping[str, int]

    @property
    def packs(self) -> dict[str, list[str]]:
        """The services of each process; none without services."""
        chosen = {pack: [name for name in names if name in self.settings.services] for pack, names in PACKS.items()}
        return {pack: names for pack, names in chosen.items() if names}


def choose_ports(state: Path, settings: LaptopSettings, patience_seconds: float = _PORT_SECONDS) -> dict[str, int]:
    """Last time's ports, so that what was deployed keeps its addresses; free ones for those that stay taken.

    Raises LaptopError if a port that must be is taken.
    """
    wanted = {**read_all_ports(state), **settings.fixed_ports}
    names = settings.listeners
    until = time.monotonic() + patience_seconds
    held = [hold_port("127.0.0.1", wanted.get(name, 0), until - time.monotonic()) for name in names]
    ports = {name: int(holder.getsockname()[1]) for name, holder in zip(names, held, strict=True)}
    for holder in held:
        holder.close()
    for name, port in settings.fixed_ports.items():
        if ports[name] != port:
            raise LaptopError(f"port {port}, which {name} must have, is taken by another program")
    return ports


def read_all_ports(state: Path) -> dict[str, int]:
    """The ports that the folder's services had last, also of those that do not run now."""
    file = state / PORTS_FILE
    return {name: int(port) for name, port in json.loads(file.read_text()).items()} if file.exists() else {}


def serve(state: Path, settings: LaptopSettings) -> None:
    """Run the laptop in this process until SIGINT or SIGTERM."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        evict_packs(state)
        laptop = Laptop(state=state, settings=settings, ports=choose_ports(state, settings))
        write_settings(state, settings)
        write_environment(laptop)
        asyncio.run(supervise(laptop))


def write_environment(laptop: Laptop) -> None:
    """`STATE/env`: NAME=VALUE lines that a shell or another tool can read."""
    endpoints = {name: f"127.0.0.1:{port}" for name, port in laptop.ports.items()}
    named = client_environment(endpoints, laptop.settings.project)
    write_whole(laptop.state / ENVIRONMENT_FILE, "".join(f"{name}={value}\n" for name, value in named.items()))


def evict_packs(state: Path) -> None:
    """Return when no pack of an earlier supervisor lives: a frozen one would hold the ports, and wake up beside the new one."""
    for pack in PACKS:
        evict(pack_folder(state, pack))


def pack_folder(state: Path, pack: str) -> Path:
    """Where a pack's process keeps its lock."""
    return state / "packs" / pack


async def supervise(laptop: Laptop) -> None:
    """Run until SIGINT or SIGTERM. Writes the ports, then its pid once every service listens."""
    write_whole(laptop.state / PORTS_FILE, json.dumps({**read_all_ports(laptop.state), **laptop.ports}, indent=1))
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    listening = {pack: asyncio.Event() for pack in laptop.packs}
    keepers = [asyncio.create_task(_keep(laptop, pack, listening[pack])) for pack in laptop.packs]
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
    """Start the pack's process, and again whenever it dies; LaptopError if it never comes up, and its log says why."""
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
            raise LaptopError(
                f"its {pack} process ended {tries} times while it started: {last_line(laptop.state, pack)}"
            )
        await asyncio.sleep(pause)
        pause = min(pause * 2, _MOST_SECONDS)


def last_line(state: Path, process: str, start: int = 0) -> str:
    """The last line that a process of the laptop has logged past byte `start`, and where there is more."""
    log = state / f"{process}.log"
    lines = log.read_bytes()[start:].decode(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it took too long'} (all of it: {log})"


async def _spawn(laptop: Laptop, pack: str) -> asyncio.subprocess.Process:
    log, settings = laptop.state / f"{pack}.log", laptop.settings
    words = ["-m", "laptop.host", "--services", ",".join(laptop.packs[pack]), "--ports", json.dumps(dict(laptop.ports))]
    words += ["--state", str(laptop.state), "--project", settings.project, "--location", settings.location]
    words += ["--pipelines", json.dumps(asdict(settings.pipelines)), *(["--fsync"] if settings.fsync else [])]
    words += ["--node-modules", settings.node_modules] if settings.node_modules else []
    words += ["--lifeline", "--lock", str(pack_folder(laptop.state, pack))]
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            cwd=CODE,
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


if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1]), parse_settings(sys.argv[2]))
    except LaptopError as error:
        sys.exit(str(error))

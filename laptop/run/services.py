"""Services: one process each, or packed into one process where their annotation `laptop/process` says so."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from laptop.records import Record, Records
from laptop.run.processes import (
    ContainerCommand,
    command_of,
    end,
    find_free_port,
    spawn,
    wait_until_free,
    wait_until_listening,
)

PROCESS = "laptop/process"
_PACKED = Path(__file__).with_name("packed.py")
_LOG = logging.getLogger("laptop.run")
_REVIVE_SECONDS, _MOST_SECONDS, _PORT_SECONDS = 0.2, 10.0, 10.0


@dataclass(slots=True)
class _Running:
    process: asyncio.subprocess.Process
    port: int
    members: list[Record]


class Services:
    """Keeps one process a service (or a pack) alive, always on the same port, so that nobody's endpoint goes stale."""

    def __init__(self, records: Records, folder: Path, host: str, around: Mapping[str, str]) -> None:
        self._records, self._folder, self._host, self._around = records, folder, host, around
        self._running: dict[str, _Running] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._changing = asyncio.Lock()

    async def deploy(self, service: Record) -> Record:
        """Start the service (again, if it changed); the record with its `uri`."""
        self._records.put("service", service["name"], service)
        async with self._changing:
            await self._settle(_process_of(service))
            return self._with_uri(service)

    async def start_all(self) -> None:
        """What was deployed before this server stopped listens again."""
        names = sorted({_process_of(service) for service in self._records.list("service")})
        async with self._changing:
            ended = await asyncio.gather(*(self._settle(name) for name in names), return_exceptions=True)
        for name, error in zip(names, ended, strict=True):
            if error is not None:
                # What does not start must not keep the others down.
                _LOG.warning("%s is tried again: %s", name, error)
                self._watches[name] = asyncio.create_task(self._revive(name, None))

    def get(self, name: str) -> Record | None:
        service = self._records.get("service", name)
        return service and self._with_uri(service)

    def list_all(self, parent: str) -> list[Record]:
        return [self._with_uri(service) for service in self._records.list("service", f"{parent}/services/")]

    async def delete(self, name: str) -> bool:
        service = self._records.get("service", name)
        if service is None:
            return False
        self._records.delete("service", name)
        async with self._changing:
            await self._settle(_process_of(service))
        return True

    async def stop(self) -> None:
        async with self._changing:
            await asyncio.gather(*(self._end(name) for name in {*self._running, *self._watches}))

    def _with_uri(self, service: Record) -> Record:
        """Also while its process is being revived: the address stays, and who calls it tries again."""
        held = self._records.get("port", _process_of(service))
        if held is None:
            return service
        path = f"/{_short(service['name'])}" if PROCESS in service.get("annotations", {}) else ""
        ready = {"type": "Ready", "state": "CONDITION_SUCCEEDED"}
        return service | {"uri": f"http://{self._host}:{held['port']}{path}", "terminalCondition": ready}

    async def _settle(self, process: str) -> None:
        """Let `process` run what is on record. Packed services deployed together cost one start, not one each."""
        members = [service for service in self._records.list("service") if _process_of(service) == process]
        running = self._running.get(process)
        if running is not None and running.members == members and running.process.returncode is None:
            return
        await self._end(process)
        if members:
            await self._launch(process, members)

    async def _end(self, process: str) -> None:
        watch = self._watches.pop(process, None)
        if watch is not None and watch is not asyncio.current_task():
            watch.cancel()
        running = self._running.pop(process, None)
        if running is not None:
            await end(running.process)

    async def _launch(self, process: str, members: list[Record]) -> None:
        port, log = await self._port_of(process), self._folder / "logs" / f"{process}.log"
        packed = len(members) > 1 or _is_packed(members[0])
        command = _packed(members, port, log) if packed else _alone(members[0], port, self._host, log)
        started = await spawn(command, self._folder, self._around)
        self._running[process] = _Running(started, port, members)
        try:
            await wait_until_listening(self._host, port, started, log)
        except RuntimeError:
            await self._end(process)
            raise
        self._watches[process] = asyncio.create_task(self._revive(process, started))

    async def _revive(self, process: str, started: asyncio.subprocess.Process | None) -> None:
        """A process that dies, or did not start, is started again, as Cloud Run would; until it listens."""
        if started is not None:
            await started.wait()
        pause = _REVIVE_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                async with self._changing:
                    return await self._settle(process)
            except (RuntimeError, OSError, sqlite3.Error) as error:
                _LOG.warning("%s is tried again: %s", process, error)
                pause = min(pause * 2, _MOST_SECONDS)

    async def _port_of(self, process: str) -> int:
        """Always the same: push endpoints were made with it. RuntimeError while another program has it."""
        last = (self._records.get("port", process) or {}).get("port", 0)
        if last and not await wait_until_free(self._host, last, _PORT_SECONDS):
            raise RuntimeError(f"port {last} of {process} is taken by another program")
        port = last or find_free_port(self._host)
        self._records.put("port", process, {"name": process, "port": port})
        return int(port)


def _short(name: str) -> str:
    return name.rsplit("/", 1)[1]


def _process_of(service: Record) -> str:
    return str(service.get("annotations", {}).get(PROCESS) or _short(service["name"]))


def _is_packed(service: Record) -> bool:
    return PROCESS in service.get("annotations", {})


def _container(service: Record) -> Record:
    container: Record = service["template"]["containers"][0]
    return container


def _alone(service: Record, port: int, host: str, log: Path) -> ContainerCommand:
    # functions-framework would listen on every address of the machine.
    extra = {"PORT": str(port), "HOST": host, "K_SERVICE": _short(service["name"])}
    return command_of(_container(service), log, extra)


def _packed(members: list[Record], port: int, log: Path) -> ContainerCommand:
    """Members share the first one's environment; each is mounted under its own name."""
    first = _container(members[0])
    targets = {}
    for member in members:
        env = {item["name"]: item.get("value", "") for item in _container(member).get("env", [])}
        targets[_short(member["name"])] = [env["FUNCTION_TARGET"], env["FUNCTION_SOURCE"]]
    # By its path: the code that it serves may come with another version of the laptop, or with none.
    serve = ["python", "-P", str(_PACKED)]
    shared = {**first, "command": serve, "args": [], "env": first.get("env", [])}
    return command_of(shared, log, {"PORT": str(port), "LAPTOP_PACKED_TARGETS": json.dumps(targets)})

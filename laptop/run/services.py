"""Services: one process each, or packed into one process where their annotation `laptop/process` says so."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from laptop.records import Record, Records
from laptop.run.processes import Command, command_of, end, find_free_port, is_free, spawn, wait_until_listening

PROCESS = "laptop/process"
_REVIVE_SECONDS = 0.2


@dataclass(slots=True)
class _Running:
    process: asyncio.subprocess.Process
    port: int
    members: list[Record]
    watch: asyncio.Task[None] | None = None


class Services:
    """Keeps one process a service (or a pack) alive, always on the same port, so that nobody's endpoint goes stale."""

    def __init__(self, records: Records, folder: Path, host: str) -> None:
        self._records, self._folder, self._host = records, folder, host
        self._running: dict[str, _Running] = {}
        self._changing = asyncio.Lock()

    async def deploy(self, service: Record) -> Record:
        """Start the service (again, if it changed); the record with its `uri`."""
        self._records.put("service", service["name"], service)
        async with self._changing:
            await self._settle(_process_of(service))
            return self._with_uri(service)

    async def start_all(self) -> None:
        """What was deployed before this server stopped listens again."""
        async with self._changing:
            await asyncio.gather(
                *(self._settle(name) for name in {_process_of(s) for s in self._records.list("service")})
            )

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
            await asyncio.gather(*(self._end(name) for name in list(self._running)))

    def _with_uri(self, service: Record) -> Record:
        running = self._running.get(_process_of(service))
        if running is None:
            return service
        path = f"/{_short(service['name'])}" if PROCESS in service.get("annotations", {}) else ""
        ready = {"type": "Ready", "state": "CONDITION_SUCCEEDED"}
        return service | {"uri": f"http://{self._host}:{running.port}{path}", "terminalCondition": ready}

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
        running = self._running.pop(process, None)
        if running is None:
            return
        if running.watch is not None and running.watch is not asyncio.current_task():
            running.watch.cancel()
        await end(running.process, process, self._records)

    async def _launch(self, process: str, members: list[Record]) -> None:
        port, log = self._port_of(process), self._folder / "logs" / f"{process}.log"
        packed = len(members) > 1 or _is_packed(members[0])
        command = _packed(members, port, log) if packed else _alone(members[0], port, log)
        started = await spawn(command, process, self._records)
        running = self._running[process] = _Running(started, port, members)
        await wait_until_listening(self._host, port, started, log)
        running.watch = asyncio.create_task(self._revive(process, started))

    async def _revive(self, process: str, started: asyncio.subprocess.Process) -> None:
        """A process that dies is started again, as Cloud Run would."""
        await started.wait()
        while True:
            await asyncio.sleep(_REVIVE_SECONDS)
            with contextlib.suppress(RuntimeError):
                async with self._changing:
                    return await self._settle(process)

    def _port_of(self, process: str) -> int:
        last = (self._records.get("port", process) or {}).get("port", 0)
        port = last if last and is_free(self._host, last) else find_free_port(self._host)
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


def _alone(service: Record, port: int, log: Path) -> Command:
    return command_of(_container(service), log, {"PORT": str(port), "K_SERVICE": _short(service["name"])})


def _packed(members: list[Record], port: int, log: Path) -> Command:
    """Members share the first one's environment; each is mounted under its own name."""
    first = _container(members[0])
    targets = {}
    for member in members:
        env = {item["name"]: item.get("value", "") for item in _container(member).get("env", [])}
        targets[_short(member["name"])] = [env["FUNCTION_TARGET"], env["GOOGLE_FUNCTION_SOURCE"]]
    serve = ["python", "-m", "laptop.run.packed"]
    shared = {**first, "command": serve, "args": [], "env": first.get("env", [])}
    return command_of(shared, log, {"PORT": str(port), "LAPTOP_PACKED_TARGETS": json.dumps(targets)})

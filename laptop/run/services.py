"""Services: one process each, or packed into one process where their annotation `laptop/process` says so."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

from laptop.records import Record, Records
from laptop.run.processes import Command, command_of, end, find_free_port, spawn, wait_until_listening

PROCESS = "laptop/process"


@dataclass(slots=True)
class _Running:
    process: asyncio.subprocess.Process
    port: int
    members: set[str] = field(default_factory=set)


class Services:
    """Keeps one process a service (or a pack) alive and knows where each listens."""

    def __init__(self, records: Records, folder: Path, host: str) -> None:
        self._records, self._folder, self._host = records, folder, host
        self._running: dict[str, _Running] = {}
        self._changing = asyncio.Lock()

    async def deploy(self, service: Record) -> Record:
        """Start the service (again); the record with its `uri`."""
        async with self._changing:
            self._records.put("service", service["name"], service)
            await self._restart(_process_of(service))
            return self._with_uri(service)

    async def start_all(self) -> None:
        """What was deployed before this server stopped listens again."""
        async with self._changing:
            await asyncio.gather(
                *(self._restart(name) for name in {_process_of(s) for s in self._records.list("service")})
            )

    def get(self, name: str) -> Record | None:
        service = self._records.get("service", name)
        return service and self._with_uri(service)

    def list_all(self, parent: str) -> list[Record]:
        return [self._with_uri(service) for service in self._records.list("service", f"{parent}/services/")]

    async def delete(self, name: str) -> bool:
        async with self._changing:
            service = self._records.get("service", name)
            self._records.delete("service", name)
            if service:
                await self._restart(_process_of(service))
            return service is not None

    async def stop(self) -> None:
        await asyncio.gather(*(end(running.process, name, self._records) for name, running in self._running.items()))

    def _with_uri(self, service: Record) -> Record:
        running = self._running.get(_process_of(service))
        if running is None:
            return service
        path = f"/{_short(service['name'])}" if PROCESS in service.get("annotations", {}) else ""
        ready = {"type": "Ready", "state": "CONDITION_SUCCEEDED"}
        return service | {"uri": f"http://{self._host}:{running.port}{path}", "terminalCondition": ready}

    async def _restart(self, process: str) -> None:
        members = [service for service in self._records.list("service") if _process_of(service) == process]
        before = self._running.pop(process, None)
        if before is not None:
            await end(before.process, process, self._records)
        if members:
            await self._launch(process, members, before.port if before else find_free_port(self._host))

    async def _launch(self, process: str, members: list[Record], port: int) -> None:
        log = self._folder / "logs" / f"{process}.log"
        command = (
            _packed(members, port, log) if len(members) > 1 or _is_packed(members[0]) else _alone(members[0], port, log)
        )
        started = await spawn(command, process, self._records)
        self._running[process] = _Running(started, port)
        await wait_until_listening(self._host, port, started, log)


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

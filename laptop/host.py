"""Run a set of laptop services in one process, on one event loop: `python -m laptop.host --services storage,pubsub`."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import signal
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from laptop.hosting import DEFAULT_LOCATION, DEFAULT_PROJECT, Hosting, PipelineImage, Service
from laptop.orphans import lock_folder

PACKS: Mapping[str, Sequence[str]] = {
    "edge": ("storage", "pubsub", "firestore", "secrets", "eventarc", "scheduler", "workflows", "vertex", "run"),
    "warehouse": ("bigquery", "dataform"),
}
"""One process each. DuckDB and the SQL translator hold the interpreter for long; messages must not wait for them."""
SERVICES = tuple(name for pack in PACKS.values() for name in pack)
NEEDS: Mapping[str, Sequence[str]] = {"eventarc": ("pubsub", "storage", "run"), "scheduler": ("pubsub",)}
"""What a service cannot start without; the others do without a neighbour until they are asked for what needs it."""


async def start_services(names: Sequence[str], hostings: Mapping[str, Hosting]) -> list[Service]:
    """Start them one after the other, in order; if one fails those before it are stopped."""
    running: list[Service] = []
    try:
        for name in names:
            hostings[name].state.mkdir(parents=True, exist_ok=True)
            running.append(await importlib.import_module(f"laptop.{name}.server").start(hostings[name]))
    except BaseException:
        await stop_services(running)
        raise
    return running


async def stop_services(running: Sequence[Service]) -> None:
    """All at once: what one of them says to another that is gone is said again after the next start."""
    await asyncio.gather(*(service.stop() for service in running))


def find_fault(services: Sequence[str]) -> str:
    """Why these services can't run, "" if they can. Pure."""
    if unknown := sorted(set(services) - set(SERVICES)):
        return f"there is no service {unknown[0]}; there are {', '.join(SERVICES)}"
    for name in services:
        if missing := [needed for needed in NEEDS.get(name, ()) if needed not in services]:
            return f"{name} needs {' and '.join(missing)} as well"
    return "" if services else "name at least one service"


def plan_hostings(common: Hosting, ports: Mapping[str, int]) -> dict[str, Hosting]:
    """Where each service of the laptop lives, and the others' addresses; `common` has the laptop's own folder. Pure."""
    endpoints = {name: f"{common.host}:{port}" for name, port in ports.items()}
    shared = replace(common, endpoints=endpoints)
    return {name: replace(shared, state=common.state / name, port=port) for name, port in ports.items()}


async def _run(arguments: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    if arguments.lifeline:
        # The supervisor holds the other end of standard input: when it dies, even by kill -9, this process ends too.
        asyncio.get_running_loop().add_reader(0, stopping.set)
    opening = asyncio.Event()
    common = Hosting(
        state=arguments.state,
        project=arguments.project,
        location=arguments.location,
        fsync=arguments.fsync,
        opening=opening,
        pipelines=PipelineImage(**json.loads(arguments.pipelines)),
        node_modules=arguments.node_modules,
    )
    hostings = plan_hostings(common, json.loads(arguments.ports))
    running = await start_services(arguments.services.split(","), hostings)
    opening.set()
    print("ready", flush=True)  # noqa: T201 - the supervisor waits for this line
    await stopping.wait()
    await stop_services(running)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m laptop.host")
    parser.add_argument("--services", required=True)
    parser.add_argument("--ports", required=True, help="JSON object: service to port")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--project", default=DEFAULT_PROJECT)
    parser.add_argument("--location", default=DEFAULT_LOCATION)
    parser.add_argument("--pipelines", default="{}", help="JSON object: the fields of PipelineImage")
    parser.add_argument("--node-modules", type=Path, help="A folder that npm has filled, for Dataform projects.")
    parser.add_argument("--lifeline", action="store_true", help="End when standard input closes.")
    parser.add_argument("--fsync", action="store_true", help="Answer only what survives the machine's death.")
    parser.add_argument("--lock", type=Path, help="A folder to own while it runs: no second process may.")
    arguments = parser.parse_args()
    with lock_folder(arguments.lock) if arguments.lock else nullcontext():
        asyncio.run(_run(arguments))


if __name__ == "__main__":
    main()

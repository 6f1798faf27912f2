"""The operating system's side of a job: start its process group, end it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from laptop.addresses import client_environment
from laptop.orphans import mark

LOG = "run.log"
_DYING_LOOKS = 250
_LOOK_SECONDS = 0.02
_RUN_SPEC = Path(__file__).with_name("run_spec.py")


async def launch(python: str, folder: Path, request: Mapping[str, Any], env: Mapping[str, str], owner: Path) -> Any:
    """Start `run_spec` as the leader of a new process group, its output going to `folder/run.log`."""
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # This Python need not have the laptop, and the file's neighbours must not be on its path.
    script = Path(shutil.copy(_RUN_SPEC, folder))
    path = folder / "request.json"
    path.write_text(json.dumps({**request, "root": str(folder)}))
    with (folder / LOG).open("wb") as log:
        return await asyncio.create_subprocess_exec(
            python, str(script), str(path), cwd=folder,
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env={**env, **mark(owner)}, start_new_session=True,
        )  # fmt: skip


async def end_group(process: asyncio.subprocess.Process) -> None:
    """Kill the process and its group, and return when none of them runs: a killed one goes on dying for a moment."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    for _ in range(_DYING_LOOKS):
        if not _is_alive(process.pid):
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _is_alive(group: int) -> bool:
    """Whether a process of the group runs; a zombie does not, whoever has yet to take note of it."""
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                return True
    return False


def read_log(folder: Path) -> str:
    """The run's log so far, "" before there is one."""
    path = folder / LOG
    return path.read_text(errors="replace") if path.exists() else ""


def make_environment(
    inherited: Mapping[str, str], endpoints: Mapping[str, str], project: str, image: Mapping[str, str]
) -> dict[str, str]:
    """What was inherited, then this laptop's addresses, then the image's own variables, then the clock.

    Its own addresses win: a shell that has read the `env` file of another laptop sent this one's jobs there.
    """
    cores = os.cpu_count() or 1
    threads = str(max(1, cores // count_parallel_jobs(cores)))
    own = {name: fill_addresses(value, endpoints) for name, value in image.items()}
    return {"OMP_NUM_THREADS": threads, **inherited, **client_environment(endpoints, project), **own, "TZ": "UTC"}


def fill_addresses(value: str, endpoints: Mapping[str, str]) -> str:
    """`value` with each `{service}` replaced by that service's address; other braces stay."""
    for name, address in endpoints.items():
        value = value.replace(f"{{{name}}}", address)
    return value


def count_parallel_jobs(cores: int) -> int:
    """One job for each two cores, two at most: more only makes their fits fight."""
    return min(2, max(1, cores // 2))

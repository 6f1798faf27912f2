"""What a benchmark gives, and how a process is measured."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the page: what was measured, the rival in the same run, the bar, and whether it holds."""

    what: str
    measured: str
    rival: str = ""
    bar: str = ""
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A process that ended: wall seconds, CPU seconds, peak resident MiB, its last line of output as JSON or None."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    said: Any


def run(command: Sequence[str], env: Mapping[str, str] | None = None, one_core: bool = False) -> Run:
    """Run it to its end with the repository as its folder. RuntimeError with what it said if it fails."""
    words = ["taskset", "-c", str(min(os.sched_getaffinity(0))), *command] if one_core else list(command)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    with tempfile.TemporaryFile("w+") as out:
        begun = time.perf_counter()
        process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=out, stderr=subprocess.DEVNULL, text=True)
        peak_mib, status, cpu_seconds = _watch(process.pid)
        seconds = time.perf_counter() - begun
        out.seek(0)
        text = out.read()
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {status}: {text[-2000:]}")
    return Run(seconds, cpu_seconds, peak_mib, _last_json(text))


def _watch(pid: int) -> tuple[float, int, float]:
    """`(peak MiB, status, CPU seconds)`. The peak is the kernel's own mark: rusage has that of the process that forked."""
    peak = 0
    while True:
        with suppress(OSError):
            marks = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            peak = int(marks[0]) if marks else peak
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return peak / 1024, status, usage.ru_utime + usage.ru_stime
        time.sleep(0.005)


def _last_json(text: str) -> Any:
    lines = text.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def python(*words: str) -> list[str]:
    return [sys.executable, *words]


def resident_mib(pid: int) -> float:
    """What a process and its descendants hold, shared pages counted once (PSS), in MiB."""
    total = 0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def serving(words: Sequence[str], port: int, env: Mapping[str, str]) -> Iterator[None]:
    """A server in a process group of its own, from when it listens."""
    process = subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > until:
                raise RuntimeError(f"{words} does not listen")
            time.sleep(0.05)
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

"""Run work in forked children, a few at once, within limits: a mutant may loop for ever, eat memory, or crash."""

from __future__ import annotations

import gc
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_POLL_SECONDS = 0.003
_MORE_BYTES = 3 * 2**30
_UNCAUGHT = 70


@dataclass(frozen=True, slots=True)
class Task:
    """Work by name, and the seconds that it may take on the clock. What it returns is its exit code."""

    name: str
    work: Callable[[], int]
    seconds: float


@dataclass(slots=True)
class _Child:
    task: Task
    pid: int
    until: float = field(default=0.0)


def run_forked(tasks: Iterable[Task], most: int) -> Iterator[tuple[str, int]]:
    """`(name, exit code)` as they end, `most` at a time; the code is negative for a child that a signal ended."""
    # What is there by now is left out of collections, which would copy its pages into every child.
    gc.freeze()
    waiting, running = iter(tasks), list[_Child]()
    try:
        while True:
            while len(running) < most and (task := next(waiting, None)) is not None:
                running.append(_start(task))
            if not running:
                return
            for child in list(running):
                code = _look_at(child)
                if code is not None:
                    running.remove(child)
                    yield child.task.name, code
            time.sleep(_POLL_SECONDS)
    finally:
        for child in running:
            _kill(child)


def _start(task: Task) -> _Child:
    pid = os.fork()
    if pid:
        return _Child(task, pid, time.monotonic() + task.seconds)
    code = _UNCAUGHT
    with suppress(BaseException):
        os.setpgid(0, 0)
        limit_memory()
        code = task.work()
    os._exit(code)


def limit_memory() -> None:
    """What the process has by now and 3 GiB more."""
    held = Path("/proc/self/statm")
    if held.exists():
        most = int(held.read_text().split()[0]) * resource.getpagesize() + _MORE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _look_at(child: _Child) -> int | None:
    ended, status = os.waitpid(child.pid, os.WNOHANG | os.WUNTRACED)
    if ended and os.WIFSTOPPED(status):
        # Whoever stopped the run for a while and let it go on does not know of the child's own group.
        os.killpg(child.pid, signal.SIGCONT)
    elif ended:
        return os.waitstatus_to_exitcode(status)
    if time.monotonic() > child.until:
        return _kill(child)
    return None


def _kill(child: _Child) -> int:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    return os.waitstatus_to_exitcode(status)

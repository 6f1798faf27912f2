"""A laptop cloud of its own for a benchmark, and the memory of all its processes while it works."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from cli.laptop_control import environment
from laptop.control import read_ports, running_pid
from tests.bench.measuring import ROOT, python, resident_mib


@dataclass(slots=True)
class Laptop:
    """A state folder, and `ripple` on it."""

    state: Path

    def ripple(self, *words: str) -> Any:
        """What `ripple WORDS --json` answers."""
        command = python("-m", "cli.main", words[0], "--state", str(self.state), "--json", *words[1:])
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr[-2000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    @property
    def pid(self) -> int:
        pid = running_pid(self.state)
        if pid is None:
            raise RuntimeError("the laptop is not running")
        return pid

    def point_here(self) -> dict[str, str]:
        """Lead this process's Google clients to it."""
        os.environ.update(environ := environment(read_ports(self.state)))
        return environ

    def resident_mib(self, words: Sequence[str]) -> float:
        """What its processes with one of these words in their command line hold."""
        family = psutil.Process(self.pid).children(recursive=True)
        chosen = [one for one in family if any(word in " ".join(one.cmdline()) for word in words)]
        roots = [one for one in chosen if one.parent() not in chosen]
        return sum(resident_mib(one.pid) for one in roots)


@contextmanager
def laptop(*options: str) -> Iterator[Laptop]:
    """Up and deployed, with more options of `ripple up`; down and gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        made = Laptop(Path(folder, "state"))
        try:
            made.ripple("up", "--detach", *options)
            yield made
        finally:
            made.ripple("down")


@dataclass(slots=True)
class Watch:
    """The most that a laptop held at once, in MiB, looked at every half second."""

    most_mib: float = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def on(self, made: Laptop) -> Iterator[None]:
        thread = threading.Thread(target=self._look, args=(made.pid,))
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _look(self, pid: int) -> None:
        while not self._over.wait(0.5):
            self.most_mib = max(self.most_mib, resident_mib(pid))

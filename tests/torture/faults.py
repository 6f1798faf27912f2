"""Real faults: kill -9, freezing, a disk that is full for a moment, a port that someone else took.

The disk is filled with prlimit(2): with a limit of one byte every write to a file fails with EFBIG ("File too large"), in the
process itself and without a mount or a hook in the product. What it starts meanwhile inherits the limit and is freed with it.
"""

from __future__ import annotations

import contextlib
import random
import resource
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from laptop.control import read_ports
from laptop.tests.processes import occupy
from tests.torture.process_tree import ProcessTree

WEIGHTS = {"edge": 5, "functions": 6, "warehouse": 4, "generator": 2, "training": 2, "supervisor": 1, "other": 1}
"""Of the kinds that live at the moment, one is drawn by weight, then one of its processes."""
SHARES = {"kill": 80, "freeze": 8, "fill the disk": 8, "take a port": 4}


@dataclass(slots=True, kw_only=True)
class FaultInjector:
    """Counts what it did; `kills` counts processes that lived before and are gone after."""

    tree: ProcessTree
    dice: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    def strike(self) -> str:
        """One fault, drawn by its share; what it was."""
        member = self._draw()
        if member is None:
            return ""
        kind, process = member
        (what,) = self.dice.choices(list(SHARES), list(SHARES.values()))
        deeds: dict[str, Callable[[str, psutil.Process], None]] = {
            "kill": self._kill,
            "freeze": self._freeze,
            "fill the disk": self._fill_disk,
            "take a port": self._take_port,
        }
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            deeds[what](kind, process)
            self.done[f"{what}: {kind}"] += 1
        return f"{what}: {kind}"

    def _draw(self) -> tuple[str, psutil.Process] | None:
        members = self.tree.members()
        kinds = sorted({kind for kind, _ in members})
        if not kinds:
            return None
        (kind,) = self.dice.choices(kinds, [WEIGHTS[kind] for kind in kinds])
        return self.dice.choice([member for member in members if member[0] == kind])

    def _kill(self, kind: str, process: psutil.Process) -> None:
        process.send_signal(signal.SIGKILL)
        self.kills[kind] += 1

    def _freeze(self, kind: str, process: psutil.Process) -> None:
        """For some seconds; half of them never wake up."""
        process.send_signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.5, 4))
        if self.dice.random() < 0.5:
            self._kill(kind, process)
        else:
            process.send_signal(signal.SIGCONT)

    def _fill_disk(self, _kind: str, process: psutil.Process) -> None:
        """For up to three seconds nothing can be written; then a third of them die with what they had not written."""
        _limit(process, 1)
        time.sleep(self.dice.uniform(0.5, 3))
        if self.dice.random() < 0.33:
            self._kill(_kind, process)
        relieve(self.tree)

    def _take_port(self, _kind: str, _process: psutil.Process) -> None:
        """Kill the edge, and hold one of its ports for some seconds: callers are refused, and it cannot come back yet."""
        edges = [process for kind, process in self.tree.members() if kind == "edge"]
        if not edges:
            return
        port = read_ports(self.tree.state)[self.dice.choice(["storage", "pubsub", "firestore", "run"])]
        self._kill("edge", edges[0])
        with contextlib.closing(_bind(port)):
            time.sleep(self.dice.uniform(1, 4))


def relieve(tree: ProcessTree) -> None:
    """Every process of the family may write again, and runs."""
    for _, process in tree.members():
        with contextlib.suppress(psutil.Error, OSError):
            _limit(process, resource.RLIM_INFINITY)
            if process.status() == psutil.STATUS_STOPPED:
                process.send_signal(signal.SIGCONT)


def _limit(process: psutil.Process, size: int) -> None:
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


def _bind(port: int) -> socket.socket:
    holder = socket.socket()
    for _ in range(100):
        if occupy(holder, port):
            break
        time.sleep(0.02)
    return holder

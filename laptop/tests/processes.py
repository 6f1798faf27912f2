"""The processes of a laptop, known by its state folder, and a port that someone else takes."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil


@dataclass(slots=True, kw_only=True)
class LaptopProcesses:
    """`state` is absolute and ends in a name that is no one else's: by it and its mark the processes are known."""

    state: Path
    kinds: ClassVar[dict[str, str]] = {
        "laptop.supervisor": "supervisor",
        "--services storage": "edge",
        "--services bigquery": "warehouse",
        "laptop/run/packed.py": "functions",
        "run_spec": "training",
    }

    def members(self) -> list[tuple[str, psutil.Process]]:
        """`(kind, process)` of all that belong to this laptop and live, orphans included."""
        return [(kind, process) for process in psutil.process_iter() if (kind := self._kind_of(process))]

    def _kind_of(self, process: psutil.Process) -> str:
        try:
            words = " ".join(process.cmdline())
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                return ""
            if str(self.state) not in words and str(self.state) not in process.environ().get("LAPTOP_OWNER", ""):
                return ""
        except (psutil.Error, OSError):
            return ""
        return next((kind for fragment, kind in self.kinds.items() if fragment in words), "other")

    def leftovers(self) -> list[str]:
        """What still runs a moment after `stop`."""
        until = time.monotonic() + 10
        while (found := self.members()) and time.monotonic() < until:
            time.sleep(0.2)
        return [f"{kind} {process.pid}" for kind, process in found]


def occupy(holder: socket.socket, port: int) -> bool:
    """Bind and do not listen: connections are refused. False while the killed owner has not let go."""
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind(("127.0.0.1", port))
    except OSError:
        return False
    # Two that both say they share an address may, as long as none listens: this one says so no more.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return True

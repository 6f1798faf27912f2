"""Processes that outlive a killed server: marked in the environment they and all they start inherit, and ended by that."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psutil

_OWNER = "LAPTOP_OWNER"
_LOCK = "lock"
_GRACE_SECONDS = 5.0


def mark(owner: Path) -> Mapping[str, str]:
    """What to add to the environment of a process that must not outlive the server of this state folder."""
    return {_OWNER: str(owner.absolute())}


def end_owned(owner: Path) -> int:
    """Kill what an earlier server of this folder left behind and return when it is gone; how many there were.

    A record of process ids would miss the one that a kill came just after; the mark is there from its first moment.
    """
    mine = str(owner.absolute())
    found = [process for process in psutil.process_iter() if process.pid != os.getpid() and _owner_of(process) == mine]
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(found, timeout=_GRACE_SECONDS)
    return len(found)


def _owner_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(_OWNER)
    except (psutil.Error, OSError):
        return None


def lock_folder(folder: Path) -> IO[str]:
    """Own a state folder until the file is closed. BlockingIOError if another process does: two would undo each other."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / _LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def evict(folder: Path, grace_seconds: float = _GRACE_SECONDS) -> None:
    """Return when nobody owns the folder: who still does gets some seconds to end by itself, then is killed."""
    until = time.monotonic() + grace_seconds
    while (pid := _owner_pid(folder)) is not None:
        if pid and time.monotonic() > until:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _owner_pid(folder: Path) -> int | None:
    """None if nobody owns the folder; 0 for one that has not said its number yet."""
    try:
        with lock_folder(folder):
            return None
    except BlockingIOError:
        text = (folder / _LOCK).read_text()
        return int(text) if text else 0

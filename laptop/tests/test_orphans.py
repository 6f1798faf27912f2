"""Owning a state folder, and ending what a dead owner left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from laptop.orphans import end_owned, evict, lock_folder, mark

HOLD = "import sys, time; from pathlib import Path; from laptop.orphans import lock_folder; "
HOLD += "file = lock_folder(Path(sys.argv[1])); print('held', flush=True); time.sleep(float(sys.argv[2]))"


def hold(folder: Path, seconds: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", HOLD, str(folder), str(seconds)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_has_one_owner_until_it_lets_go(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(BlockingIOError):
        lock_folder(tmp_path)
    lock_folder(tmp_path).close()


def test_an_owner_that_ends_in_time_is_not_killed(tmp_path: Path) -> None:
    owner = hold(tmp_path, 0.3)
    evict(tmp_path, grace_seconds=20)
    assert owner.wait() == 0


def test_a_frozen_owner_is_killed_after_its_grace(tmp_path: Path) -> None:
    owner = hold(tmp_path, 600)
    owner.send_signal(signal.SIGSTOP)
    evict(tmp_path, grace_seconds=0.1)
    assert owner.wait() == -signal.SIGKILL
    lock_folder(tmp_path).close()


def test_nobody_is_evicted_from_a_folder_that_nobody_owns(tmp_path: Path) -> None:
    evict(tmp_path / "new", grace_seconds=0)


def test_marked_processes_and_what_they_started_are_ended_and_no_others(tmp_path: Path) -> None:
    sleeper = [sys.executable, "-c", "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', "]
    sleeper[-1] += "'import time; time.sleep(600)'], start_new_session=True); print('on', flush=True); time.sleep(600)"
    spawn = {"stdout": subprocess.PIPE, "text": True}
    mine = subprocess.Popen(sleeper, env={**os.environ, **mark(tmp_path / "a")}, **spawn)
    other = subprocess.Popen(sleeper, env={**os.environ, **mark(tmp_path / "ab")}, **spawn)
    for process in (mine, other):
        assert process.stdout.readline() == "on\n"
    assert end_owned(tmp_path / "a") == 2
    mine.wait()
    time.sleep(0.1)
    assert other.poll() is None
    assert end_owned(tmp_path / "ab") == 2
    other.wait()

"""Work that loops, crashes or fails ends, each in its own way, and disturbs no other."""

from __future__ import annotations

import os
import signal
import time

from tests.mutants.forking import Task, run_forked
from tests.mutants.running import name_verdict


def loop() -> int:
    while True:
        time.sleep(1)


def fail() -> int:
    raise RuntimeError


def crash() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_each_child_ends_with_its_own_code() -> None:
    works = {"passes": lambda: 0, "notices": lambda: 1, "fails": fail, "crashes": crash}
    codes = dict(run_forked([Task(name, work, 60) for name, work in works.items()], 2))
    assert codes == {"passes": 0, "notices": 1, "fails": 70, "crashes": -signal.SIGKILL}
    assert [name_verdict(codes[name]) for name in works] == ["survived", "killed", "killed", "killed"]


def test_a_child_that_never_ends_is_ended() -> None:
    assert list(run_forked([Task("loops", loop, 0.05), Task("passes", lambda: 0, 60)], 1)) == [
        ("loops", -signal.SIGKILL),
        ("passes", 0),
    ]


def stop() -> int:
    os.kill(os.getpid(), signal.SIGSTOP)
    return 3


def test_a_child_that_was_stopped_goes_on() -> None:
    assert list(run_forked([Task("stops", stop, 60)], 1)) == [("stops", 3)]


def test_children_end_with_whoever_stops_listening() -> None:
    running = run_forked([Task("passes", lambda: 0, 60), Task("loops", loop, 60)], 2)
    assert next(running) == ("passes", 0)
    running.close()  # type: ignore[attr-defined]
    assert list(running) == []

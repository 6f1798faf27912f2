"""The simulator's Firestore locks as a pessimistic database does, in virtual time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.choreography.simulator.campaign import catch
from tests.choreography.simulator.crash_points import full_scenario
from tests.choreography.simulator.engine import KilledError
from tests.choreography.simulator.faults import FaultSchedule
from tests.choreography.simulator.locks import Change, Found, foresee
from tests.choreography.simulator.running import run_seed
from tests.choreography.simulator.world import Protocol, World

Work = Callable[[Any, dt.datetime], object]


class Stage:
    """Processes by name on one document store; `log` has how each ended, in order."""

    def __init__(self) -> None:
        self.world = World(full_scenario(), FaultSchedule(seed="locks"), Protocol())
        self.documents = self.world.edge.documents
        self.log: list[str] = []

    def pause(self, seconds: float) -> None:
        self.world.engine.pause(seconds)

    def spawn(self, name: str, at: float, work: Callable[[], object]) -> None:
        def live() -> None:
            work()
            self.log.append(f"{name} done")

        def end(error: BaseException | None) -> None:
            if error is not None:
                self.log.append(f"{name} {type(error).__name__}")

        self.world.engine.at(at, lambda: self.world.engine.spawn(name, live, end))

    def transact(self, name: str, at: float, work: Work) -> None:
        self.spawn(name, at, lambda: self.documents.run(work))

    def write(self, name: str, at: float, path: str = "d/x") -> None:
        self.spawn(name, at, lambda: self.documents.create(path, {"n": name}))

    def run(self) -> list[str]:
        self.world.engine.run_until(1000)
        self.world.engine.close()
        return self.log


def hold(stage: Stage, seconds: float, path: str = "d/x", writes: str = "") -> Work:
    """Read the document, wait, and write what is asked for."""

    def work(transaction: Any, _now: dt.datetime) -> None:
        transaction.get(path)
        stage.pause(seconds)
        if writes:
            transaction.set(writes, {"n": 1})

    return work


def test_a_write_waits_until_the_reader_is_done() -> None:
    stage = Stage()
    stage.transact("reader:1", 0, hold(stage, 5))
    stage.write("writer:1", 1)
    stage.write("other:1", 1, "d/y")
    assert stage.run() == ["other:1 done", "reader:1 done", "writer:1 done"]
    assert stage.documents.locks.waits == {("writer", "reader", "d"): 1}


def test_a_write_that_waits_too_long_is_refused() -> None:
    stage = Stage()
    stage.transact("reader:1", 0, hold(stage, 40))
    stage.write("writer:1", 1)
    assert stage.run() == ["writer:1 RetryableError", "reader:1 done"]


def test_of_two_that_write_what_both_read_the_older_wins_and_the_other_runs_again() -> None:
    stage, runs = Stage(), list[str]()

    def counting(name: str, seconds: float) -> Work:
        def work(transaction: Any, _now: dt.datetime) -> None:
            runs.append(name)
            held = transaction.get("d/n") or {"n": 0}
            stage.pause(seconds)
            transaction.set("d/n", {"n": held["n"] + 1})

        return work

    stage.transact("older:1", 0, counting("older", 5))
    stage.transact("younger:1", 1, counting("younger", 2))
    assert stage.run() == ["older:1 done", "younger:1 done"]
    assert runs == ["older", "younger", "younger"]
    assert stage.world.documents.held["d/n"] == {"n": 2}


def test_a_transaction_whose_process_died_holds_its_locks_for_a_minute() -> None:
    stage = Stage()

    def die(transaction: Any, _now: dt.datetime) -> None:
        transaction.get("d/x")
        raise KilledError("in the middle")

    stage.transact("dead:1", 0, die)
    stage.write("early:1", 30)
    stage.write("late:1", 50)
    assert stage.run() == ["dead:1 KilledError", "early:1 RetryableError", "late:1 done"]


def test_a_transaction_that_failed_holds_nothing() -> None:
    stage = Stage()

    def fail(transaction: Any, _now: dt.datetime) -> None:
        transaction.get("d/x")
        raise ValueError("no")

    stage.transact("failed:1", 0, fail)
    stage.write("writer:1", 1)
    assert stage.run() == ["failed:1 ValueError", "writer:1 done"]


@pytest.mark.parametrize(
    ("pauses", "end"),
    [([59], "done"), ([61], "RetryableError"), ([55] * 4, "done"), ([55] * 5, "RetryableError")],
    ids=["nearly a minute", "more than a minute", "less than four and a half", "more"],
)
def test_whoever_idles_or_lives_too_long_has_lost_its_transaction(pauses: list[float], end: str) -> None:
    stage = Stage()

    def dawdle(transaction: Any, _now: dt.datetime) -> None:
        transaction.get("d/x")
        for seconds in pauses:
            stage.pause(seconds)
            transaction.get("d/y")

    stage.transact("slow:1", 0, dawdle)
    assert stage.run() == [f"slow:1 {end}"]


def test_a_read_waits_behind_an_older_commit_that_waits() -> None:
    stage = Stage()
    stage.transact("reader:1", 0, hold(stage, 5))
    stage.write("writer:1", 1)
    stage.transact("second:1", 2, hold(stage, 1))
    assert stage.run() == ["reader:1 done", "writer:1 done", "second:1 done"]


def test_a_refused_read_runs_the_work_again() -> None:
    stage, seen = Stage(), []

    def younger(transaction: Any, _now: dt.datetime) -> None:
        seen.append(transaction.get("d/x"))
        stage.pause(10)
        transaction.get("d/y")

    stage.transact("older:1", 0, hold(stage, 5, path="d/y", writes="d/x"))
    stage.transact("younger:1", 1, younger)
    assert stage.run() == ["older:1 done", "younger:1 done"]
    assert seen == [None, {"n": 1}]


def test_a_query_locks_what_it_looked_at_up_to_its_limit() -> None:
    stage = Stage()
    for name in "bd":
        stage.world.documents.held[f"d/{name}"] = {"room": 1}

    def look(transaction: Any, _now: dt.datetime) -> None:
        assert len(transaction.find("d", {"room": 1}, 1)) == 1
        stage.pause(5)

    stage.transact("finder:1", 0, look)
    for name in "ac":
        stage.spawn(f"{name}:1", 1, partial(stage.documents.create, f"d/{name}", {"room": 1}))
    assert stage.run() == ["c:1 done", "finder:1 done", "a:1 done"]


@pytest.mark.parametrize(
    ("change", "is_touched"),
    [
        (Change("d/a", None, {"room": 1}), True),
        (Change("d/a", {"room": 1}, None), True),
        (Change("d/a", {"room": 2}, {"room": 3}), False),
        (Change("d/a", {}, None), False),
        (Change("d/z", None, {"room": 1}), False),
        (Change("dd/a", None, {"room": 1}), False),
    ],
)
def test_a_range_is_touched_by_what_enters_it_or_leaves_it(change: Change, is_touched: bool) -> None:
    assert Found("d", {"room": 1}, last="m").is_touched_by(change) is is_touched


def test_what_writes_would_change() -> None:
    writes = [("set", "d/a", {"n": 1}), ("update", "d/a", {"m": 2}), ("update", "d/b", {"m": 3}), ("delete", "d/c", {})]
    assert foresee(writes, {"d/b": {"n": 5}, "d/c": {"n": 6}}) == [
        Change("d/a", None, {"n": 1, "m": 2}),
        Change("d/b", {"n": 5}, {"n": 5, "m": 3}),
        Change("d/c", {"n": 6}, None),
    ]


def test_the_old_clock_makes_landings_wait_for_claims() -> None:
    seed, violation = catch("clock on the head", range(100))
    assert seed >= 0
    assert violation.startswith("(k) ")


def test_a_run_says_who_waited_for_whom() -> None:
    waits: Counter[str] = Counter()
    for seed in range(8):
        waits += run_seed(seed).waits
    assert waits["start_elt for start_elt over elt"] > 0

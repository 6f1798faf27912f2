"""The lock table: the older goes first, nobody waits in a circle, and what was read holds until the commit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.firestore.locking import Holder, LockRequest, LockTable

CASES = yaml.safe_load(Path(__file__).with_name("locking_cases.yaml").read_text())


class StartsWith:
    """The range of all names that start with a letter."""

    def __init__(self, letter: str) -> None:
        self._letter = letter

    def is_touched_by(self, change: str) -> bool:
        return change.startswith(self._letter)


class Board:
    """A lock table and who asks it what: steps of a case, such as `B commits x y`."""

    def __init__(self) -> None:
        self.table = LockTable()
        self.holders: dict[str, Holder] = {}
        self.requests: dict[str, LockRequest] = {}
        self.woken: list[str] = []

    def step(self, who: str, verb: str, *names: str) -> str:
        answer: str = getattr(self, verb)(who, *names) or "done"
        return answer

    def begins(self, who: str) -> None:
        self.holders[who] = Holder(age=self.table.next_age())
        self.table.add(self.holders[who])

    def reads(self, who: str, *names: str) -> str:
        holder = self.holders[who]
        wanted = {"range": StartsWith(names[0][0])} if names[0].endswith("*") else {"documents": names}
        return self._ask(who, LockRequest(age=holder.age, holder=holder, **wanted))

    def commits(self, who: str, *names: str) -> str:
        holder = self.holders.get(who)
        age = holder.age if holder else self.table.next_age()
        said = self._ask(who, LockRequest(age=age, holder=holder, is_commit=True, documents=names, changes=names))
        if said == "done" and holder:
            self.table.release(holder)
        return said

    def asks(self, who: str) -> str:
        """Again, after it was woken."""
        return self._ask(who, self.requests[who])

    def ends(self, who: str) -> None:
        self.table.release(self.holders[who])

    def leaves(self, who: str) -> None:
        self.table.leave(self.requests[who])

    def _ask(self, who: str, request: LockRequest) -> str:
        if request.holder is not None and request.holder.lost:
            return "lost"
        request.wake = lambda: self.woken.append(who)
        self.requests[who] = request
        if self.table.block(request):
            return "waits"
        self.table.grant(request)
        return "done"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_who_goes_first(case: dict[str, Any]) -> None:
    board = Board()
    for number, step in enumerate(case["steps"]):
        said, _, woken = step["then"].partition(", wakes ")
        board.woken.clear()
        assert board.step(*step["do"].split()) == said, f"step {number}: {step['do']}"
        assert list(dict.fromkeys(board.woken)) == woken.split(), f"step {number}: {step['do']}"


@dataclass(slots=True, eq=False)
class Actor:
    """A transaction as its client runs it: reads, then one commit, all of it again when it lost."""

    number: int
    reads: list[str]
    writes: list[str]
    holder: Holder | None = None
    request: LockRequest | None = None
    seen: dict[str, object] = field(default_factory=dict)
    tries: int = 0
    done: bool = False


class Schedule:
    """Actors over one lock table, moved in an order that dice decide; the state is who wrote each name last."""

    def __init__(self, seed: int, table: LockTable) -> None:
        self.dice = random.Random(seed)
        self.table = table
        self.state: dict[str, int] = {}
        self.history: list[Actor] = []
        self.actors = [self._draw(number) for number in range(1, 9)]
        self.awake = set(self.actors)

    def _draw(self, number: int) -> Actor:
        names = ["a1", "a2", "b1", "b2"]
        reads = self.dice.sample([*names, "a*", "b*"], self.dice.randint(0, 3))
        return Actor(number, reads, self.dice.sample(names, self.dice.randint(0, 2)))

    def run(self) -> None:
        while open_ := [actor for actor in self.actors if not actor.done]:
            movable = [actor for actor in open_ if actor in self.awake]
            assert movable, f"{len(open_)} wait in a circle"
            self._move(self.dice.choice(movable))

    def _move(self, actor: Actor) -> None:
        if actor.holder is None:
            self._begin(actor)
        elif actor.holder.lost:
            self.table.release(actor.holder)
            self._begin(actor, actor.holder.age)
        elif len(actor.seen) < len(actor.reads):
            self._read(actor, actor.reads[len(actor.seen)])
        else:
            self._commit(actor)

    def _begin(self, actor: Actor, age: int = 0) -> None:
        actor.holder = Holder(age=age or self.table.next_age())
        actor.tries, actor.seen, actor.request = actor.tries + 1, {}, None
        self.table.add(actor.holder)

    def _read(self, actor: Actor, name: str) -> None:
        wanted: Any = {"range": StartsWith(name[0])} if name.endswith("*") else {"documents": [name]}
        if self._is_granted(actor, wanted):
            actor.seen[name] = self._look(name)

    def _commit(self, actor: Actor) -> None:
        if self._is_granted(actor, {"is_commit": True, "documents": actor.writes, "changes": actor.writes}):
            assert actor.holder is not None
            self.table.release(actor.holder)
            self.history.append(actor)
            self.state |= dict.fromkeys(actor.writes, actor.number)
            actor.done = True

    def _is_granted(self, actor: Actor, wanted: dict[str, Any]) -> bool:
        assert actor.holder is not None
        if actor.request is None:
            wake = lambda: self.awake.add(actor)  # noqa: E731
            actor.request = LockRequest(age=actor.holder.age, holder=actor.holder, wake=wake, **wanted)
        if self.table.block(actor.request):
            self.awake.discard(actor)
            return False
        self.table.grant(actor.request)
        actor.request = None
        return True

    def _look(self, name: str) -> object:
        """The newest writer of a document, or of all that a range holds."""
        return sorted(self._inside(name)) if name.endswith("*") else self.state.get(name, 0)

    def _inside(self, name: str) -> Iterator[tuple[str, int]]:
        return ((one, by) for one, by in self.state.items() if one[0] == name[0])

    def is_serial(self) -> bool:
        """Whether one after the other, in the order of their commits, all would have read what they did."""
        committed, self.state = self.history, {}
        for actor in committed:
            if any(self._look(name) != seen for name, seen in actor.seen.items()):
                return False
            self.state |= dict.fromkeys(actor.writes, actor.number)
        return True


@pytest.mark.parametrize("first", range(0, 2000, 500))
def test_any_schedule_ends_and_is_serial(first: int) -> None:
    for seed in range(first, first + 500):
        schedule = Schedule(seed, LockTable())
        schedule.run()
        assert schedule.is_serial(), f"seed {seed}"


class Counting(LockTable):
    waits = 0

    def block(self, request: LockRequest) -> Any:
        blockers = super().block(request)
        self.waits += bool(blockers)
        return blockers


def test_schedules_are_not_tame() -> None:
    """Some wait, some lose and try again: or the test above would prove nothing."""
    table, lost = Counting(), 0
    for seed in range(100):
        schedule = Schedule(seed, table)
        schedule.run()
        lost += sum(actor.tries - 1 for actor in schedule.actors)
    assert lost > 100
    assert table.waits > 100


class Open(LockTable):
    """Locks that exclude nobody."""

    def find_blockers(self, request: LockRequest) -> list[Any]:
        return []

    def take_away(self, holder: Holder) -> None:
        return


def test_locks_that_exclude_nobody_are_caught() -> None:
    verdicts = []
    for seed in range(100):
        schedule = Schedule(seed, Open())
        schedule.run()
        verdicts.append(schedule.is_serial())
    assert not all(verdicts)

"""The virtual clock and its processes. Processes are greenlets: they give way to one another at every step, nowhere else."""

from __future__ import annotations

import heapq
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

from ripple.errors import RetryableError
from tests.choreography.simulator.faults import FaultSchedule

T = TypeVar("T")
LEASE = 1200.0


class KilledError(BaseException):
    """The process died here. No handler catches it, as none catches a SIGKILL."""


@dataclass(slots=True)
class Process:
    """Something that runs: a delivery in a function, a workflow execution, a job. `number` counts its steps."""

    name: str
    work: Callable[[], None]
    ended: Callable[[BaseException | None], None]
    number: int = 0
    cancelled: bool = False
    in_flight: Callable[[], object] | None = None
    thread: Any = None


@dataclass(slots=True)
class Engine:
    faults: FaultSchedule
    trace: list[str] | None = None
    now: float = 0.0
    steps: int = 0
    _queue: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _sequence: int = 0
    _hub: greenlet = field(default_factory=getcurrent)
    _alive: set[int] = field(default_factory=set)
    _processes: dict[int, Process] = field(default_factory=dict)
    current: Process | None = None

    def at(self, when: float, call: Callable[[], object]) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (when, self._sequence, call))

    def after(self, seconds: float, call: Callable[[], object]) -> None:
        self.at(self.now + seconds, call)

    def run_until(self, moment: float) -> None:
        while self._queue and self._queue[0][0] <= moment:
            self.now, _, call = heapq.heappop(self._queue)
            call()
        self.now = max(self.now, moment)

    def say(self, text: str) -> None:
        if self.trace is not None:
            who = self.current.name if self.current else "-"
            self.trace.append(f"{_clock(self.now)} {who:<52} {text}")

    def spawn(
        self, name: str, work: Callable[[], None], ended: Callable[[BaseException | None], None] = lambda _error: None
    ) -> Process:
        """Start a process now; `ended` receives how it went, None if well."""
        process = Process(name, work, ended)
        process.thread = greenlet(lambda: self._live(process), parent=self._hub)
        self._processes[id(process)] = process
        self.after(0, lambda: self._wake(process))
        return process

    def _live(self, process: Process) -> None:
        error: BaseException | None = None
        try:
            process.work()
        except GreenletExit:
            return
        except AssertionError:
            raise
        except (Exception, KilledError) as raised:
            error = raised
        if error is not None:
            self.say(f"ends with {type(error).__name__}: {error}")
        self._processes.pop(id(process), None)
        process.ended(error)

    def _wake(self, process: Process) -> None:
        if process.thread.dead:
            return
        self.current = process
        process.thread.switch()
        self.current = None

    def pause(self, seconds: float) -> None:
        """Let others run. A process that was cancelled meanwhile never comes back."""
        process = self.current
        assert process is not None, "only a process can wait"
        self.after(seconds, lambda: self._wake(process))
        self._hub.switch()
        if process.cancelled:
            raise KilledError("cancelled")

    def nap(self, seconds: float, arm: Callable[[Callable[[], None]], None]) -> None:
        """As `pause`, but over as soon as the callback is called that `arm` is given."""
        process = self.current
        assert process is not None, "only a process can wait"
        asleep = [process]

        def wake() -> None:
            if asleep:
                self._wake(asleep.pop())

        arm(lambda: self.after(0, wake))
        self.after(seconds, wake)
        self._hub.switch()
        if process.cancelled:
            raise KilledError("cancelled")

    def step(self, what: str, effect: Callable[[], T], *, crash: str = "crash", in_flight: bool = False) -> T:
        """One call to the outside: it takes time, others run meanwhile, and it may fail before or after it took effect.

        A call that may be `in_flight` when its process is cancelled can still arrive: see `cancel`.
        """
        process = self.current
        assert process is not None, "only a process makes calls"
        process.number += 1
        self.steps += 1
        mine, place = self.steps, f"{process.name}#{process.number}"
        planned = self.faults.planned.get(mine)
        if not self.faults.active(self.now):
            self.pause(0.01 + (mine * 7919 % 997) / 5000)
            return self._take_effect(what, effect, False, False)
        dice = self.faults.dice(place)
        before, after = dice[0] < 128, dice[1] < 128
        crashes = self.faults.hits(crash, place, _fraction(dice, 2), self.now)
        fails = not crashes and self.faults.hits("error", place, _fraction(dice, 8), self.now)
        seconds = 0.001 + 2.0 * _fraction(dice, 14) ** 4
        if self.faults.hits("stall", place, _fraction(dice, 20), self.now):
            seconds = self.faults.lasts(place, 60, 2 * LEASE, self.now)
            self.say(f"stalls for {seconds:.0f} s before {what}")
        process.in_flight = effect if in_flight else None
        self.pause(seconds)
        process.in_flight = None
        if planned == "before" or (crashes and before):
            raise KilledError(f"before {what}")
        if fails and after:
            raise RetryableError(f"unavailable: {what}")
        return self._take_effect(what, effect, planned == "after" or crashes, fails)

    def _take_effect(self, what: str, effect: Callable[[], T], crashes: bool, fails: bool) -> T:
        done = effect()
        if self.trace is not None:
            self.say(f"{what} -> {_short(done)}")
        if crashes:
            raise KilledError(f"after {what}")
        if fails:
            raise RetryableError(f"answer lost: {what}")
        return done

    def cancel(self, process: Process) -> None:
        """The process never comes back. What it sent before may still arrive, within half a minute."""
        process.cancelled = True
        roll = self.faults.roll(f"in flight@{process.name}")
        if process.in_flight is not None and roll < 0.5 and self.faults.active(self.now):
            self.say(f"a call of {process.name} arrives although it was cancelled")
            self.after(60 * roll, process.in_flight)

    def close(self) -> None:
        """End what still sleeps."""
        self._queue.clear()
        for process in list(self._processes.values()):
            if not process.thread.dead:
                process.thread.throw(GreenletExit)


def _fraction(dice: bytes, at: int) -> float:
    return int.from_bytes(dice[at : at + 6], "big") / (1 << 48)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds // 60) % 60:02d}:{seconds % 60:06.3f}"


def _short(value: object) -> str:
    """An open file is shown by its kind: its address would make every story another one."""
    text = type(value).__name__ if isinstance(value, io.IOBase) else repr(value)
    return text if len(text) <= 100 else text[:97] + "..."

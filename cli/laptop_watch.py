"""Work against the laptop that ends at once when the laptop does: Google's clients would go on trying for minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from laptop import control
from laptop.settings import LaptopError
from laptop.supervisor import last_line

_LOOK_SECONDS = 0.3
T = TypeVar("T")


class _Work(threading.Thread, Generic[T]):
    """Work in a thread that holds no process back from its end."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.made: list[T] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self.made.append(self._work())
        except BaseException as error:
            self.failure = error

    def result(self) -> T:
        if self.failure is not None:
            raise self.failure
        return self.made[0]


def while_laptop_lives(state: Path, work: Callable[[], T]) -> T:
    """What `work` returns or raises; LaptopError as soon as the laptop of the folder `state` (absolute) is dead."""
    running = _Work(work)
    running.start()
    while running.is_alive():
        if control.running_pid(state) is None:
            said = last_line(state, control.SUPERVISOR)
            raise LaptopError(f"the laptop is dead: {said}; the same command starts it again and goes on where it was")
        running.join(_LOOK_SECONDS)
    return running.result()

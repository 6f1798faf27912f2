"""Commit and read times: microseconds, always rising, and never a read time that a later commit precedes."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Timeline:
    """`clock` gives seconds since 1970; one commit runs at a time, any number of threads ask for read times."""

    def __init__(self, clock: Callable[[], float], last: int) -> None:
        self._clock, self._last = clock, last
        self._pending: int | None = None
        self._lock = threading.Lock()

    def begin_commit(self) -> int:
        """The time of the commit that starts now: later than every time given out before."""
        with self._lock:
            self._last = self._pending = max(self._now(), self._last + 1)
            return self._last

    def end_commit(self) -> None:
        """The commit is visible, or will never be."""
        with self._lock:
            self._pending = None

    def read_time(self) -> int:
        """A time at which all that is or will be committed up to it can already be read."""
        with self._lock:
            if self._pending is not None:
                return self._pending - 1
            self._last = max(self._last, self._now())
            return self._last

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)

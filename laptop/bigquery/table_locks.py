"""Who may change a table: single statements take turns, transactions do not wait for one another.

https://cloud.google.com/bigquery/docs/transactions, "Transaction concurrency": statements that add rows run beside all others; of those
that mutate rows (UPDATE, DELETE, MERGE, TRUNCATE) one runs at a time. A single one waits for its turn, a transaction is aborted.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum

Key = tuple[str, str]
_ADDED, _MUTATED = "rows added", "rows mutated"


class Change(Enum):
    """What a statement does to a table, by what it locks."""

    APPEND = (_ADDED,)
    MUTATE = (_MUTATED,)
    DEFINE = (_ADDED, _MUTATED)


@dataclass(slots=True)
class TableLocks:
    """A moment is the number of mutations so far; `mutated` has the moment of each table's latest."""

    _guard: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[Key, threading.Lock | threading.RLock] = field(default_factory=dict)
    _mutated: dict[str, int] = field(default_factory=dict)
    _moment: int = 0

    @contextmanager
    def holding(self, names: Collection[str], change: Change) -> Iterator[None]:
        """Wait for these tables, taken in order so that two writers cannot wait for each other; say when they have changed."""
        with ExitStack() as stack:
            for key in sorted((name, part) for name in names for part in change.value):
                stack.enter_context(self._lock(key))
            yield
            if change is not Change.APPEND:
                self.record(names)

    def try_mutate(self, name: str) -> bool:
        """Take the table until `release`, unless another has it."""
        return self._lock((name, _MUTATED)).acquire(blocking=False)

    def release(self, names: Collection[str]) -> None:
        for name in names:
            self._lock((name, _MUTATED)).release()

    def moment(self) -> int:
        with self._guard:
            return self._moment

    def mutated_since(self, name: str, moment: int) -> bool:
        with self._guard:
            return self._mutated.get(name, 0) > moment

    def record(self, names: Collection[str]) -> None:
        """After a commit, never before it: a snapshot in between would miss the change and not know of it."""
        with self._guard:
            self._moment += 1
            self._mutated.update(dict.fromkeys(names, self._moment))

    def _lock(self, key: Key) -> threading.Lock | threading.RLock:
        with self._guard:
            return self._locks.setdefault(key, threading.RLock() if key[1] == _ADDED else threading.Lock())

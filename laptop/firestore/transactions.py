"""Open transactions: how long they may live, and what their locks and their place in the order of age are."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from laptop.firestore.errors import abort_contended, refuse_argument
from laptop.firestore.locking import Holder, LockTable

_ENDED_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: how long a call waits for a lock, how long a transaction may be idle, and live.

    The last two are documented; the first is what was seen in the cloud.
    """

    wait: float = 15.0
    idle: float = 60.0
    life: float = 270.0


@dataclass(slots=True, eq=False, kw_only=True)
class OpenTransaction(Holder):
    """All that an optimistic one read was current at `read_time`, which moves forward as long as it still is.

    A pessimistic one reads what is there now, as nobody can change it before the end. Times in microseconds.
    """

    id: bytes
    read_only: bool
    optimistic: bool
    read_time: int
    begun: int
    used: int


class Transactions:
    """Used by the writing thread alone, except `get` and `has_ended`."""

    def __init__(
        self, locks: LockTable, limits: Limits, new_id: Callable[[], bytes] = lambda: secrets.token_bytes(16)
    ) -> None:
        self._locks, self._limits, self._new_id = locks, limits, new_id
        self._open: dict[bytes, OpenTransaction] = {}
        self._ended: dict[bytes, int] = {}

    def begin(
        self, *, now: int, read_time: int, read_only: bool = False, optimistic: bool = False, retried: bytes = b""
    ) -> OpenTransaction:
        """Open a transaction; one that tries again what was `retried` is as old as that was."""
        self.expire(now)
        opened = OpenTransaction(
            age=self._choose_age(retried),
            id=self._new_id(),
            read_only=read_only,
            optimistic=optimistic,
            read_time=read_time,
            begun=now,
            used=now,
        )
        self._open[opened.id] = opened
        if not (read_only or optimistic):
            self._locks.add(opened)
        return opened

    def get(self, identifier: bytes) -> OpenTransaction:
        """Raises INVALID_ARGUMENT for one that is finished or never was."""
        found = self._open.get(identifier)
        if found is None:
            raise refuse_argument("The referenced transaction has expired or is no longer valid.")
        return found

    def has_ended(self, identifier: bytes) -> bool:
        """Whether it was committed, refused or rolled back a while ago: rolling it back again is no error."""
        return identifier in self._ended

    def use(self, transaction: OpenTransaction, now: int) -> None:
        """Before each call. Raises INVALID_ARGUMENT if it is over, ABORTED if it has lost its locks."""
        self.expire(now)
        self.get(transaction.id)
        if transaction.lost:
            raise abort_contended()
        transaction.used = now

    def finish(self, transaction: OpenTransaction) -> None:
        self._open.pop(transaction.id, None)
        self._ended[transaction.id] = transaction.age
        while len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
        self._locks.release(transaction)

    def expire(self, now: int) -> None:
        """End those that live or idle for too long; their locks are free."""
        for transaction in [one for one in self._open.values() if self._is_overdue(one, now)]:
            self.finish(transaction)

    def optimistic(self) -> Iterator[OpenTransaction]:
        """Those whose reads must be checked against commits."""
        return (one for one in self._open.values() if one.optimistic)

    def _is_overdue(self, transaction: OpenTransaction, now: int) -> bool:
        idle, life = now - transaction.used, now - transaction.begun
        return idle > self._limits.idle * 1_000_000 or life > self._limits.life * 1_000_000

    def _choose_age(self, retried: bytes) -> int:
        if retried in self._open:
            self.finish(self._open[retried])
        return self._ended.get(retried) or self._locks.next_age()

"""Document stores that lock wrongly: nothing, or what everybody reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ripple.ports import Transaction
from ripple.state.head import HEAD
from tests.choreography.simulator.documents import SteppedDocuments
from tests.choreography.simulator.locks import VirtualLocks

T = TypeVar("T")


class _NoLocks(VirtualLocks):
    def share(self, opened: Any, *, documents: Sequence[str] = (), found: Any = None) -> None:
        return

    def take(self, writes: Sequence[Any], held: Any, opened: Any = None) -> None:
        return


class UnisolatedDocuments(SteppedDocuments):
    """Locks nothing and commits whatever was read meanwhile: the lost update."""

    def __init__(self, engine: Any, held: Any) -> None:
        super().__init__(engine, held)
        self.locks = _NoLocks(engine)

    def _check_isolation(self, plain: Any) -> None:
        return


class ClockOnTheHead(SteppedDocuments):
    """Every transaction asks `elt/head` what time it is, and so locks it."""

    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        def look_first(transaction: Transaction, now: dt.datetime) -> T:
            transaction.get(HEAD.path)
            return work(transaction, now)

        return SteppedDocuments.run(self, look_first)

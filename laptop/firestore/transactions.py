"""Transactions: what each has read, and whether all of it still holds at a later time."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from laptop.firestore.errors import abort_contended, refuse_argument
from laptop.firestore.messages import Document
from laptop.firestore.paths import DocumentKey
from laptop.firestore.plans import QueryPlan
from laptop.firestore.store import DocumentChange

_LIFETIME = 270_000_000
_ENDED_KEPT = 1000


@dataclass(slots=True, kw_only=True)
class OpenTransaction:
    """All it read was current at `read_time` (microseconds); that moves forward as long as it still is."""

    id: bytes
    read_only: bool
    read_time: int
    begun: int
    retried: bool
    documents: set[DocumentKey] = field(default_factory=set)
    queries: list[QueryPlan] = field(default_factory=list)

    def was_touched_by(self, change: DocumentChange) -> bool:
        """Whether a read would come out differently: the document itself, or one that enters or leaves a query."""
        if change.key in self.documents:
            return True
        return any(_concerns(change, plan) for plan in self.queries)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    time: int
    changes: tuple[DocumentChange, ...]


class Transactions:
    """Used by the writing thread alone, except `get` and what a transaction remembers of its reads."""

    def __init__(self, new_id: Callable[[], bytes] = lambda: secrets.token_bytes(16)) -> None:
        self._new_id = new_id
        self._open: dict[bytes, OpenTransaction] = {}
        self._commits: list[_Commit] = []
        self._ended: deque[bytes] = deque(maxlen=_ENDED_KEPT)

    def begin(self, read_time: int, *, now: int, read_only: bool = False, retried: bool = False) -> OpenTransaction:
        """Open a transaction whose reads see `read_time` or later."""
        self._expire(now)
        opened = OpenTransaction(
            id=self._new_id(), read_only=read_only, read_time=read_time, begun=now, retried=retried
        )
        self._open[opened.id] = opened
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

    def finish(self, transaction: OpenTransaction) -> None:
        self._open.pop(transaction.id, None)
        self._ended.append(transaction.id)
        self._forget_commits()

    def extend(self, transaction: OpenTransaction, time: int) -> bool:
        """Move the read time to `time` if all that was read still holds; whether it does."""
        later = (commit for commit in self._commits if commit.time > transaction.read_time)
        if any(transaction.was_touched_by(change) for commit in later for change in commit.changes):
            return False
        transaction.read_time = time
        return True

    def validate(self, transaction: OpenTransaction, time: int) -> None:
        """Raises ABORTED when something read has changed since, and ends the transaction."""
        if transaction.id not in self._open:
            raise abort_contended()
        if not self.extend(transaction, time):
            self.finish(transaction)
            raise abort_contended()

    def remember(self, time: int, changes: Iterable[DocumentChange]) -> None:
        """Keep a commit for as long as an open transaction may have to be checked against it."""
        if any(not transaction.read_only for transaction in self._open.values()):
            self._commits.append(_Commit(time=time, changes=tuple(changes)))

    def _expire(self, now: int) -> None:
        for transaction in [one for one in self._open.values() if now - one.begun > _LIFETIME]:
            self.finish(transaction)

    def _forget_commits(self) -> None:
        oldest = min((one.read_time for one in self._open.values() if not one.read_only), default=None)
        self._commits = [] if oldest is None else [commit for commit in self._commits if commit.time > oldest]


def _concerns(change: DocumentChange, plan: QueryPlan) -> bool:
    if not plan.scope.holds(change.key.collection):
        return False
    return any(data is not None and plan.matches(Document.FromString(data)) for data in (change.before, change.after))

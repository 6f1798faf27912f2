"""Locks of pessimistic transactions: reads share, a commit takes what it changes for itself, and the older goes first.

A commit waits for older transactions that have read what it changes. Younger ones lose their locks to it, and their next call
is refused. A read waits for older commits that wait, so that these are not kept waiting by ever more readers. Everybody waits
for older ones only: nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class Range(Protocol):
    """What a query looked at."""

    def is_touched_by(self, change: Any) -> bool:
        """Whether the query would answer differently before or after the change."""
        ...


@dataclass(slots=True, eq=False, kw_only=True)
class Holder:
    """A transaction and what it has read; the smaller `age` is the older. `lost`: its locks were taken away."""

    age: int
    documents: set[Hashable] = field(default_factory=set)
    ranges: list[Range] = field(default_factory=list)
    lost: bool = False

    def has_read(self, documents: Collection[Hashable], changes: Sequence[Any]) -> bool:
        """Whether one of the documents, or a range that one of the changes touches."""
        if not self.documents.isdisjoint(documents):
            return True
        return any(range_.is_touched_by(change) for range_ in self.ranges for change in changes)


@dataclass(slots=True, eq=False, kw_only=True)
class LockRequest:
    """A read of documents or of a range, or a commit of changes to documents. `holder` is None outside a transaction.

    `wake` is called when a request that was blocked may be free; it then asks again. With `may_wait` False it will not.
    """

    age: int
    holder: Holder | None = None
    is_commit: bool = False
    documents: Collection[Hashable] = ()
    range: Range | None = None
    changes: Sequence[Any] = ()
    wake: Callable[[], object] = lambda: None
    may_wait: bool = True

    def is_in_the_way_of(self, read: LockRequest) -> bool:
        """Whether this commit changes what the other wants to read."""
        if not set(self.documents).isdisjoint(read.documents):
            return True
        return read.range is not None and any(map(read.range.is_touched_by, self.changes))


class LockTable:
    """Who holds what, who waits. Not thread-safe: one thread asks, grants and applies what was granted."""

    def __init__(self) -> None:
        self._holders: list[Holder] = []
        self._waiting: list[LockRequest] = []
        self._ages = 0

    def next_age(self) -> int:
        """Of what begins now."""
        self._ages += 1
        return self._ages

    @property
    def waiting(self) -> Sequence[LockRequest]:
        """The oldest first; some may have been woken and not have asked yet."""
        return tuple(self._waiting)

    def add(self, holder: Holder) -> None:
        self._holders.append(holder)

    def block(self, request: LockRequest) -> Sequence[Holder | LockRequest]:
        """What the request has to wait for, in which case it is kept until `grant` or `leave`; empty if it is free."""
        blockers = self.find_blockers(request)
        if blockers and request not in self._waiting:
            self._waiting.append(request)
            self._waiting.sort(key=lambda one: one.age)
        return blockers

    def find_blockers(self, request: LockRequest) -> Sequence[Holder | LockRequest]:
        """Older holders for a commit, older waiting commits for a read."""
        if request.is_commit:
            return [one for one in self._conflicting(request) if one.age < request.age]
        return [one for one in self._waiting if self._must_follow(request, one)]

    def grant(self, request: LockRequest) -> None:
        """Give a request that is free what it asked for; a commit is over with that, and younger readers have lost."""
        if request.is_commit:
            for holder in self._conflicting(request):
                self.take_away(holder)
        elif request.holder is not None:
            request.holder.documents.update(request.documents)
            request.holder.ranges += [] if request.range is None else [request.range]
        self.leave(request)

    def leave(self, request: LockRequest) -> None:
        """The request does not wait any more."""
        if request in self._waiting:
            self._waiting.remove(request)
            self.wake_free()

    def release(self, holder: Holder) -> None:
        """The transaction is over; its own requests are woken to see that."""
        if holder in self._holders:
            self._holders.remove(holder)
            self._drop_requests(holder)

    def take_away(self, holder: Holder) -> None:
        """The transaction loses its locks; its own requests are woken to see that."""
        holder.lost = True
        holder.documents.clear()
        holder.ranges.clear()
        self._drop_requests(holder)

    def wake_free(self) -> None:
        """Wake the oldest first. They go on waiting here until they have asked again, so that no younger one overtakes."""
        for request in list(self._waiting):
            if not self.find_blockers(request):
                request.wake()

    def _drop_requests(self, holder: Holder) -> None:
        for request in [one for one in self._waiting if one.holder is holder]:
            self._waiting.remove(request)
            request.wake()
        self.wake_free()

    def _conflicting(self, commit: LockRequest) -> list[Holder]:
        others = [one for one in self._holders if one is not commit.holder]
        return [one for one in others if one.has_read(commit.documents, commit.changes)]

    def _must_follow(self, read: LockRequest, other: LockRequest) -> bool:
        return other.is_commit and other.age < read.age and other.is_in_the_way_of(read)

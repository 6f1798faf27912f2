"""The one thread that writes: it reads what is there, decides, applies, and tells who listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from laptop.firestore.errors import FirestoreError, refuse_argument
from laptop.firestore.messages import Pb, Status, WriteResult
from laptop.firestore.paths import DocumentKey
from laptop.firestore.store import DocumentChange, DocumentDatabase
from laptop.firestore.timeline import Timeline
from laptop.firestore.transactions import OpenTransaction, Transactions
from laptop.firestore.writes import apply_write, key_written

VERSIONS_KEPT = 600_000_000
"""Microseconds for which a document can be read as it was."""
_PRUNE_EVERY = 60_000_000

Publish = Callable[[int, Sequence[DocumentChange]], None]
_State = dict[DocumentKey, tuple[bytes, int] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitOutcome:
    """`results` and `statuses` are per write; `time` in microseconds."""

    time: int
    results: list[Pb]
    statuses: list[Pb]


class Committer:
    """Every method runs on the writing thread; `publish(time, changes)` is called there after each commit."""

    def __init__(
        self, store: DocumentDatabase, timeline: Timeline, transactions: Transactions, publish: Publish
    ) -> None:
        self._store, self._timeline, self._transactions, self._publish = store, timeline, transactions, publish
        self._pruned = 0

    def begin(self, *, read_only: bool, retried: bool, read_time: int | None) -> OpenTransaction:
        now = self._timeline.read_time()
        time = now if read_time is None else read_time
        return self._transactions.begin(time, now=now, read_only=read_only, retried=retried)

    def refresh(self, transaction: OpenTransaction) -> None:
        """Let the next read of a writing transaction see the newest state that agrees with all it has read."""
        if not transaction.read_only:
            self._transactions.extend(transaction, self._timeline.read_time())

    def roll_back(self, transaction: OpenTransaction) -> None:
        self._transactions.finish(transaction)

    def commit(self, writes: Sequence[Pb], transaction: OpenTransaction | None) -> CommitOutcome:
        """All writes or none. Raises what the first write that cannot be made is refused with, or ABORTED."""
        if transaction is not None:
            self._close(transaction, writes)
        return self._apply(writes, atomic=True)

    def write_batch(self, writes: Sequence[Pb]) -> CommitOutcome:
        """Each write on its own; refusals are statuses. Raises INVALID_ARGUMENT if one document is written twice."""
        keys = [key_written(write) for write in writes]
        if len(set(keys)) != len(keys):
            raise refuse_argument("a batch writes one document only once")
        return self._apply(writes, atomic=False)

    def _close(self, transaction: OpenTransaction, writes: Sequence[Pb]) -> None:
        if not transaction.read_only:
            self._transactions.validate(transaction, self._timeline.read_time())
        self._transactions.finish(transaction)
        if transaction.read_only and writes:
            raise refuse_argument("Cannot modify entities in a read-only transaction.")

    def _apply(self, writes: Sequence[Pb], *, atomic: bool) -> CommitOutcome:
        before = self._gather(writes)
        time = self._timeline.begin_commit()
        try:
            after, outcome = decide(writes, before, time, atomic=atomic)
            changes = list_changes(before, after)
            if changes:
                self._store.write(changes, time)
                self._transactions.remember(time, changes)
        finally:
            self._timeline.end_commit()
        if changes:
            self._publish(time, changes)
            self._prune(time)
        return outcome

    def _gather(self, writes: Sequence[Pb]) -> _State:
        keys = dict.fromkeys(map(key_written, writes))
        current = self._store.current(keys)
        return {key: current.get(key) for key in keys}

    def _prune(self, time: int) -> None:
        if time - self._pruned > _PRUNE_EVERY:
            self._pruned = time
            self._store.prune(time - VERSIONS_KEPT)


def decide(writes: Sequence[Pb], before: _State, time: int, *, atomic: bool) -> tuple[_State, CommitOutcome]:
    """The state after the writes, each seeing those before it. Pure."""
    after = dict(before)
    results, statuses = [], []
    for write in writes:
        key = key_written(write)
        try:
            written = apply_write(write, after[key], time)
        except FirestoreError as error:
            if atomic:
                raise
            results.append(WriteResult())
            statuses.append(Status(code=error.code.value[0], message=error.message))
            continue
        after[key] = None if written.data is None else (written.data, written.updated)
        results.append(written.result)
        statuses.append(Status())
    return after, CommitOutcome(time=time, results=results, statuses=statuses)


def list_changes(before: _State, after: _State) -> list[DocumentChange]:
    """What differs. Pure."""
    return [_change(key, old, after[key]) for key, old in before.items() if old != after[key]]


def _change(key: DocumentKey, old: tuple[bytes, int] | None, new: tuple[bytes, int] | None) -> DocumentChange:
    return DocumentChange(key, old[0] if old else None, old[1] if old else 0, new[0] if new else None)

"""The one thread that writes: it reads what is there, decides, applies, and reports to who listens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from laptop.firestore.errors import FirestoreError, abort_contended, refuse_argument
from laptop.firestore.locking import LockRequest, LockTable
from laptop.firestore.messages import Pb, Status, WriteResult
from laptop.firestore.paths import DocumentKey
from laptop.firestore.ranges import ChangedDocument, QueryRange
from laptop.firestore.store import DocumentChange, DocumentDatabase
from laptop.firestore.timeline import Timeline
from laptop.firestore.transactions import OpenTransaction, Transactions
from laptop.firestore.validation import CommitHistory
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What writes come to, before any of it is stored."""

    changes: list[DocumentChange]
    outcome: CommitOutcome


class Committer:
    """Every method runs on the writing thread; `publish(time, changes)` is called there after each commit.

    What answers None is blocked by a lock: it is to be asked again when its request was woken.
    """

    def __init__(
        self,
        store: DocumentDatabase,
        timeline: Timeline,
        locks: LockTable,
        transactions: Transactions,
        publish: Publish,
    ) -> None:
        self._store, self._timeline, self._publish = store, timeline, publish
        self._locks, self._transactions = locks, transactions
        self._history = CommitHistory()
        self._pruned = 0

    def begin(
        self, *, read_only: bool, read_time: int | None, optimistic: bool = False, retried: bytes = b""
    ) -> OpenTransaction:
        now = self._timeline.read_time()
        time = now if read_time is None else read_time
        return self._transactions.begin(
            now=now, read_time=time, read_only=read_only, optimistic=optimistic, retried=retried
        )

    def join(self, transaction: OpenTransaction, request: LockRequest) -> int | None:
        """The time at which the transaction may read what it requests."""
        now = self._timeline.read_time()
        self._transactions.use(transaction, now)
        if transaction.optimistic and self._history.has_touched(transaction, since=transaction.read_time):
            # Its commit will be refused. Until then it goes on seeing one state.
            now = transaction.read_time
        if not transaction.optimistic and self._is_blocked(request):
            return None
        self._locks.grant(request)
        transaction.read_time = now
        return now

    def roll_back(self, transaction: OpenTransaction) -> None:
        self._finish(transaction)

    def give_up(self, request: LockRequest) -> None:
        """Nobody waits for this request any more."""
        self._locks.leave(request)

    def end_range(self, range_: QueryRange, last: Pb) -> None:
        """A query stopped at its limit with this document: who waits for what comes after it is free."""
        range_.end_at(last)
        self._locks.wake_free()

    def commit(
        self, writes: Sequence[Pb], transaction: OpenTransaction | None, request: LockRequest
    ) -> CommitOutcome | None:
        """All writes or none. Raises what the first write that cannot be made is refused with, or ABORTED."""
        try:
            self._check(transaction, writes)
            outcome = self._apply(writes, request, atomic=True)
        except FirestoreError:
            if transaction is not None:
                self._finish(transaction)
            raise
        if transaction is not None and outcome is not None:
            self._finish(transaction)
        return outcome

    def write_batch(self, writes: Sequence[Pb], request: LockRequest) -> CommitOutcome | None:
        """Each write on its own; refusals are statuses. Raises INVALID_ARGUMENT if one document is written twice."""
        if len(set(map(key_written, writes))) != len(writes):
            raise refuse_argument("a batch writes one document only once")
        try:
            return self._apply(writes, request, atomic=False)
        except FirestoreError:
            return self._write_singly(writes, request.age)

    def _check(self, transaction: OpenTransaction | None, writes: Sequence[Pb]) -> None:
        if transaction is None:
            return
        self._transactions.use(transaction, self._timeline.read_time())
        if transaction.read_only and writes:
            raise refuse_argument("Cannot modify entities in a read-only transaction.")
        # What was only read was true at one time, the read time, whatever has changed since.
        if transaction.optimistic and writes and self._history.has_touched(transaction, since=transaction.read_time):
            raise abort_contended()

    def _finish(self, transaction: OpenTransaction) -> None:
        self._transactions.finish(transaction)
        self._history.forget(min((one.read_time for one in self._transactions.optimistic()), default=None))

    def _is_blocked(self, request: LockRequest) -> bool:
        if not self._locks.block(request):
            return False
        self._transactions.expire(self._timeline.read_time())
        if not self._locks.find_blockers(request):
            return False
        if not request.may_wait:
            raise abort_contended()
        return True

    def _apply(self, writes: Sequence[Pb], request: LockRequest, *, atomic: bool) -> CommitOutcome | None:
        """Documents are locked before they are looked at: whoever holds one may be about to change it."""
        keys = list(dict.fromkeys(map(key_written, writes)))
        request.documents, request.changes = keys, ()
        request.age = request.age or self._locks.next_age()
        if self._is_blocked(request):
            request.changes = self._foresee(writes, keys)
            return None
        time = self._timeline.begin_commit()
        try:
            decided = decide(writes, self._gather(keys), time, atomic=atomic)
            is_stored = self._store_changes(decided.changes, request, time)
        finally:
            self._timeline.end_commit()
        if is_stored and decided.changes:
            self._publish(time, decided.changes)
            self._prune(time)
        return decided.outcome if is_stored else None

    def _foresee(self, writes: Sequence[Pb], keys: Collection[DocumentKey]) -> list[ChangedDocument]:
        """What a commit that waits would change as things are: younger queries that would see it wait behind it."""
        decided = decide(writes, self._gather(keys), self._timeline.read_time(), atomic=False)
        return list(map(ChangedDocument, decided.changes))

    def _store_changes(self, changes: list[DocumentChange], request: LockRequest, time: int) -> bool:
        """False, and nothing done, if one of them touches a range that is locked."""
        request.changes = list(map(ChangedDocument, changes))
        if self._is_blocked(request):
            return False
        if changes:
            self._store.write(changes, time)
        if changes and any(self._transactions.optimistic()):
            self._history.remember(time, [change.key for change in changes], request.changes)
        self._locks.grant(request)
        return True

    def _write_singly(self, writes: Sequence[Pb], age: int) -> CommitOutcome:
        """The last try of a batch: what is still locked is refused, the rest is written."""
        outcomes = [self._write_one(write, age) for write in writes]
        return CommitOutcome(
            time=outcomes[-1].time,
            results=[one.results[0] for one in outcomes],
            statuses=[one.statuses[0] for one in outcomes],
        )

    def _write_one(self, write: Pb, age: int) -> CommitOutcome:
        try:
            outcome = self._apply([write], LockRequest(age=age, is_commit=True, may_wait=False), atomic=False)
        except FirestoreError as error:
            return CommitOutcome(time=self._timeline.read_time(), results=[WriteResult()], statuses=[_status(error)])
        assert outcome is not None, "who may not wait is refused"
        return outcome

    def _gather(self, keys: Collection[DocumentKey]) -> _State:
        current = self._store.current(keys)
        return {key: current.get(key) for key in keys}

    def _prune(self, time: int) -> None:
        if time - self._pruned > _PRUNE_EVERY:
            self._pruned = time
            self._store.prune(time - VERSIONS_KEPT)


def decide(writes: Sequence[Pb], before: _State, time: int, *, atomic: bool) -> Decided:
    """What the writes change, each seeing those before it. Pure."""
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
            statuses.append(_status(error))
            continue
        after[key] = None if written.data is None else (written.data, written.updated)
        results.append(written.result)
        statuses.append(Status())
    changes = [_change(key, old, after[key]) for key, old in before.items() if old != after[key]]
    return Decided(changes=changes, outcome=CommitOutcome(time=time, results=results, statuses=statuses))


def _change(key: DocumentKey, old: tuple[bytes, int] | None, new: tuple[bytes, int] | None) -> DocumentChange:
    return DocumentChange(key, old[0] if old else None, old[1] if old else 0, new[0] if new else None)


def _status(error: FirestoreError) -> Pb:
    return Status(code=error.code.value[0], message=error.message)

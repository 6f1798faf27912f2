"""The state behind the protocol: one writing thread, some reading ones, transactions and listeners between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

from laptop.firestore.committing import VERSIONS_KEPT, CommitOutcome, Committer
from laptop.firestore.errors import Code
from laptop.firestore.locking import LockRequest, LockTable
from laptop.firestore.messages import OPTIMISTIC, PESSIMISTIC, Document, Pb, micros
from laptop.firestore.paths import DocumentKey
from laptop.firestore.ranges import QueryRange
from laptop.firestore.store import DocumentChange, DocumentDatabase
from laptop.firestore.timeline import Timeline
from laptop.firestore.transactions import Limits, OpenTransaction, Transactions
from laptop.rpc import RpcError

T = TypeVar("T")
P = ParamSpec("P")
Feed = asyncio.Queue[tuple[int, Sequence[DocumentChange]]]
_CHUNK = 200
_READING_THREADS = 4
_LOOK_EVERY = 1.0
"""Seconds after which who waits for a lock looks whether its holder has expired."""


class Database:
    """Used on one event loop, which is never blocked: SQLite is only touched on threads."""

    def __init__(
        self, folder: Path, clock: Callable[[], float], *, fsync: bool = False, limits: Limits | None = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits or Limits()
        self.store = DocumentDatabase(folder, fsync=fsync)
        self._timeline = Timeline(clock, self.store.last_commit())
        self.locks = LockTable()
        self._transactions = Transactions(self.locks, self._limits)
        self._committer = Committer(self.store, self._timeline, self.locks, self._transactions, self._publish)
        self._modes = self.store.load_modes()
        self._feeds: set[Feed] = set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="firestore-write")
        self._readers = ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="firestore-read")

    def mode(self, database: str) -> int:
        """The ConcurrencyMode of `projects/P/databases/D`."""
        return self._modes.get(database, PESSIMISTIC)

    def has_mode(self, database: str) -> bool:
        """Whether the database has said one."""
        return database in self._modes

    async def set_mode(self, database: str, mode: int) -> None:
        """For transactions that begin from now on."""
        await self._write(self.store.save_mode, database, mode)
        self._modes[database] = mode

    async def begin(self, options: Pb, database: str) -> OpenTransaction:
        """Open a transaction as its TransactionOptions say, or else its database."""
        read_only = options.WhichOneof("mode") == "read_only"
        past = options.read_only.read_time if read_only and options.read_only.HasField("read_time") else None
        return await self._write(
            self._committer.begin,
            read_only=read_only,
            read_time=None if past is None else self.check_past(micros(past)),
            optimistic=(options.read_write.concurrency_mode or self.mode(database)) == OPTIMISTIC,
            retried=options.read_write.retry_transaction,
        )

    async def roll_back(self, identifier: bytes) -> None:
        if not self._transactions.has_ended(identifier):
            await self._write(self._committer.roll_back, self._transactions.get(identifier))

    async def commit(self, writes: Sequence[Pb], identifier: bytes) -> CommitOutcome:
        """All or nothing; `identifier` is empty outside a transaction."""
        transaction = self._transactions.get(identifier) if identifier else None
        request = LockRequest(age=transaction.age if transaction else 0, holder=transaction, is_commit=True)
        return await self._once_free(request, lambda: self._committer.commit(writes, transaction, request))

    async def write_batch(self, writes: Sequence[Pb]) -> CommitOutcome:
        request = LockRequest(age=0, is_commit=True)
        return await self._once_free(request, lambda: self._committer.write_batch(writes, request))

    async def join_documents(self, transaction: OpenTransaction, keys: Sequence[DocumentKey]) -> int:
        """The time to read these documents at, as part of the transaction."""
        return await self._join(transaction, LockRequest(age=transaction.age, holder=transaction, documents=keys))

    async def join_query(self, transaction: OpenTransaction, wanted: QueryRange) -> int:
        """The time to run this query at, as part of the transaction."""
        return await self._join(transaction, LockRequest(age=transaction.age, holder=transaction, range=wanted))

    async def end_range(self, wanted: QueryRange, last: bytes) -> None:
        """The query stopped at its limit: nothing after the `last` document is locked."""
        await self._write(self._committer.end_range, wanted, Document.FromString(last))

    def find_transaction(self, identifier: bytes) -> OpenTransaction:
        return self._transactions.get(identifier)

    def read_time(self) -> int:
        """Now, as reads see it: microseconds."""
        return self._timeline.read_time()

    def check_past(self, time: int) -> int:
        """Raises what the cloud answers for a read time in the future or too long ago."""
        now = self.read_time()
        if time > now:
            raise RpcError(Code.INVALID_ARGUMENT, "read_time cannot be in the future")
        if time < now - VERSIONS_KEPT:
            raise RpcError(Code.FAILED_PRECONDITION, "The requested snapshot version is too old.")
        return time

    async def read(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run on a reading thread."""
        return await asyncio.wrap_future(self._readers.submit(work, *arguments, **named))

    async def stream(self, rows: Iterator[T]) -> AsyncIterator[list[T]]:
        """Consume an iterator on reading threads, a chunk at a time."""
        pending: Future[list[T]] | None = None
        try:
            while chunk := await asyncio.wrap_future(pending := self._readers.submit(_take, rows)):
                yield chunk
        finally:
            if pending is not None:
                pending.add_done_callback(lambda _: _close(rows))

    def subscribe(self) -> Feed:
        """A queue of (time, changes) of every commit from now on."""
        feed: Feed = asyncio.Queue()
        self._feeds.add(feed)
        return feed

    def unsubscribe(self, feed: Feed) -> None:
        self._feeds.discard(feed)

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.store.close()

    async def _join(self, transaction: OpenTransaction, request: LockRequest) -> int:
        if transaction.read_only:
            return transaction.read_time
        return await self._once_free(request, lambda: self._committer.join(transaction, request))

    async def _once_free(self, request: LockRequest, attempt: Callable[[], T | None]) -> T:
        """What the attempt gives when no lock is in its way. Raises ABORTED after as long as a call may wait."""
        woken = asyncio.Event()
        request.wake = lambda: self._loop.call_soon_threadsafe(woken.set)
        until = self._loop.time() + self._limits.wait
        done: T | None = None
        try:
            while (done := await self._write(attempt)) is None:
                left = until - self._loop.time()
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), min(left, _LOOK_EVERY))
                woken.clear()
                request.may_wait = self._loop.time() < until
        finally:
            if done is None:
                self._writer.submit(self._committer.give_up, request)
        return done

    async def _write(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        return await asyncio.wrap_future(self._writer.submit(work, *arguments, **named))

    def _publish(self, time: int, changes: Sequence[DocumentChange]) -> None:
        self._loop.call_soon_threadsafe(self._feed, time, changes)

    def _feed(self, time: int, changes: Sequence[DocumentChange]) -> None:
        for feed in self._feeds:
            feed.put_nowait((time, changes))


def _take(rows: Iterator[T]) -> list[T]:
    return list(islice(rows, _CHUNK))


def _close(rows: Iterator[T]) -> None:
    close = getattr(rows, "close", None)
    if close is not None:
        close()

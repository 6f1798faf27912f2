"""The state behind the protocol: one writing thread, some reading ones, transactions and listeners between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

from laptop.firestore.committing import VERSIONS_KEPT, CommitOutcome, Committer
from laptop.firestore.errors import Code, FirestoreError
from laptop.firestore.messages import Pb
from laptop.firestore.paths import DocumentKey
from laptop.firestore.plans import QueryPlan
from laptop.firestore.store import DocumentChange, DocumentDatabase
from laptop.firestore.timeline import Timeline
from laptop.firestore.transactions import OpenTransaction, Transactions
from laptop.firestore.turns import Turns

T = TypeVar("T")
P = ParamSpec("P")
Feed = asyncio.Queue[tuple[int, Sequence[DocumentChange]]]
_CHUNK = 200
_READING_THREADS = 4


class Database:
    """Used on one event loop, which is never blocked: SQLite is only touched on threads."""

    def __init__(self, folder: Path, clock: Callable[[], float], *, fsync: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self.store = DocumentDatabase(folder, fsync=fsync)
        self._timeline = Timeline(clock, self.store.last_commit())
        self._transactions = Transactions()
        self._committer = Committer(self.store, self._timeline, self._transactions, self._publish)
        self._turns = Turns()
        self._feeds: set[Feed] = set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="firestore-write")
        self._readers = ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="firestore-read")

    async def begin(self, options: Pb) -> OpenTransaction:
        """Open a transaction as its TransactionOptions say."""
        read_only = options.WhichOneof("mode") == "read_only"
        past = options.read_only.read_time if read_only and options.read_only.HasField("read_time") else None
        read_time = None if past is None else self.check_past(past.seconds * 1_000_000 + past.nanos // 1000)
        retried = bool(options.read_write.retry_transaction)
        return await self._write(self._committer.begin, read_only=read_only, retried=retried, read_time=read_time)

    async def roll_back(self, identifier: bytes) -> None:
        if not self._transactions.has_ended(identifier):
            await self._write(self._committer.roll_back, self._transactions.get(identifier))
        self._turns.release(identifier)

    async def commit(self, writes: Sequence[Pb], identifier: bytes) -> CommitOutcome:
        """All or nothing; `identifier` is empty outside a transaction."""
        transaction = self._transactions.get(identifier) if identifier else None
        try:
            return await self._write(self._committer.commit, writes, transaction)
        finally:
            self._turns.release(identifier)

    async def write_batch(self, writes: Sequence[Pb]) -> CommitOutcome:
        return await self._write(self._committer.write_batch, writes)

    async def join_documents(self, transaction: OpenTransaction, keys: Sequence[DocumentKey]) -> int:
        """The time to read these documents at, as part of the transaction."""
        await self._join(transaction, keys)
        transaction.documents.update(keys)
        return transaction.read_time

    async def join_query(self, transaction: OpenTransaction, plan: QueryPlan) -> int:
        """The time to run this query at, as part of the transaction."""
        await self._join(transaction, [f"{plan.scope.parent}/{plan.scope.collection_id}"])
        transaction.queries.append(plan)
        return transaction.read_time

    def find_transaction(self, identifier: bytes) -> OpenTransaction:
        return self._transactions.get(identifier)

    def read_time(self) -> int:
        """Now, as reads see it: microseconds."""
        return self._timeline.read_time()

    def check_past(self, time: int) -> int:
        """Raises what the cloud answers for a read time in the future or too long ago."""
        now = self.read_time()
        if time > now:
            raise FirestoreError(Code.INVALID_ARGUMENT, "read_time cannot be in the future")
        if time < now - VERSIONS_KEPT:
            raise FirestoreError(Code.FAILED_PRECONDITION, "The requested snapshot version is too old.")
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

    async def _join(self, transaction: OpenTransaction, keys: Iterable[Hashable]) -> None:
        if transaction.read_only:
            return
        await self._turns.take(transaction.id, keys, first=transaction.retried)
        # Never ABORTED here: Google's Python client retries a refused commit, not a refused read.
        await self._write(self._committer.refresh, transaction)

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

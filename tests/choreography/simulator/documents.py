"""Firestore as a process sees it: every call is a step, and transactions lock what they read, as in a pessimistic database.

Locks are the laptop's own (`laptop.firestore.locking`), in virtual time: the older transaction goes first, the limits are those
of the cloud, and a transaction whose process died holds its locks until it has idled for a minute.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from laptop.firestore.locking import Holder, LockRequest, LockTable
from laptop.firestore.transactions import Limits
from ripple.errors import RetryableError
from ripple.ports import Document, Transaction
from tests.choreography.simulator.engine import Engine
from tests.functions.fakes import FakeDocuments, FakeTransaction

T = TypeVar("T")
Write = tuple[str, str, Document]
"""Kind, path, fields."""
LIMITS = Limits()
_ATTEMPTS = 10


class RefusedError(Exception):
    """ABORTED: the locks were lost to an older transaction, or did not come in time."""


@dataclass(slots=True, eq=False, kw_only=True)
class OpenTransaction(Holder):
    """Of which process it is, when it began and was used last, in seconds."""

    name: str
    begun: float
    used: float

    def is_overdue(self, now: float) -> bool:
        return now - self.used > LIMITS.idle or now - self.begun > LIMITS.life


@dataclass(slots=True, eq=False, kw_only=True)
class NamedRequest(LockRequest):
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """A document before and after a write; None: not there."""

    path: str
    before: Document | None
    after: Document | None


@dataclass(slots=True)
class Found:
    """What a query looked at: all that matches, up to the `last` name if its limit stopped it there."""

    collection: str
    where: Mapping[str, object]
    last: str | None = None

    def is_touched_by(self, change: Change) -> bool:
        home, _, name = change.path.partition("/")
        if home != self.collection or (self.last is not None and name > self.last):
            return False
        return any(image is not None and self._matches(image) for image in (change.before, change.after))

    def _matches(self, image: Document) -> bool:
        return all(name in image and image[name] == value for name, value in self.where.items())


@dataclass(slots=True)
class SteppedTransaction:
    """Its reads are steps, its writes wait for the commit, which is one."""

    store: SteppedDocuments
    plain: FakeTransaction
    opened: OpenTransaction

    def get(self, path: str) -> Document | None:
        def read() -> Document | None:
            self.store.lock(self.opened, documents=[path])
            return self.plain.get(path)

        return self.store.engine.step(f"get {path} in transaction", read)

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        def read() -> Sequence[tuple[str, Document]]:
            looked_at = Found(collection, where)
            self.store.lock(self.opened, range=looked_at)
            found = self.plain.find(collection, where, limit)
            looked_at.last = found[-1][0] if len(found) == limit else None
            return found

        return self.store.engine.step(f"find {collection} in transaction", read)

    def set(self, path: str, document: Document) -> None:
        self.plain.set(path, document)

    def update(self, path: str, fields: Document) -> None:
        self.plain.update(path, fields)

    def delete(self, path: str) -> None:
        self.plain.delete(path)


@dataclass(slots=True)
class SteppedDocuments:
    """`waits` counts who waited for whom over which collection: `(waiting stage, stage in its way, collection)`."""

    engine: Engine
    held: FakeDocuments
    locks: LockTable = field(default_factory=LockTable)
    waits: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _open: list[OpenTransaction] = field(default_factory=list)

    def get(self, path: str) -> Document | None:
        return self.engine.step(f"get {path}", lambda: self.held.get(path))

    def get_many(self, paths: Sequence[str]) -> Mapping[str, Document]:
        return self.engine.step(f"get {len(paths)} documents", lambda: self.held.get_many(paths))

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        return self.engine.step(f"find {collection}", lambda: self.held.find(collection, where, limit))

    def create(self, path: str, document: Document) -> bool:
        return self._write(f"create {path}", ("set", path, document), lambda: self.held.create(path, document))

    def update(self, path: str, fields: Document) -> None:
        what = f"update {path} {sorted(fields)}"
        self._write(what, ("update", path, fields), lambda: self.held.update(path, fields))

    def delete(self, path: str) -> None:
        self._write(f"delete {path}", ("delete", path, {}), lambda: self.held.delete(path))

    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        """As the gateway does it: a refused commit is tried again at its age, a refused read is a new transaction."""
        age = 0
        for _ in range(_ATTEMPTS):
            opened, read_at = self.engine.step("begin transaction", lambda age=age: self._begin(age))  # type: ignore[misc]
            plain = FakeTransaction(self.held.held)
            try:
                done = work(SteppedTransaction(self, plain, opened), read_at)
                self._commit(opened, plain)
            except RefusedError:
                age = opened.age if plain.writes else 0
                self._finish(opened)
                continue
            except Exception:
                self._finish(opened)
                raise
            return done
        raise RetryableError("the transaction lost ten races")

    def lock(self, opened: OpenTransaction, *, documents: Sequence[str] = (), range: Found | None = None) -> None:
        """Before a read of the transaction: wait for older commits that wait."""
        request = NamedRequest(name=opened.name, age=opened.age, holder=opened, documents=documents, range=range)
        self._acquire(request)
        self.locks.grant(request)

    def _begin(self, age: int) -> tuple[OpenTransaction, dt.datetime]:
        now = self.engine.now
        opened = OpenTransaction(name=self._who(), age=age or self.locks.next_age(), begun=now, used=now)
        self._open.append(opened)
        self.locks.add(opened)
        return opened, self.held.now

    def _finish(self, opened: OpenTransaction) -> None:
        if opened in self._open:
            self._open.remove(opened)
            self.locks.release(opened)

    def _commit(self, opened: OpenTransaction, plain: FakeTransaction) -> None:
        if not plain.writes:
            self._finish(opened)
            return
        names = ", ".join(f"{kind} {path}" for kind, path, _ in plain.writes)[:120]
        self.engine.step(f"commit {names}", lambda: self._take_effect(opened, plain))

    def _take_effect(self, opened: OpenTransaction, plain: FakeTransaction) -> bool:
        process = self.engine.current
        assert process is not None
        if self.engine.weather.strikes("abort", f"{process.name}#{process.number}", self.engine.now):
            raise RefusedError
        request = NamedRequest(name=opened.name, age=opened.age, holder=opened, is_commit=True)
        self._acquire(request, plain.writes)
        self._check_isolation(plain)
        self.held.commit(plain)
        self.locks.grant(request)
        self._finish(opened)
        return True

    def _check_isolation(self, plain: FakeTransaction) -> None:
        assert not plain.is_stale, "what a transaction read changed before its commit"

    def _write(self, what: str, write: Write, effect: Callable[[], T]) -> T:
        """A write outside of a transaction: a commit of its own."""

        def take_effect() -> T:
            request = NamedRequest(name=self._who(), age=self.locks.next_age(), is_commit=True)
            try:
                self._acquire(request, [write])
            except RefusedError:
                raise RetryableError(f"too much contention: {what}") from None
            done = effect()
            self.locks.grant(request)
            return done

        return self.engine.step(what, take_effect)

    def _acquire(self, request: NamedRequest, writes: Sequence[Write] = ()) -> None:
        """Wait until the request is free; it is to be granted before anybody else runs."""
        until = self.engine.now + LIMITS.wait
        waited_for: set[int] = set()
        while self._is_blocked(request, writes):
            for blocker in self.locks.find_blockers(request):
                if id(blocker) not in waited_for:
                    waited_for.add(id(blocker))
                    self._note_wait(request, blocker)
            if self.engine.now >= until:
                self.locks.leave(request)
                raise RefusedError
            self._sleep(request, until)

    def _is_blocked(self, request: NamedRequest, writes: Sequence[Write]) -> bool:
        self._check_life(request.holder)
        if writes:
            request.documents = [path for _, path, _ in writes]
            request.changes = foresee(writes, self.held.held)
        if not self.locks.block(request):
            return False
        for overdue in [one for one in self._open if one.is_overdue(self.engine.now)]:
            self._finish(overdue)
        return bool(self.locks.find_blockers(request))

    def _check_life(self, opened: Holder | None) -> None:
        if not isinstance(opened, OpenTransaction):
            return
        if opened.lost:
            raise RefusedError
        if opened not in self._open or opened.is_overdue(self.engine.now):
            self._finish(opened)
            raise RetryableError("the transaction has expired")
        opened.used = self.engine.now

    def _sleep(self, request: NamedRequest, until: float) -> None:
        """Until it is woken, its time is up, or somebody in its way expires."""
        expiries = [one.used + LIMITS.idle + 0.001 for one in self._open if one is not request.holder]
        seconds = min([until, *expiries]) - self.engine.now
        try:
            self.engine.nap(max(seconds, 0.001), lambda wake: setattr(request, "wake", wake))
        except BaseException:
            self.locks.leave(request)
            raise

    def _note_wait(self, request: NamedRequest, blocker: Holder | LockRequest) -> None:
        assert isinstance(blocker, OpenTransaction | NamedRequest)
        path = find_shared(request, blocker)
        self.engine.say(f"waits for {blocker.name} over {path}")
        self.waits[_stage(request.name), _stage(blocker.name), path.partition("/")[0]] += 1

    def _who(self) -> str:
        return self.engine.current.name if self.engine.current else "-"


def foresee(writes: Sequence[Write], held: Mapping[str, Document]) -> list[Change]:
    """What the writes would change now. Pure."""
    after: dict[str, Document | None] = {}
    for kind, path, fields in writes:
        known = after[path] if path in after else held.get(path)
        after[path] = None if kind == "delete" else fields if kind == "set" else (known or {}) | fields
    return [Change(path, held.get(path), image) for path, image in after.items()]


def find_shared(request: LockRequest, blocker: Holder | LockRequest) -> str:
    """A path that both want: of a document, or of one inside the range of either."""
    shared = [path for path in request.documents if path in blocker.documents]
    ranges = blocker.ranges if isinstance(blocker, Holder) else []
    shared += [one.path for one in request.changes if any(range_.is_touched_by(one) for range_ in ranges)]
    if request.range is not None and isinstance(blocker, LockRequest):
        shared += [one.path for one in blocker.changes if request.range.is_touched_by(one)]
    return str(shared[0])


def _stage(name: str) -> str:
    return name.partition(":")[0]

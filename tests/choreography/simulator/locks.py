"""The locks of the simulator's Firestore: those of the laptop's (`laptop.firestore.locking`), in virtual time.

The limits are the cloud's; a transaction whose process died holds its locks until it has idled for a minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from laptop.firestore.locking import Holder, LockRequest, LockTable
from laptop.firestore.transactions import Limits
from ripple.errors import RetryableError
from ripple.ports import Document
from tests.choreography.simulator.engine import Engine

LIMITS = Limits()
Write = tuple[str, str, Document]
"""Kind, path, fields."""
Held = Mapping[str, Document]


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
class VirtualLocks:
    """`waits` counts who waited for whom over which collection: `(waiting stage, stage in its way, collection)`."""

    engine: Engine
    waits: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _table: LockTable = field(default_factory=LockTable)
    _open: list[OpenTransaction] = field(default_factory=list)

    def begin(self, age: int) -> OpenTransaction:
        """A transaction of the running process; age 0 is that of now."""
        now = self.engine.now
        opened = OpenTransaction(name=self._who(), age=age or self._table.next_age(), begun=now, used=now)
        self._open.append(opened)
        self._table.add(opened)
        return opened

    def finish(self, opened: OpenTransaction) -> None:
        if opened in self._open:
            self._open.remove(opened)
            self._table.release(opened)

    def share(self, opened: OpenTransaction, *, documents: Sequence[str] = (), found: Found | None = None) -> None:
        """Before a read of the transaction: wait for older commits that wait."""
        request = NamedRequest(name=opened.name, age=opened.age, holder=opened, documents=documents, range=found)
        self._acquire(request, (), {})
        self._table.grant(request)

    def take(self, writes: Sequence[Write], held: Held, opened: OpenTransaction | None = None) -> None:
        """Before a commit, or a write outside of a transaction, that is applied at once: wait for older readers."""
        age = opened.age if opened else self._table.next_age()
        request = NamedRequest(name=self._who(), age=age, holder=opened, is_commit=True)
        self._acquire(request, writes, held)
        self._table.grant(request)

    def _acquire(self, request: NamedRequest, writes: Sequence[Write], held: Held) -> None:
        until = self.engine.now + LIMITS.wait
        waited_for: set[int] = set()
        while blockers := self._find_blockers(request, writes, held):
            for blocker in blockers:
                if id(blocker) not in waited_for:
                    waited_for.add(id(blocker))
                    self._note_wait(request, blocker)
            if self.engine.now >= until:
                self._table.leave(request)
                raise RefusedError
            self._sleep(request, until)

    def _find_blockers(
        self, request: NamedRequest, writes: Sequence[Write], held: Held
    ) -> Sequence[Holder | LockRequest]:
        self._check_life(request.holder)
        if writes:
            request.documents = [path for _, path, _ in writes]
            request.changes = foresee(writes, held)
        if not self._table.block(request):
            return ()
        for overdue in [one for one in self._open if one.is_overdue(self.engine.now)]:
            self.finish(overdue)
        return self._table.find_blockers(request)

    def _check_life(self, opened: Holder | None) -> None:
        if not isinstance(opened, OpenTransaction):
            return
        if opened.lost:
            raise RefusedError
        if opened not in self._open or opened.is_overdue(self.engine.now):
            self.finish(opened)
            raise RetryableError("the transaction has expired")
        opened.used = self.engine.now

    def _sleep(self, request: NamedRequest, until: float) -> None:
        """Until it is woken, its time is up, or somebody in its way expires."""
        expiries = [one.used + LIMITS.idle + 0.001 for one in self._open if one is not request.holder]
        seconds = min([until, *expiries]) - self.engine.now
        try:
            self.engine.nap(max(seconds, 0.001), lambda wake: setattr(request, "wake", wake))
        except BaseException:
            self._table.leave(request)
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

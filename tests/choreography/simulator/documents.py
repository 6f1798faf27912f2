"""Firestore as a process sees it: every call is a step, and transactions lock what they read, as in a pessimistic database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ripple.errors import RetryableError
from ripple.ports import Document, Transaction
from tests.choreography.simulator.engine import Engine
from tests.choreography.simulator.locks import Found, OpenTransaction, RefusedError, VirtualLocks, Write
from tests.functions.fakes import FakeDocuments, FakeTransaction

T = TypeVar("T")
_ATTEMPTS = 10


@dataclass(slots=True)
class SteppedTransaction:
    """Its reads are steps, its writes wait for the commit, which is one."""

    store: SteppedDocuments
    plain: FakeTransaction
    opened: OpenTransaction

    def get(self, path: str) -> Document | None:
        def read() -> Document | None:
            self.store.locks.share(self.opened, documents=[path])
            return self.plain.get(path)

        return self.store.engine.step(f"get {path} in transaction", read)

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        def read() -> Sequence[tuple[str, Document]]:
            looked_at = Found(collection, where)
            self.store.locks.share(self.opened, found=looked_at)
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


class SteppedDocuments:
    """The port. A write outside of a transaction is a commit of its own."""

    def __init__(self, engine: Engine, held: FakeDocuments) -> None:
        self.engine, self.held, self.locks = engine, held, VirtualLocks(engine)

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
                self.locks.finish(opened)
                continue
            except Exception:
                self.locks.finish(opened)
                raise
            return done
        raise RetryableError("the transaction lost ten races")

    def _begin(self, age: int) -> tuple[OpenTransaction, dt.datetime]:
        return self.locks.begin(age), self.held.now

    def _commit(self, opened: OpenTransaction, plain: FakeTransaction) -> None:
        if plain.writes:
            names = ", ".join(f"{kind} {path}" for kind, path, _ in plain.writes)[:120]
            self.engine.step(f"commit {names}", lambda: self._take_effect(opened, plain))
        self.locks.finish(opened)

    def _take_effect(self, opened: OpenTransaction, plain: FakeTransaction) -> bool:
        process = self.engine.current
        assert process is not None
        if self.engine.faults.strikes("abort", f"{process.name}#{process.number}", self.engine.now):
            raise RefusedError
        self.locks.take(plain.writes, self.held.held, opened)
        self._check_isolation(plain)
        self.held.commit(plain)
        self.locks.finish(opened)
        return True

    def _check_isolation(self, plain: FakeTransaction) -> None:
        assert not plain.is_stale, "what a transaction read changed before its commit"

    def _write(self, what: str, write: Write, effect: Callable[[], T]) -> T:
        def take_effect() -> T:
            try:
                self.locks.take([write], self.held.held)
            except RefusedError:
                raise RetryableError(f"too much contention: {what}") from None
            return effect()

        return self.engine.step(what, take_effect)

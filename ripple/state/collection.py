"""A collection of the state: where its documents are, and the one way in which they are read and written.

Within a version a record only gains fields, each with a default. A change that an earlier release's records do not survive is a
new version: `older` then holds the earlier records, and what makes a record of today of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ripple.errors import RetryableError
from ripple.ports import Document, DocumentStore, Transaction
from ripple.state.records import R, Record, read_record, write_fields, write_record
from ripple.state.shapes import MisfitError

E = TypeVar("E", bound=Record)
Id = str | int
VERSION_FIELD = "version"
"""In a document; one without it is of version 1."""

_ALL = 2**31 - 1
"""The highest limit that a query takes."""


class Readable(Protocol):
    """A store, or a transaction on it."""

    def get(self, path: str) -> Document | None: ...

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]: ...


class Changeable(Protocol):
    """A store, or a transaction on it."""

    def update(self, path: str, fields: Document) -> None: ...

    def delete(self, path: str) -> None: ...


@dataclass(frozen=True, slots=True)
class EarlierVersion(Generic[E, R]):
    """The record as an earlier version had it, and what makes today's of it. Pure."""

    record: type[E]
    upgrade: Callable[[E], R]

    def read(self, document: Document) -> R:
        return self.upgrade(read_record(self.record, document))


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection(Generic[R]):
    """Documents `{name}/{id}` that hold one kind of record. `written_by` and `read_by` are stages and others, for the page."""

    name: str
    record: type[R]
    version: int
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    older: Mapping[int, EarlierVersion[Any, R]] = field(default_factory=dict)

    def path(self, id: Id) -> str:
        return f"{self.name}/{id}"

    def read(self, path: str, document: Document) -> R:
        """The record; RetryableError names the path and the fields of a document that this release cannot read.

        Another try can help: a newer release may be rolling out, and a person may correct a document.
        """
        content = dict(document)
        version = content.pop(VERSION_FIELD, 1)
        try:
            if version == self.version:
                return read_record(self.record, content)
            if isinstance(version, int) and version in self.older:
                return self.older[version].read(content)
        except MisfitError as error:
            raise RetryableError(f"{path} cannot be read: {error}") from None
        raise RetryableError(f"{path} is of version {version!r}; this release reads {self._known_versions()}")

    def _known_versions(self) -> str:
        return " and ".join(map(str, sorted([*self.older, self.version])))

    def write(self, record: R) -> Document:
        return write_record(record) | {VERSION_FIELD: self.version}

    def get(self, store: Readable, id: Id) -> R | None:
        path = self.path(id)
        document = store.get(path)
        return None if document is None else self.read(path, document)

    def expect(self, store: Readable, id: Id) -> R:
        """The record that another one names; RetryableError if it is not there."""
        record = self.get(store, id)
        if record is None:
            raise RetryableError(f"{self.path(id)} is missing")
        return record

    def get_many(self, store: DocumentStore, ids: Iterable[Id]) -> dict[Id, R]:
        """Those that exist, by id."""
        paths = {self.path(id): id for id in ids}
        return {paths[path]: self.read(path, document) for path, document in store.get_many(list(paths)).items()}

    def get_readable(self, store: DocumentStore, ids: Iterable[Id]) -> tuple[dict[Id, R], dict[Id, str]]:
        """Those that exist by id, and by id why a document of those cannot be read: one must not hold back the others."""
        paths = {self.path(id): id for id in ids}
        found: dict[Id, R] = {}
        broken: dict[Id, str] = {}
        for path, document in store.get_many(list(paths)).items():
            try:
                found[paths[path]] = self.read(path, document)
            except RetryableError as error:
                broken[paths[path]] = error.reason
        return found, broken

    def find(self, store: Readable, limit: int, /, **where: object) -> Iterator[tuple[str, R]]:
        """`(id, record)` of at most `limit` whose fields equal `where`, in the order of ids. They are read one by one as they are
        taken: one that cannot be read does not hold back those before it."""
        found = store.find(self.name, write_fields(self.record, where), limit)
        return ((id, self.read(self.path(id), document)) for id, document in found)

    def find_readable(self, store: Readable, limit: int, /, **where: object) -> Iterator[tuple[str, R]]:
        """As `find`, without the documents that this release cannot read."""
        for id, document in store.find(self.name, write_fields(self.record, where), limit):
            with suppress(RetryableError):
                yield id, self.read(self.path(id), document)

    def find_all(self, store: Readable) -> Iterator[tuple[str, R]]:
        """`(id, record)` of every document, in the order of ids."""
        return self.find(store, _ALL)

    def create(self, store: DocumentStore, id: Id, record: R) -> bool:
        """False, and nothing done, if it exists."""
        return store.create(self.path(id), self.write(record))

    def set(self, transaction: Transaction, id: Id, record: R) -> None:
        transaction.set(self.path(id), self.write(record))

    def update(self, store: Changeable, id: Id, /, **fields: object) -> None:
        """Change some fields of a document that exists. It may be of any version: the fields must be those of all."""
        for older in self.older.values():
            write_fields(older.record, fields)
        store.update(self.path(id), write_fields(self.record, fields))

    def delete(self, store: Changeable, id: Id) -> None:
        store.delete(self.path(id))


@dataclass(frozen=True, slots=True)
class SingleDocument(Generic[R]):
    """The one document of a collection. One that nobody wrote yet is a record of defaults."""

    collection: Collection[R]
    id: str

    @property
    def path(self) -> str:
        return self.collection.path(self.id)

    def get(self, store: Readable) -> R:
        return self.collection.get(store, self.id) or self.collection.record()

    def set(self, transaction: Transaction, record: R) -> None:
        self.collection.set(transaction, self.id, record)

"""The ports that stages act through. Gateways to Google's clients implement them; tests bring recording ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol, TypeVar

from ripple.wire.dead_letters import DeadLetter
from ripple.wire.events import Envelope
from ripple.wire.paths import ObjectRef

T = TypeVar("T")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object's facts: its generation, size in bytes as stored, when it was written (UTC), custom metadata, Content-Encoding."""

    ref: ObjectRef
    size: int
    created: dt.datetime
    metadata: Mapping[str, str]
    content_encoding: str = ""


class ObjectStore(Protocol):
    """Objects in buckets. Missing objects raise PermanentError `object_missing`."""

    def stat(self, bucket: str, name: str, generation: int | None = None) -> StoredObject: ...

    def read(self, ref: ObjectRef) -> bytes: ...

    def open(self, ref: ObjectRef) -> IO[bytes]:
        """A seekable reader over the object's stored bytes."""
        ...

    def create(self, bucket: str, name: str, data: bytes | IO[bytes], metadata: Mapping[str, str]) -> StoredObject:
        """Write it whole unless it exists (`if_generation_match=0`); either way the object that is there."""
        ...

    def list(self, bucket: str, prefix: str, after: str = "", limit: int | None = None) -> Iterable[StoredObject]:
        """Live objects in name order, those whose names come after `after`, at most `limit`."""
        ...


class Transaction(Protocol):
    """Reads, then writes, all or nothing. Paths are `collection/id`."""

    def get(self, path: str) -> Document | None: ...

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]: ...

    def set(self, path: str, document: Document) -> None: ...

    def update(self, path: str, fields: Document) -> None: ...

    def delete(self, path: str) -> None: ...


class DocumentStore(Protocol):
    """The state of the choreography, with serializable transactions. Its time is the server's, in UTC."""

    def get(self, path: str) -> Document | None: ...

    def get_many(self, paths: Sequence[str]) -> Mapping[str, Document]:
        """Those that exist, by path."""
        ...

    def create(self, path: str, document: Document) -> bool:
        """False, and nothing done, if it exists."""
        ...

    def update(self, path: str, fields: Document) -> None: ...

    def delete(self, path: str) -> None: ...

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]: ...

    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        """Run `work(transaction, read time)`, again if it lost a race."""
        ...


class Publisher(Protocol):
    """Publishes facts. Returns once Pub/Sub has the message."""

    def publish(self, envelope: Envelope) -> None: ...


class Burier(Protocol):
    """Keeps an event that can never work, with the reason, where people look for dead letters."""

    def publish_dead_letter(self, body: bytes, attributes: Mapping[str, str]) -> None: ...


class Redriver(Publisher, Protocol):
    """Publishes also what died, to the topic it came from; `topic` is a name in this project."""

    def send_back(self, topic: str, body: bytes, attributes: Mapping[str, str]) -> None: ...


class Executions(Protocol):
    """Workflow executions. Starting is not idempotent: the workflow's own first step fences a second one."""

    def start(self, argument: Mapping[str, object]) -> str: ...

    def state(self, execution: str) -> str:
        """`ACTIVE`, `SUCCEEDED`, `FAILED`, `CANCELLED` or `UNAVAILABLE`, which is also said of one that never was."""
        ...

    def result(self, execution: str) -> object:
        """What a succeeded execution returned, decoded; None if it has not."""
        ...

    def cancel(self, execution: str) -> None: ...


class PipelineJobs(Protocol):
    """Vertex AI pipeline jobs."""

    def submit(
        self, job: str, spec: Mapping[str, object], parameters: Mapping[str, object], labels: Mapping[str, str]
    ) -> bool:
        """False if a job of that id exists already: that is success."""
        ...

    def state(self, job: str) -> str:
        """`SUCCEEDED`, `FAILED`, `CANCELLED`, `RUNNING` and so on; `MISSING` if there is none."""
        ...


class DeadLetters(Protocol):
    """What died, kept for good; reading takes nothing away. Oldest first."""

    def read(self, ids: Sequence[str]) -> Sequence[DeadLetter]: ...

    def list(self, without: Sequence[str], limit: int) -> Sequence[DeadLetter]:
        """At most `limit`, none of those in `without`."""
        ...


class GeneratorJobs(Protocol):
    """Cloud Run jobs."""

    def run(self, job: str, arguments: Sequence[str]) -> str:
        """The execution's name."""
        ...

    def state(self, execution: str) -> str:
        """`RUNNING`, `SUCCEEDED`, `FAILED`, or `MISSING` if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRange:
    """The documents of a batch with ids in `[key_from, key_to)`; an empty bound is open."""

    collection: str
    batch_id: str
    key_from: str = ""
    key_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRange:
    """The documents that changed last in `[changed_from, changed_to)`."""

    collection: str
    changed_from: dt.datetime
    changed_to: dt.datetime


SalesRange = BatchRange | ChangeRange
Page = Sequence[tuple[str, Mapping[str, Any]]]
"""Documents as `(id, fields)`."""


class SalesDocuments(Protocol):
    """The collection of orders. A batch is read in the order of ids, changes in the order of time."""

    def pages(self, wanted: SalesRange, page_size: int) -> Iterator[Page]:
        """By cursor pages of at most `page_size` documents."""
        ...

    def count(self, wanted: SalesRange) -> int:
        """How many documents `pages` would bring now, without reading them."""
        ...

    def key_after(self, wanted: BatchRange, rows: int) -> str:
        """The id of the document that follows the first `rows`; empty if none does."""
        ...

    def partition_keys(self, collection: str, most: int) -> Sequence[str]:
        """At most so many ids, in order, that part the whole collection about evenly; fewer, or none, of a small one."""
        ...

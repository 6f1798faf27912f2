"""The ports of `ripple.ports` in memory: they keep what they are given, and count it."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

from ripple.deployment.settings import Settings
from ripple.errors import PermanentError, RetryableError
from ripple.handling.stating import Cause
from ripple.ports import BatchRange, Document, Page, SalesRange, StoredObject
from ripple.wire.dead_letters import DeadLetter, read_dead_letter
from ripple.wire.events import Envelope, Fact
from ripple.wire.paths import ObjectRef

T = TypeVar("T")
_FROZEN = frozenset({str, int, float, bool, type(None), dt.datetime})
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class CrashError(Exception):
    """The process died here."""


def copy_of(value: Any) -> Any:
    """A document's own copy: containers copied, what they hold cannot change. Ten times faster than `deepcopy`."""
    kind = type(value)
    if kind is dict:
        return {name: item if type(item) in _FROZEN else copy_of(item) for name, item in value.items()}
    return [copy_of(item) for item in value] if kind is list or kind is tuple else value


class FakeObjects:
    """Live objects only; generations count up over all of them."""

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: NOW) -> None:
        self.live: dict[tuple[str, str], tuple[StoredObject, bytes]] = {}
        self._clock = clock
        self._generation = 1000

    def put(
        self, bucket: str, name: str, data: bytes, metadata: Mapping[str, str] | None = None, encoding: str = ""
    ) -> StoredObject:
        """Overwrite as a client would: a new generation."""
        self._generation += 1
        ref = ObjectRef(bucket=bucket, name=name, generation=self._generation)
        stored = StoredObject(
            ref=ref,
            size=len(data),
            created=self._clock(),
            metadata=dict(metadata or {}),
            content_encoding=encoding,
        )
        self.live[bucket, name] = (stored, data)
        return stored

    def stat(self, bucket: str, name: str, generation: int | None = None) -> StoredObject:
        stored, _ = self.live.get((bucket, name), (None, b""))
        if stored is None or generation not in (None, stored.ref.generation):
            raise PermanentError("object_missing", f"gs://{bucket}/{name}#{generation or 'live'} does not exist")
        return stored

    def read(self, ref: ObjectRef) -> bytes:
        self.stat(ref.bucket, ref.name, ref.generation)
        return self.live[ref.bucket, ref.name][1]

    def open(self, ref: ObjectRef) -> IO[bytes]:
        return io.BytesIO(self.read(ref))

    def create(self, bucket: str, name: str, data: bytes | IO[bytes], metadata: Mapping[str, str]) -> StoredObject:
        if (bucket, name) in self.live:
            return self.stat(bucket, name)
        if not isinstance(data, bytes):
            data.seek(0)
            data = data.read()
        return self.put(bucket, name, data, metadata)

    def list(self, bucket: str, prefix: str, after: str = "", limit: int | None = None) -> Iterable[StoredObject]:
        names = sorted(name for home, name in self.live if home == bucket and name.startswith(prefix) and name > after)
        return [self.live[bucket, name][0] for name in names[:limit]]

    def lines(self, uri: str) -> Sequence[Any]:
        """The decoded lines of a JSONL object."""
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        return [json.loads(line) for line in self.live[bucket, name][1].splitlines()]


class FakeTransaction:
    """Writes are kept apart until the commit; a read after a write is refused, as Firestore refuses it.

    What was read is noted: every write puts another dict in the old one's place, so that identity distinguishes versions.
    """

    def __init__(self, held: dict[str, Document]) -> None:
        self.held = held
        self.writes: list[tuple[str, str, Document]] = []
        self._read: list[tuple[Callable[[], list[Any]], list[Any]]] = []

    def get(self, path: str) -> Document | None:
        (found,) = self._note(lambda: [self.held.get(path)])
        return copy_of(found)  # type: ignore[no-any-return]

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        found = match(self.held, collection, where, limit)
        self._note(lambda: [document for _, document in match(self.held, collection, where, limit)])
        return [(name, copy_of(document)) for name, document in found]

    def _note(self, read: Callable[[], list[Any]]) -> list[Any]:
        assert not self.writes, "a transaction reads before it writes"
        found = read()
        self._read.append((read, found))
        return found

    @property
    def is_stale(self) -> bool:
        """Whether something that was read has changed since."""
        for read, then in self._read:
            now = read()
            if len(now) != len(then) or any(one is not other for one, other in zip(now, then, strict=True)):
                return True
        return False

    def set(self, path: str, document: Document) -> None:
        self.writes.append(("set", path, document))

    def update(self, path: str, fields: Document) -> None:
        self.writes.append(("update", path, fields))

    def delete(self, path: str) -> None:
        self.writes.append(("delete", path, {}))


class FakeDocuments:
    """Serializable by optimism, as the web SDKs are: a commit whose reads are stale is refused, and the work runs again.

    `dies_before`: names of calls (`run`, `delete` ...) that crash once.
    """

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: NOW) -> None:
        self.held: dict[str, Document] = {}
        self.clock = clock
        self.dies_before: list[str] = []

    @property
    def now(self) -> dt.datetime:
        return self.clock()

    def get(self, path: str) -> Document | None:
        return copy_of(self.held.get(path))  # type: ignore[no-any-return]

    def get_many(self, paths: Sequence[str]) -> Mapping[str, Document]:
        return {path: copy_of(self.held[path]) for path in paths if path in self.held}

    def create(self, path: str, document: Document) -> bool:
        if path in self.held:
            return False
        self.held[path] = copy_of(document)
        return True

    def update(self, path: str, fields: Document) -> None:
        self._die_if_asked("update")
        self.held[path] = self.held[path] | copy_of(fields)

    def delete(self, path: str) -> None:
        self._die_if_asked("delete")
        self.held.pop(path, None)

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        return _find(self.held, collection, where, limit)

    def run(self, work: Callable[[Any, dt.datetime], T]) -> T:
        self._die_if_asked("run")
        for _ in range(10):
            transaction = FakeTransaction(self.held)
            done = work(transaction, self.now)
            if not transaction.is_stale:
                self.commit(transaction)
                return done
        raise RetryableError("the transaction lost ten races")

    def commit(self, transaction: FakeTransaction) -> None:
        assert len(transaction.writes) <= 500, "Firestore takes at most 500 writes"
        for kind, path, fields in transaction.writes:
            self._apply(kind, path, copy_of(fields))

    def _apply(self, kind: str, path: str, fields: Document) -> None:
        if kind == "delete":
            self.held.pop(path, None)
        else:
            self.held[path] = fields if kind == "set" else self.held[path] | fields

    def _die_if_asked(self, call: str) -> None:
        if call in self.dies_before:
            self.dies_before.remove(call)
            raise CrashError(call)


def match(
    held: Mapping[str, Document], collection: str, where: Mapping[str, object], limit: int
) -> list[tuple[str, Document]]:
    """Equality as Firestore has it: null matches null, and a document without the field matches nothing. No copies."""
    prefix = f"{collection}/"
    found = []
    for path in sorted([path for path in held if path.startswith(prefix)]):
        document = held[path]
        if all(name in document and document[name] == value for name, value in where.items()):
            found.append((path.removeprefix(prefix), document))
    return found[:limit]


def _find(
    held: Mapping[str, Document], collection: str, where: Mapping[str, object], limit: int
) -> list[tuple[str, Document]]:
    return [(name, copy_of(document)) for name, document in match(held, collection, where, limit)]


class FakePublisher:
    """Keeps envelopes and dead letters; every envelope must survive its own encoding."""

    def __init__(self) -> None:
        self.sent: list[Envelope] = []
        self.dead_letters: list[tuple[bytes, Mapping[str, str]]] = []
        self.sent_back: list[tuple[str, bytes, Mapping[str, str]]] = []

    def publish(self, envelope: Envelope) -> None:
        assert all(isinstance(value, str) for value in envelope.attributes().values())
        json.loads(envelope.body())
        self.sent.append(envelope)

    def publish_dead_letter(self, body: bytes, attributes: Mapping[str, str]) -> None:
        self.dead_letters.append((body, attributes))

    def send_back(self, topic: str, body: bytes, attributes: Mapping[str, str]) -> None:
        assert all(isinstance(value, str) and len(value) <= 1024 for value in attributes.values())
        self.sent_back.append((topic, body, attributes))

    def facts(self, kind: type[Fact] | None = None) -> list[Any]:
        return [envelope.fact for envelope in self.sent if kind is None or isinstance(envelope.fact, kind)]


@dataclass(slots=True)
class FakeDeadLetters:
    """Letters by id, oldest first."""

    letters: dict[str, DeadLetter] = field(default_factory=dict)

    def put(self, number: int, body: bytes, attributes: Mapping[str, str]) -> DeadLetter:
        letter = read_dead_letter(str(number), NOW, body, attributes)
        self.letters[letter.id] = letter
        return letter

    def read(self, ids: Sequence[str]) -> Sequence[DeadLetter]:
        return [self.letters[one] for one in ids if one in self.letters]

    def list(self, without: Sequence[str], limit: int) -> Sequence[DeadLetter]:
        return [letter for one, letter in self.letters.items() if one not in without][:limit]


class FakeExecutions:
    def __init__(self) -> None:
        self.arguments: list[dict[str, Any]] = []
        self.states: dict[str, str] = {}
        self.results: dict[str, object] = {}
        self.cancelled: list[str] = []

    def start(self, argument: Mapping[str, object]) -> str:
        json.dumps(argument)
        self.arguments.append(dict(argument))
        execution = f"executions/{len(self.arguments)}"
        self.states[execution] = "ACTIVE"
        return execution

    def state(self, execution: str) -> str:
        return self.states.get(execution, "UNAVAILABLE")

    def result(self, execution: str) -> object:
        return self.results.get(execution)

    def cancel(self, execution: str) -> None:
        self.cancelled.append(execution)
        self.states[execution] = "CANCELLED"


@dataclass(slots=True)
class FakePipelineJobs:
    submitted: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def submit(
        self, job: str, spec: Mapping[str, object], parameters: Mapping[str, object], labels: Mapping[str, str]
    ) -> bool:
        if job in self.submitted:
            return False
        self.submitted[job] = {"spec": spec, "parameters": parameters, "labels": labels}
        return True

    def state(self, job: str) -> str:
        return self.states.get(job, "RUNNING" if job in self.submitted else "MISSING")


@dataclass(slots=True)
class FakeGeneratorJobs:
    runs: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)

    def run(self, job: str, arguments: Sequence[str]) -> str:
        self.runs.append((job, tuple(arguments)))
        return f"jobs/{job}/executions/{len(self.runs)}"

    def state(self, execution: str) -> str:
        known = any(execution == f"jobs/{job}/executions/{n}" for n, (job, _) in enumerate(self.runs, 1))
        return self.states.get(execution, "RUNNING" if known else "MISSING")


@dataclass(slots=True)
class FakeSales:
    """Orders in key order. `ends_after` documents a stream ends early and in silence."""

    orders: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    ends_after: int | None = None

    def pages(self, wanted: SalesRange, page_size: int) -> Iterator[Page]:
        found = self._find(wanted)[: self.ends_after]
        for start in range(0, len(found), page_size):
            yield found[start : start + page_size]

    def count(self, wanted: SalesRange) -> int:
        return len(self._find(wanted))

    def key_after(self, wanted: BatchRange, rows: int) -> str:
        found = self._find(wanted)[rows:]
        return found[0][0] if found else ""

    def partition_keys(self, collection: str, most: int) -> Sequence[str]:
        """Half of what is asked for: the cloud promises no number either."""
        keys, parts = sorted(self.orders) if collection == "sales" else [], most // 2 + 1
        return sorted({keys[len(keys) * step // parts] for step in range(1, parts)} - set(keys[:1])) if keys else []

    def _find(self, wanted: SalesRange) -> list[tuple[str, Mapping[str, Any]]]:
        if isinstance(wanted, BatchRange):
            held = [pair for pair in sorted(self.orders.items()) if pair[1].get("batch_id") == wanted.batch_id]
            return [
                pair for pair in held if wanted.key_from <= pair[0] and (not wanted.key_to or pair[0] < wanted.key_to)
            ]
        ordered = sorted(self.orders.items(), key=lambda pair: (pair[1]["updated_at"], pair[0]))
        return [pair for pair in ordered if wanted.changed_from <= pair[1]["updated_at"] < wanted.changed_to]


@dataclass(slots=True)
class FakeEdge:
    """The ports of one process that lives in memory: what every stage acts through."""

    settings: Settings = field(
        default_factory=lambda: Settings(
            project="ripple-test", elt_settle_seconds=0, pipeline_spec="gs://ripple-test-models/spec.json"
        )
    )
    objects: FakeObjects = field(default_factory=FakeObjects)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    dead_letters: FakeDeadLetters = field(default_factory=FakeDeadLetters)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    generator_jobs: FakeGeneratorJobs = field(default_factory=FakeGeneratorJobs)
    pipeline_jobs: FakePipelineJobs = field(default_factory=FakePipelineJobs)
    sales: FakeSales = field(default_factory=FakeSales)


def cause(event_id: str = "event-1", time: dt.datetime = NOW) -> Cause:
    return Cause(event_id=event_id, correlation_id="batch-1", time=time)

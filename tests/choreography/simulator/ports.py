"""The ports as a process sees them: the recording ones of the functions' tests, where every call is a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ripple.deployment.settings import Settings
from ripple.ports import BatchRange, Page, SalesRange, StoredObject
from ripple.wire.dead_letters import DeadLetter
from ripple.wire.events import Envelope
from ripple.wire.paths import ObjectRef
from tests.choreography.simulator.documents import SteppedDocuments
from tests.choreography.simulator.engine import Engine
from tests.functions.fakes import FakeDeadLetters, FakeObjects, FakeSales

if TYPE_CHECKING:
    from tests.choreography.simulator.world import World


@dataclass(slots=True)
class SteppedObjects:
    engine: Engine
    held: FakeObjects

    def stat(self, bucket: str, name: str, generation: int | None = None) -> StoredObject:
        return self.engine.step(f"stat {name}", lambda: self.held.stat(bucket, name, generation))

    def read(self, ref: ObjectRef) -> bytes:
        return self.engine.step(f"read {ref.name}", lambda: self.held.read(ref))

    def open(self, ref: ObjectRef) -> IO[bytes]:
        return self.engine.step(f"open {ref.name}", lambda: self.held.open(ref))

    def create(self, bucket: str, name: str, data: bytes | IO[bytes], metadata: Mapping[str, str]) -> StoredObject:
        return self.engine.step(f"create {name}", lambda: self.held.create(bucket, name, data, metadata))

    def list(self, bucket: str, prefix: str, after: str = "", limit: int | None = None) -> Iterable[StoredObject]:
        return self.engine.step(f"list {bucket}/{prefix}", lambda: self.held.list(bucket, prefix, after, limit))


@dataclass(slots=True)
class SteppedSales:
    """Every page is a query of its own."""

    engine: Engine
    held: FakeSales

    def pages(self, wanted: SalesRange, page_size: int) -> Iterator[Page]:
        return self._stepped(self.held.pages(wanted, page_size))

    def count(self, wanted: SalesRange) -> int:
        return self.engine.step("count sales", lambda: self.held.count(wanted))

    def key_after(self, wanted: BatchRange, rows: int) -> str:
        return self.engine.step(f"key of sales after {rows}", lambda: self.held.key_after(wanted, rows))

    def partition_keys(self, collection: str, most: int) -> Sequence[str]:
        """No two answers need be the same: the collection grows, and so do the cloud's own parts of it."""
        fewer = 1 + int(self.engine.faults.roll(f"partitions@{self.engine.steps}") * most)
        return self.engine.step("partition sales", lambda: self.held.partition_keys(collection, 2 * fewer))

    def _stepped(self, pages: Iterator[Page]) -> Iterator[Page]:
        while (page := self.engine.step("query a page of sales", lambda: next(pages, None))) is not None:
            process = self.engine.current
            place = f"{process.name}#{process.number}" if process else ""
            if self.engine.faults.strikes("stream ends", place, self.engine.now):
                return
            yield page


@dataclass(slots=True)
class SteppedPublisher:
    world: World

    def publish(self, envelope: Envelope) -> None:
        self.world.engine.step(f"publish {envelope.fact.id}", lambda: self.world.messages.publish(envelope))

    def send_back(self, topic: str, body: bytes, attributes: Mapping[str, str]) -> None:
        messages, letter = self.world.messages, attributes["ripple-redriven"]
        self.world.engine.step(f"send back {letter}", lambda: messages.send_back(topic, body, attributes))


@dataclass(slots=True)
class SteppedDeadLetters:
    """Each read is a query of the table of dead letters."""

    engine: Engine
    held: FakeDeadLetters

    def read(self, ids: Sequence[str]) -> Sequence[DeadLetter]:
        return self.engine.step(f"read {len(ids)} dead letters", lambda: self.held.read(ids))

    def list(self, without: Sequence[str], limit: int) -> Sequence[DeadLetter]:
        return self.engine.step("list dead letters", lambda: self.held.list(without, limit))

    def send_back(self, topic: str, body: bytes, attributes: Mapping[str, str]) -> None:
        raise AssertionError("there are no dead letters to send back")


@dataclass(slots=True)
class SteppedExecutions:
    world: World

    def start(self, argument: Mapping[str, object]) -> str:
        return self.world.engine.step("start execution", lambda: self.world.workflows.start(argument))

    def state(self, execution: str) -> str:
        return self.world.engine.step(f"state of {execution}", lambda: self.world.workflows.state(execution))

    def result(self, execution: str) -> object:
        return self.world.engine.step(f"result of {execution}", lambda: self.world.workflows.result(execution))

    def cancel(self, execution: str) -> None:
        self.world.engine.step(f"cancel {execution}", lambda: self.world.workflows.cancel(execution))


@dataclass(slots=True)
class SteppedPipelineJobs:
    world: World

    def submit(
        self, job: str, spec: Mapping[str, object], parameters: Mapping[str, object], labels: Mapping[str, str]
    ) -> bool:
        return self.world.engine.step(f"submit {job}", lambda: self.world.vertex.submit(job, parameters))

    def state(self, job: str) -> str:
        return self.world.engine.step(f"state of {job}", lambda: self.world.vertex.state(job))


@dataclass(slots=True)
class SteppedGeneratorJobs:
    world: World

    def run(self, job: str, arguments: Sequence[str]) -> str:
        return self.world.engine.step(f"run {job}", lambda: self.world.generators.run(job, arguments))

    def state(self, execution: str) -> str:
        return self.world.engine.step(f"state of {execution}", lambda: self.world.generators.state(execution))


class SteppedEdge:
    """The ports that stages act through."""

    def __init__(self, world: World, settings: Settings) -> None:
        engine = world.engine
        self.settings = settings
        self.objects = SteppedObjects(engine, world.objects)
        self.documents = SteppedDocuments(engine, world.documents)
        self.publisher = SteppedPublisher(world)
        self.executions = SteppedExecutions(world)
        self.generator_jobs = SteppedGeneratorJobs(world)
        self.pipeline_jobs = SteppedPipelineJobs(world)
        self.sales = SteppedSales(engine, world.sales)
        self.dead_letters = SteppedDeadLetters(engine, world.messages.dead_letters)

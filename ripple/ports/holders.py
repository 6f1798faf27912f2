"""Who holds a port: a function's signature says which ones it uses. Read-only, so that a lazy property fits as an attribute does."""

from __future__ import annotations

from typing import Protocol

from ripple.deployment.settings import Settings
from ripple.ports import (
    Burier,
    DeadLetters,
    DocumentStore,
    Executions,
    GeneratorJobs,
    ObjectStore,
    PipelineJobs,
    Publisher,
    Redriver,
    SalesDocuments,
)


class HasSettings(Protocol):
    @property
    def settings(self) -> Settings: ...


class HasObjects(Protocol):
    @property
    def objects(self) -> ObjectStore: ...


class HasDocuments(Protocol):
    @property
    def documents(self) -> DocumentStore: ...


class HasSales(Protocol):
    @property
    def sales(self) -> SalesDocuments: ...


class HasPublisher(Protocol):
    @property
    def publisher(self) -> Publisher: ...


class HasDeadLetterPublisher(Protocol):
    @property
    def publisher(self) -> Burier: ...


class HasRedriver(Protocol):
    @property
    def publisher(self) -> Redriver: ...


class HasDeadLetters(Protocol):
    @property
    def dead_letters(self) -> DeadLetters: ...


class HasExecutions(Protocol):
    @property
    def executions(self) -> Executions: ...


class HasGeneratorJobs(Protocol):
    @property
    def generator_jobs(self) -> GeneratorJobs: ...


class HasPipelineJobs(Protocol):
    @property
    def pipeline_jobs(self) -> PipelineJobs: ...


class StatingPorts(HasDocuments, HasPublisher, Protocol):
    """What stating a fact takes: it is published, and then forgotten in the outbox."""


class BucketPorts(HasObjects, HasSettings, Protocol):
    """Objects, and the names of the buckets that they are in."""


class FilePorts(HasDocuments, BucketPorts, Protocol):
    """Objects, and what is recorded of them."""


class CapPorts(HasDocuments, HasSettings, Protocol):
    """The state, and how much of it may start at a time."""

"""Ports in memory that refuse what Google's services refuse, with the errors their clients raise.

A fake that takes anything hides a defect.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

from google.api_core.exceptions import BadRequest, Forbidden, InvalidArgument, NotFound
from google.cloud.firestore_v1._helpers import pbs_for_create, pbs_for_update
from google.pubsub_v1 import PubsubMessage
from google.pubsub_v1.types import PublishRequest

from ripple.deployment.routes import BUCKETS
from ripple.ports import BatchRange, Document, SalesRange, StoredObject
from ripple.wire.events import Envelope
from ripple.wire.paths import ObjectRef
from tests.functions.fakes import (
    FakeDocuments,
    FakeEdge,
    FakeGeneratorJobs,
    FakeObjects,
    FakePipelineJobs,
    FakePublisher,
    FakeSales,
)

T = TypeVar("T")
_RESERVED = re.compile(r"__.*__", re.S)
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")
OURS = {f"ripple-test-{name}" for name in BUCKETS}


def check_path(path: str) -> None:
    """A document's path: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields."""
    parts = path.split("/")
    if len(parts) % 2:
        raise ValueError("A document must have an even number of path elements")
    for part in parts:
        check_id(part)


def check_id(part: str) -> None:
    if not part or part in (".", "..") or _RESERVED.fullmatch(part) or len(part.encode()) > 1500:
        raise InvalidArgument(f"{part[:100]!r} is no document or collection id")


def check_document(writes: Sequence[Any]) -> None:
    """The client has encoded it: what is left are the server's own limits."""
    for write in writes:
        if write._pb.ByteSize() > 1024 * 1024:
            raise InvalidArgument("a document of more than 1 MiB")
        _check_fields(write._pb.update.fields, 1)


def _check_fields(fields: Mapping[str, Any], depth: int) -> None:
    if depth > 20:
        raise InvalidArgument("nested deeper than 20")
    for name, value in fields.items():
        if not name or _RESERVED.fullmatch(name) or len(name.encode()) > 1500:
            raise InvalidArgument(f"{name[:100]!r} is no field name")
        _check_value(value, depth)


def _check_value(value: Any, depth: int) -> None:
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        _check_fields(value.map_value.fields, depth + 1)
    elif kind == "array_value":
        for item in value.array_value.values:
            if item.WhichOneof("value_type") == "array_value":
                raise InvalidArgument("an array in an array")
            _check_value(item, depth + 1)


class RefusingDocuments(FakeDocuments):
    def get(self, path: str) -> Document | None:
        check_path(path)
        return super().get(path)

    def create(self, path: str, document: Document) -> bool:
        check_path(path)
        check_document(pbs_for_create(path, document))
        return super().create(path, document)

    def update(self, path: str, fields: Document) -> None:
        self._check_update(path, fields)
        super().update(path, fields)

    def delete(self, path: str) -> None:
        check_path(path)
        super().delete(path)

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        check_document(pbs_for_create("c/d", dict(where)))
        return super().find(collection, where, limit)

    def run(self, work: Callable[[Any, dt.datetime], T]) -> T:
        def checked(transaction: Any, now: dt.datetime) -> T:
            read = transaction.get

            def get(path: str) -> Document | None:
                check_path(path)
                found: Document | None = read(path)
                return found

            transaction.get = get
            return work(transaction, now)

        return super().run(checked)

    def _apply(self, kind: str, path: str, fields: Document) -> None:
        check_path(path)
        if kind == "update":
            self._check_update(path, fields)
        elif kind == "set":
            check_document(pbs_for_create(path, fields))
        super()._apply(kind, path, fields)

    def _check_update(self, path: str, fields: Document) -> None:
        check_path(path)
        if path not in self.held:
            raise NotFound(f"no document {path}")
        check_document(pbs_for_update(path, dict(fields), None))


def check_object_name(name: str) -> None:
    """https://docs.cloud.google.com/storage/docs/objects#naming."""
    long = len(name.encode()) > 1024
    if not name or long or name in (".", "..") or re.search(r"[\r\n]", name) or name.startswith(".well-known/acme-"):
        raise BadRequest(f"{name[:100]!r} is no object name")


def check_bucket(bucket: str) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", bucket):
        raise BadRequest(f"{bucket[:100]!r} is no bucket name")
    if bucket not in OURS:
        raise Forbidden(f"the function's account has no access to {bucket}")


class RefusingObjects(FakeObjects):
    def stat(self, bucket: str, name: str, generation: int | None = None) -> StoredObject:
        check_bucket(bucket)
        check_object_name(name)
        if generation is not None and not -(2**63) <= generation < 2**63:
            raise BadRequest("a generation is an int64")
        return super().stat(bucket, name, generation)

    def create(self, bucket: str, name: str, data: bytes | IO[bytes], metadata: Mapping[str, str]) -> StoredObject:
        check_bucket(bucket)
        check_object_name(name)
        if sum(len(part.encode()) for pair in metadata.items() for part in pair) > 8192:
            raise BadRequest("custom metadata of more than 8 KiB")
        return super().create(bucket, name, data, metadata)

    def list(self, bucket: str, prefix: str, after: str = "", limit: int | None = None) -> Iterable[StoredObject]:
        check_bucket(bucket)
        return super().list(bucket, prefix, after, limit)


class RefusingPublisher(FakePublisher):
    def publish(self, envelope: Envelope) -> None:
        attributes = envelope.attributes()
        # An unwrapped push sends attributes as HTTP headers.
        assert all(re.fullmatch(r"[\x20-\x7e]*", value) for value in attributes.values()), attributes
        self._check(envelope.body(), attributes)
        super().publish(envelope)

    def publish_dead_letter(self, body: bytes, attributes: Mapping[str, str]) -> None:
        self._check(body, attributes)
        super().publish_dead_letter(body, attributes)

    def _check(self, body: bytes, attributes: Mapping[str, str]) -> None:
        """https://docs.cloud.google.com/pubsub/quotas#resource_limits."""
        message = PubsubMessage(data=body, attributes=dict(attributes))
        request = PublishRequest(topic="projects/p/topics/t", messages=[message])
        if PublishRequest.pb(request).ByteSize() > 10_000_000 or not (body or attributes):
            raise InvalidArgument("a message holds 1 byte to 10 MB")
        if len(attributes) > 100:
            raise InvalidArgument("more than 100 attributes")
        for name, value in attributes.items():
            if len(name.encode()) > 256 or not name or name.startswith("goog") or len(value.encode()) > 1024:
                raise InvalidArgument(f"the attribute {name[:100]!r} is too long or reserved")


class RefusingPipelineJobs(FakePipelineJobs):
    def submit(
        self, job: str, spec: Mapping[str, object], parameters: Mapping[str, object], labels: Mapping[str, str]
    ) -> bool:
        if not re.fullmatch(r"[a-z][-a-z0-9]{0,127}", job) or not all(map(_LABEL.fullmatch, labels.values())):
            raise InvalidArgument(f"the job {job[:200]!r} or its labels {labels!r:.300}")
        if sum(len(str(value).encode()) for value in parameters.values()) > 1024 * 1024:
            raise InvalidArgument("parameters of more than 1 MiB")
        return FakePipelineJobs.submit(self, job, spec, parameters, labels)


class RefusingGeneratorJobs(FakeGeneratorJobs):
    def run(self, job: str, arguments: Sequence[str]) -> str:
        if sum(len(word.encode()) for word in arguments) > 32 * 1024 or any("\0" in word for word in arguments):
            raise InvalidArgument("arguments of more than 32 KiB, or a NUL in them")
        return FakeGeneratorJobs.run(self, job, arguments)


class RefusingSales(FakeSales):
    def pages(self, wanted: SalesRange, page_size: int) -> Iterator[Any]:
        check_id(wanted.collection)
        if isinstance(wanted, BatchRange):
            check_document(pbs_for_create("c/d", {"batch_id": wanted.batch_id}))
        return FakeSales.pages(self, wanted, page_size)


@dataclass(slots=True)
class RefusingEdge(FakeEdge):
    objects: FakeObjects = field(default_factory=RefusingObjects)
    documents: FakeDocuments = field(default_factory=RefusingDocuments)
    publisher: FakePublisher = field(default_factory=RefusingPublisher)
    pipeline_jobs: FakePipelineJobs = field(default_factory=RefusingPipelineJobs)
    generator_jobs: FakeGeneratorJobs = field(default_factory=RefusingGeneratorJobs)
    sales: FakeSales = field(default_factory=RefusingSales)


def ref_of(name: str, generation: int = 1, bucket: str = "ripple-test-bronze") -> ObjectRef:
    return ObjectRef(bucket=bucket, name=name, generation=generation)

"""Schemas and their revisions, and the check of a topic's messages against them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable

import grpc
from google.pubsub_v1.types import Encoding, PubsubMessage, Schema, Topic

from laptop.pubsub.schema_forms import Check, SchemaError, compile_schema
from laptop.pubsub.store import MessageStore
from laptop.rpc import RpcError

DELETED = "_deleted-schema_"
_REVISIONS_KEPT = 20


class Schemas:
    """Every revision is on disk before a method returns; revisions are in order of their creation."""

    def __init__(
        self, store: MessageStore, now: Callable[[], float], new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:8]
    ) -> None:
        self._store, self._now, self._new_id = store, now, new_id
        self._revisions: dict[str, list[Schema]] = {}
        found = map(Schema.deserialize, store.resources("schema"))
        for schema in sorted(found, key=lambda one: one.revision_create_time):
            self._revisions.setdefault(schema.name, []).append(schema)

    def create(self, name: str, schema: Schema) -> Schema:
        if name in self._revisions:
            raise RpcError(grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={name}).")
        return self._add(name, schema)

    def commit(self, name: str, schema: Schema) -> Schema:
        """A new revision, of the type that the schema has."""
        newest = self.get(name)
        if schema.type_ != newest.type_:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, "a revision keeps its schema's type")
        if len(self._revisions[name]) >= _REVISIONS_KEPT:
            raise RpcError(grpc.StatusCode.FAILED_PRECONDITION, f"{name} has {_REVISIONS_KEPT} revisions; delete one")
        return self._add(name, schema)

    def roll_back(self, name: str, revision: str) -> Schema:
        """A new revision with an older one's definition."""
        return self.commit(name, self.get(f"{name}@{revision}"))

    def get(self, name: str) -> Schema:
        """The newest revision, or that of `NAME@REVISION`. Raises NOT_FOUND."""
        plain, _, revision = name.partition("@")
        for schema in reversed(self._revisions.get(plain, [])):
            if revision in ("", schema.revision_id):
                return schema
        raise RpcError(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name.rsplit('/', 1)[-1]}).")

    def names(self, parent: str) -> list[str]:
        return sorted(name for name in self._revisions if name.startswith(f"{parent}/schemas/"))

    def revisions(self, name: str) -> list[Schema]:
        """Newest first."""
        self.get(name)
        return self._revisions[name][::-1]

    def delete_revision(self, name: str) -> Schema:
        """Remove `NAME@REVISION`; the last one cannot go."""
        schema = self.get(name)
        if len(self._revisions[schema.name]) == 1:
            raise RpcError(grpc.StatusCode.FAILED_PRECONDITION, "the only revision cannot be deleted")
        self._revisions[schema.name].remove(schema)
        self._store.delete_resource("schema", f"{schema.name}@{schema.revision_id}")
        return self.get(schema.name)

    def delete(self, name: str) -> None:
        for schema in self.revisions(name):
            self._store.delete_resource("schema", f"{name}@{schema.revision_id}")
        del self._revisions[name]

    def _add(self, name: str, schema: Schema) -> Schema:
        check_definition(schema)
        revision = Schema(name=name, type_=schema.type_, definition=schema.definition, revision_id=self._new_id())
        revision.revision_create_time = dt.datetime.fromtimestamp(self._now(), dt.UTC)  # type: ignore[assignment]
        self._store.put_resource("schema", f"{name}@{revision.revision_id}", Schema.serialize(revision))
        self._revisions.setdefault(name, []).append(revision)
        return revision

    def stamp(self, topic: Topic, messages: Iterable[PubsubMessage]) -> None:
        """Check messages against their topic's schema and note the revision that fits. Raises INVALID_ARGUMENT."""
        settings = topic.schema_settings
        if not settings.schema:
            return
        candidates = self._accepted(topic)
        for message in messages:
            fitting = first_fitting(candidates, message.data, settings.encoding)
            message.attributes["googclient_schemaname"] = settings.schema
            message.attributes["googclient_schemaencoding"] = Encoding(settings.encoding).name
            message.attributes["googclient_schemarevisionid"] = fitting.revision_id

    def _accepted(self, topic: Topic) -> list[Schema]:
        """The topic's range of revisions, newest first."""
        settings = topic.schema_settings
        if settings.schema not in self._revisions:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"the topic's schema {settings.schema} was deleted")
        found = self._revisions[settings.schema]
        ids = [schema.revision_id for schema in found]
        first = ids.index(settings.first_revision_id) if settings.first_revision_id in ids else 0
        last = ids.index(settings.last_revision_id) if settings.last_revision_id in ids else len(ids) - 1
        return found[first : last + 1][::-1]


def check_definition(schema: Schema) -> Check:
    """Raises INVALID_ARGUMENT for what is no schema."""
    try:
        return compile_schema(int(schema.type_), schema.definition)
    except SchemaError as error:
        raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error


def first_fitting(candidates: Iterable[Schema], data: bytes, encoding: int) -> Schema:
    """The first schema that the data fits. Raises INVALID_ARGUMENT with the first refusal."""
    refusals = []
    for schema in candidates:
        try:
            compile_schema(int(schema.type_), schema.definition)(data, encoding)
        except SchemaError as error:
            refusals.append(str(error))
        else:
            return schema
    reason = refusals[0] if refusals else "the topic accepts no revision"
    raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid message: {reason}")

"""The SchemaService over gRPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import empty_pb2
from google.pubsub_v1 import types as t

from laptop.pubsub.broker import names_page
from laptop.pubsub.schemas import Schemas, check_definition, first_fitting

_FULL = t.SchemaView.FULL


class SchemaService:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    async def create(self, request: t.CreateSchemaRequest) -> t.Schema:
        return self._schemas.create(f"{request.parent}/schemas/{request.schema_id}", request.schema)

    async def get(self, request: t.GetSchemaRequest) -> t.Schema:
        return (
            self._schemas.get(request.name) if request.view in (0, _FULL) else _basic(self._schemas.get(request.name))
        )

    async def list(self, request: t.ListSchemasRequest) -> t.ListSchemasResponse:
        page, token = names_page([self._schemas.get(name) for name in self._schemas.names(request.parent)], request)
        return t.ListSchemasResponse(schemas=_viewed(page, request.view), next_page_token=token)

    async def list_revisions(self, request: t.ListSchemaRevisionsRequest) -> t.ListSchemaRevisionsResponse:
        page, token = names_page(self._schemas.revisions(request.name), request)
        return t.ListSchemaRevisionsResponse(schemas=_viewed(page, request.view), next_page_token=token)

    async def commit(self, request: t.CommitSchemaRequest) -> t.Schema:
        return self._schemas.commit(request.name, request.schema)

    async def roll_back(self, request: t.RollbackSchemaRequest) -> t.Schema:
        return self._schemas.roll_back(request.name, request.revision_id)

    async def delete_revision(self, request: t.DeleteSchemaRevisionRequest) -> t.Schema:
        named = request.name if "@" in request.name else f"{request.name}@{request.revision_id}"
        return self._schemas.delete_revision(named)

    async def delete(self, request: t.DeleteSchemaRequest) -> Any:
        self._schemas.delete(request.name)
        return empty_pb2.Empty()

    async def validate(self, request: t.ValidateSchemaRequest) -> t.ValidateSchemaResponse:
        check_definition(request.schema)
        return t.ValidateSchemaResponse()

    async def validate_message(self, request: Any) -> Any:
        schema = self._schemas.get(request.name) if request.name else request.schema
        check_definition(schema)
        first_fitting([schema], request.message, request.encoding)
        return t.schema.ValidateMessageResponse()


def _basic(schema: t.Schema) -> t.Schema:
    """A schema without its definition."""
    return t.Schema(name=schema.name, type_=schema.type_, revision_id=schema.revision_id,
                    revision_create_time=schema.revision_create_time)  # fmt: skip


def _viewed(schemas: Any, view: int) -> list[t.Schema]:
    return list(schemas) if view == _FULL else list(map(_basic, schemas))


def methods(service: SchemaService) -> Mapping[str, tuple[Any, Any, Any]]:
    """`{method: (handler, request type, answer type or None for Empty)}`."""
    return {
        "CreateSchema": (service.create, t.CreateSchemaRequest, t.Schema),
        "GetSchema": (service.get, t.GetSchemaRequest, t.Schema),
        "ListSchemas": (service.list, t.ListSchemasRequest, t.ListSchemasResponse),
        "ListSchemaRevisions": (service.list_revisions, t.ListSchemaRevisionsRequest, t.ListSchemaRevisionsResponse),
        "CommitSchema": (service.commit, t.CommitSchemaRequest, t.Schema),
        "RollbackSchema": (service.roll_back, t.RollbackSchemaRequest, t.Schema),
        "DeleteSchemaRevision": (service.delete_revision, t.DeleteSchemaRevisionRequest, t.Schema),
        "DeleteSchema": (service.delete, t.DeleteSchemaRequest, None),
        "ValidateSchema": (service.validate, t.ValidateSchemaRequest, t.ValidateSchemaResponse),
        "ValidateMessage": (
            service.validate_message,
            t.schema.ValidateMessageRequest,
            t.schema.ValidateMessageResponse,
        ),
    }

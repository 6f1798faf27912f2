"""The writing methods, and transactions."""

from __future__ import annotations

import secrets
import string

from google.protobuf.empty_pb2 import Empty

from laptop.firestore import field_paths, paths
from laptop.firestore.database import Database
from laptop.firestore.messages import (
    BatchWriteResponse,
    BeginTransactionResponse,
    CommitResponse,
    Document,
    Pb,
    Write,
    timestamp,
)

_ID_LETTERS = string.ascii_letters + string.digits
_ID_LENGTH = 20


class WriteRpc:
    """Handlers that change documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin_transaction(self, request: Pb) -> Pb:
        opened = await self._database.begin(request.options, request.database)
        return BeginTransactionResponse(transaction=opened.id)

    async def commit(self, request: Pb) -> Pb:
        outcome = await self._database.commit(request.writes, request.transaction)
        return CommitResponse(write_results=outcome.results, commit_time=timestamp(outcome.time))

    async def rollback(self, request: Pb) -> Pb:
        await self._database.roll_back(request.transaction)
        return Empty()

    async def batch_write(self, request: Pb) -> Pb:
        outcome = await self._database.write_batch(request.writes)
        return BatchWriteResponse(write_results=outcome.results, status=outcome.statuses)

    async def create_document(self, request: Pb) -> Pb:
        identifier = request.document_id or "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
        paths.check_id(request.collection_id)
        name = f"{paths.check_parent(request.parent)}/{request.collection_id}/{identifier}"
        write = Write(update=Document(name=name, fields=request.document.fields), current_document={"exists": False})
        return await self._write_one(write, request)

    async def update_document(self, request: Pb) -> Pb:
        write = Write(update=request.document)
        if request.HasField("update_mask"):
            write.update_mask.CopyFrom(request.update_mask)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        return await self._write_one(write, request)

    async def delete_document(self, request: Pb) -> Pb:
        write = Write(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        await self._database.commit([write], b"")
        return Empty()

    async def _write_one(self, write: Pb, request: Pb) -> Pb:
        """Commit and answer with the document as it is right after."""
        key = paths.parse_document(write.update.name)
        outcome = await self._database.commit([write], b"")
        found = await self._database.read(lambda: list(self._database.store.read([key], outcome.time)))
        document = Document.FromString(found[0])
        if not request.HasField("mask"):
            return document
        return field_paths.project(document, map(field_paths.parse, request.mask.field_paths))

"""google.firestore.v1.Firestore as generic gRPC handlers; every method of the service is here or refused by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.cloud.firestore_v1 import types as t

from laptop.firestore.database import Database
from laptop.firestore.errors import FirestoreError, refuse_unserved
from laptop.firestore.messages import ListenRequest, Pb
from laptop.firestore.reading import Reader
from laptop.firestore.streams import Listener
from laptop.firestore.writing import WriteRpc
from laptop.loops import DISK_ERRORS

_SERVICE = "google.firestore.v1.Firestore"
_REFUSED = ("Write", "ExecutePipeline")


def handlers(database: Database) -> grpc.GenericRpcHandler:
    """All methods over one database."""
    reader, writer = Reader(database), WriteRpc(database)
    methods = {
        "GetDocument": unary(reader.get_document, t.GetDocumentRequest),
        "ListDocuments": unary(reader.list_documents, t.ListDocumentsRequest),
        "ListCollectionIds": unary(reader.list_collection_ids, t.ListCollectionIdsRequest),
        "PartitionQuery": unary(reader.partition_query, t.PartitionQueryRequest),
        "BatchGetDocuments": _stream(reader.batch_get_documents, t.BatchGetDocumentsRequest),
        "RunQuery": _stream(reader.run_query, t.RunQueryRequest),
        "RunAggregationQuery": _stream(reader.run_aggregation_query, t.RunAggregationQueryRequest),
        "BeginTransaction": unary(writer.begin_transaction, t.BeginTransactionRequest),
        "Commit": unary(writer.commit, t.CommitRequest),
        "Rollback": unary(writer.rollback, t.RollbackRequest),
        "BatchWrite": unary(writer.batch_write, t.BatchWriteRequest),
        "CreateDocument": unary(writer.create_document, t.CreateDocumentRequest),
        "UpdateDocument": unary(writer.update_document, t.UpdateDocumentRequest),
        "DeleteDocument": unary(writer.delete_document, t.DeleteDocumentRequest),
        "Listen": _listen(Listener(database)),
    }
    methods |= {name: _refusal(name) for name in _REFUSED}
    return grpc.method_handlers_generic_handler(_SERVICE, methods)


def unary(method: Callable[[Pb], Awaitable[Pb]], request: Any) -> grpc.RpcMethodHandler:
    """A handler of messages of the type `request`; what is refused becomes a gRPC status."""

    async def handle(message: Pb, context: grpc.aio.ServicerContext) -> bytes:
        try:
            return bytes((await method(message)).SerializeToString())
        except FirestoreError as error:
            await context.abort(error.code, error.message)
            raise
        except DISK_ERRORS as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"the laptop's disk refused: {error}")
            raise

    return grpc.unary_unary_rpc_method_handler(handle, request_deserializer=request.pb().FromString)


def _stream(method: Callable[[Pb], AsyncIterator[bytes]], request: Any) -> grpc.RpcMethodHandler:
    async def handle(message: Pb, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        try:
            async for answer in method(message):
                yield answer
        except FirestoreError as error:
            await context.abort(error.code, error.message)
        except DISK_ERRORS as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"the laptop's disk refused: {error}")

    return grpc.unary_stream_rpc_method_handler(handle, request_deserializer=request.pb().FromString)


def _listen(listener: Listener) -> grpc.RpcMethodHandler:
    async def handle(requests: AsyncIterator[Pb], _: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        async for answer in listener.listen(requests):
            yield answer

    return grpc.stream_stream_rpc_method_handler(handle, request_deserializer=ListenRequest.FromString)


def _refusal(name: str) -> grpc.RpcMethodHandler:
    async def handle(_: bytes, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        refused = refuse_unserved(f"Firestore.{name}")
        await context.abort(refused.code, refused.message)
        yield b""

    if name == "Write":
        return grpc.stream_stream_rpc_method_handler(handle)
    return grpc.unary_stream_rpc_method_handler(handle)

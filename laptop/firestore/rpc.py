"""The methods of google.firestore.v1.Firestore that are served, over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.cloud.firestore_v1 import types as t

from laptop.firestore.database import Database
from laptop.firestore.messages import ListenRequest, Pb
from laptop.firestore.reading import Reader
from laptop.firestore.streams import Listener
from laptop.firestore.writing import WriteRpc
from laptop.rpc import Methods, refusals


def served_methods(database: Database) -> Methods:
    """Each by its name, over one database."""
    reader, writer = Reader(database), WriteRpc(database)
    return {
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


def unary(method: Callable[[Pb], Awaitable[Pb]], request: Any) -> grpc.RpcMethodHandler:
    """A handler of messages of the type `request`; what is refused becomes a gRPC status."""

    async def handle(message: Pb, context: grpc.aio.ServicerContext) -> bytes:
        async with refusals(context):
            return bytes((await method(message)).SerializeToString())

    return grpc.unary_unary_rpc_method_handler(handle, request_deserializer=request.pb().FromString)


def _stream(method: Callable[[Pb], AsyncIterator[bytes]], request: Any) -> grpc.RpcMethodHandler:
    async def handle(message: Pb, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        async with refusals(context):
            async for answer in method(message):
                yield answer

    return grpc.unary_stream_rpc_method_handler(handle, request_deserializer=request.pb().FromString)


def _listen(listener: Listener) -> grpc.RpcMethodHandler:
    async def handle(requests: AsyncIterator[Pb], _: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        async for answer in listener.listen(requests):
            yield answer

    return grpc.stream_stream_rpc_method_handler(handle, request_deserializer=ListenRequest.FromString)

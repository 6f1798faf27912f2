"""The reading methods: documents, lists, queries, aggregations, partitions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from laptop.firestore import field_paths, paths
from laptop.firestore.aggregation import aggregate
from laptop.firestore.database import Database
from laptop.firestore.errors import Code, refuse_argument, refuse_unserved
from laptop.firestore.listing import list_collection_ids, list_page
from laptop.firestore.messages import (
    BatchGetDocumentsResponse,
    Document,
    ListCollectionIdsResponse,
    ListDocumentsResponse,
    PartitionQueryResponse,
    Pb,
    RunAggregationQueryResponse,
    RunQueryResponse,
    micros,
    timestamp,
)
from laptop.firestore.partitions import check_partitioned, split_names
from laptop.firestore.plans import compile_query
from laptop.firestore.ranges import QueryRange
from laptop.firestore.scanning import find_rows, run_plan
from laptop.firestore.transactions import OpenTransaction
from laptop.rpc import RpcError

_DOCUMENT_TAG = b"\x0a"
"""Field 1, length-delimited: where RunQueryResponse and BatchGetDocumentsResponse hold a document."""


class Reader:
    """Handlers that change nothing; streams of documents go out as the bytes they are stored as."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_document(self, request: Pb) -> Pb:
        key = paths.parse_document(request.name)
        transaction, time = await self._choose_time(request)
        if transaction is not None:
            time = await self._database.join_documents(transaction, [key])
        found = await self._database.read(lambda: list(self._database.store.read([key], time)))
        if found[0] is None:
            raise RpcError(Code.NOT_FOUND, f"Document {request.name!r} not found.")
        return Document.FromString(_masked(found[0], request))

    async def batch_get_documents(self, request: Pb) -> AsyncIterator[bytes]:
        keys = [paths.parse_document(name) for name in dict.fromkeys(request.documents)]
        transaction, time = await self._choose_time(request)
        if transaction is not None:
            time = await self._database.join_documents(transaction, keys)
        if request.HasField("new_transaction") and transaction is not None:
            yield BatchGetDocumentsResponse(transaction=transaction.id).SerializeToString()
        read_at = BatchGetDocumentsResponse(read_time=timestamp(time)).SerializeToString()
        place = 0
        async for chunk in self._database.stream(self._database.store.read(keys, time)):
            for data in chunk:
                missing = BatchGetDocumentsResponse(missing=keys[place].name)
                yield read_at + (missing.SerializeToString() if data is None else _frame(_masked(data, request)))
                place += 1

    async def list_documents(self, request: Pb) -> Pb:
        if request.order_by not in {"", "__name__", "__name__ asc"}:
            raise refuse_unserved(f"ListDocuments ordered by {request.order_by!r}")
        if request.transaction:
            raise refuse_unserved("ListDocuments in a transaction")
        _, time = await self._choose_time(request)
        page, token = await self._database.read(list_page, self._database.store, request, time)
        shown = [Document.FromString(_masked(data, request)) for data in page]
        return ListDocumentsResponse(documents=shown, next_page_token=token)

    async def list_collection_ids(self, request: Pb) -> Pb:
        _, time = await self._choose_time(request)
        ids = await self._database.read(list_collection_ids, self._database.store, request.parent, time)
        after = [one for one in ids if one > request.page_token]
        page = after[: request.page_size or len(after)]
        token = page[-1] if len(page) < len(after) else ""
        return ListCollectionIdsResponse(collection_ids=page, next_page_token=token)

    async def run_query(self, request: Pb) -> AsyncIterator[bytes]:
        _refuse_explain(request)
        plan = compile_query(request.parent, request.structured_query)
        wanted = QueryRange(plan)
        transaction, time = await self._choose_time(request)
        if transaction is not None:
            time = await self._database.join_query(transaction, wanted)
        if request.HasField("new_transaction") and transaction is not None:
            yield RunQueryResponse(transaction=transaction.id).SerializeToString()
        read_at = RunQueryResponse(read_time=timestamp(time)).SerializeToString()
        rows = 0
        async for chunk in self._database.stream(run_plan(plan, self._database.store, time)):
            rows += len(chunk)
            if transaction is not None and rows == plan.limit and plan.gives_whole_documents:
                await self._database.end_range(wanted, chunk[-1])
            for data in chunk:
                yield _frame(data) + read_at
        yield RunQueryResponse(read_time=timestamp(time), skipped_results=plan.offset).SerializeToString()

    async def run_aggregation_query(self, request: Pb) -> AsyncIterator[bytes]:
        _refuse_explain(request)
        query = request.structured_aggregation_query
        plan = compile_query(request.parent, query.structured_query)
        transaction, time = await self._choose_time(request)
        if transaction is not None:
            time = await self._database.join_query(transaction, QueryRange(plan))
        store, wanted = self._database.store, query.aggregations
        found = await self._database.read(lambda: aggregate(wanted, find_rows(plan, store, time)))
        answer = RunAggregationQueryResponse(read_time=timestamp(time))
        if request.HasField("new_transaction") and transaction is not None:
            answer.transaction = transaction.id
        for alias, value in found.items():
            answer.result.aggregate_fields[alias].CopyFrom(value)
        yield answer.SerializeToString()

    async def partition_query(self, request: Pb) -> Pb:
        plan = compile_query(request.parent, request.structured_query)
        check_partitioned(plan, request.partition_count)
        _, time = await self._choose_time(request)
        store = self._database.store
        names = await self._database.read(lambda: [row.name for row in find_rows(plan, store, time)])
        cursors = split_names(names, request.partition_count)
        start = _page_start(request.page_token)
        page = cursors[start : start + (request.page_size or len(cursors))]
        token = str(start + len(page)) if start + len(page) < len(cursors) else ""
        return PartitionQueryResponse(partitions=page, next_page_token=token)

    async def _choose_time(self, request: Pb) -> tuple[OpenTransaction | None, int]:
        """The transaction a read belongs to, and when it reads if to none."""
        names = request.DESCRIPTOR.fields_by_name
        if "new_transaction" in names and request.HasField("new_transaction"):
            place = request.database if "database" in names else paths.database_of(request.parent)
            opened = await self._database.begin(request.new_transaction, place)
            return opened, opened.read_time
        if "transaction" in names and request.transaction:
            found = self._database.find_transaction(request.transaction)
            return found, found.read_time
        if request.HasField("read_time"):
            return None, self._database.check_past(micros(request.read_time))
        return None, self._database.read_time()


def _refuse_explain(request: Pb) -> None:
    if request.HasField("explain_options"):
        raise refuse_unserved("explain_options")


def _page_start(token: str) -> int:
    if token and not token.isdecimal():
        raise refuse_argument("page_token is not one this server gave")
    return int(token or 0)


def _masked(data: bytes, request: Pb) -> bytes:
    if not request.HasField("mask"):
        return data
    wanted: Sequence[field_paths.FieldPath] = [field_paths.parse(text) for text in request.mask.field_paths]
    return bytes(field_paths.project(Document.FromString(data), wanted).SerializeToString())


def _frame(document: bytes) -> bytes:
    """The serialized document as field 1 of a message."""
    size, length = len(document), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return _DOCUMENT_TAG + bytes(length) + document

"""The client library's own messages as raw protobuf classes: proto-plus wrappers cost ten times the parse."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1 import types as t
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status

Pb = Any
"""A raw protobuf message."""

Document: Pb = t.Document.pb()
Value: Pb = t.Value.pb()
Cursor: Pb = t.Cursor.pb()
Write: Pb = t.Write.pb()
WriteResult: Pb = t.WriteResult.pb()
StructuredQuery: Pb = t.StructuredQuery.pb()
Aggregation: Pb = t.StructuredAggregationQuery.Aggregation.pb()
TargetChange: Pb = t.TargetChange.pb()
ListenResponse: Pb = t.ListenResponse.pb()
ListenRequest: Pb = t.ListenRequest.pb()
RunQueryResponse: Pb = t.RunQueryResponse.pb()
BatchGetDocumentsResponse: Pb = t.BatchGetDocumentsResponse.pb()
RunAggregationQueryResponse: Pb = t.RunAggregationQueryResponse.pb()
CommitResponse: Pb = t.CommitResponse.pb()
BatchWriteResponse: Pb = t.BatchWriteResponse.pb()
BeginTransactionResponse: Pb = t.BeginTransactionResponse.pb()
ListDocumentsResponse: Pb = t.ListDocumentsResponse.pb()
ListCollectionIdsResponse: Pb = t.ListCollectionIdsResponse.pb()
PartitionQueryResponse: Pb = t.PartitionQueryResponse.pb()

OPTIMISTIC = int(t.TransactionOptions.ConcurrencyMode.OPTIMISTIC)
PESSIMISTIC = int(t.TransactionOptions.ConcurrencyMode.PESSIMISTIC)

__all__ = ["Status", "Timestamp"]


def timestamp(micros: int) -> Pb:
    """Microseconds since 1970 as a Timestamp."""
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)


def micros(moment: Pb) -> int:
    """A Timestamp as microseconds since 1970; finer digits are cut off, as in the cloud."""
    return int(moment.seconds) * 1_000_000 + int(moment.nanos) // 1000

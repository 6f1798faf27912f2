"""Firestore behind the DocumentStore port."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from google.api_core.exceptions import Aborted, AlreadyExists
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from ripple.errors import RetryableError
from ripple.ports import Document, Transaction

T = TypeVar("T")
_CLOCK = "clock/now"
"""Nobody writes it, and it need not exist: what is read is when it was read."""
_ATTEMPTS = 10
_MOST_AT_ONCE = 1000


class FirestoreDocuments:
    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def get(self, path: str) -> Document | None:
        return self._client.document(path).get().to_dict()

    def get_many(self, paths: Sequence[str]) -> Mapping[str, Document]:
        found: dict[str, Document] = {}
        for start in range(0, len(paths), _MOST_AT_ONCE):
            wanted = [self._client.document(path) for path in paths[start : start + _MOST_AT_ONCE]]
            answers = self._client.get_all(wanted)
            found |= {answer.reference.path: answer.to_dict() or {} for answer in answers if answer.exists}
        return found

    def create(self, path: str, document: Document) -> bool:
        try:
            self._client.document(path).create(document)
        except AlreadyExists:
            return False
        return True

    def update(self, path: str, fields: Document) -> None:
        self._client.document(path).update(fields)

    def delete(self, path: str) -> None:
        self._client.document(path).delete()

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        return [(found.id, found.to_dict() or {}) for found in _query(self._client, collection, where, limit).stream()]

    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        @firestore.transactional
        def attempt(transaction: firestore.Transaction) -> T:
            return work(_FirestoreTransaction(self._client, transaction), self._read_time())

        for _ in range(_ATTEMPTS):
            try:
                return cast(T, attempt(self._client.transaction(max_attempts=_ATTEMPTS)))
            except Aborted:
                # Google's client tries again what was refused at its commit, not what was refused at a read.
                continue
        raise RetryableError(f"the transaction was refused {_ATTEMPTS} times")

    def _read_time(self) -> dt.datetime:
        """Firestore's time before the transaction reads anything.

        Asked outside the transaction: the database is pessimistic, a read inside locks its document until the commit, and
        a document that all read and some write makes all of them wait for each other.
        """
        return cast(dt.datetime, self._client.document(_CLOCK).get().read_time)


class _FirestoreTransaction:
    def __init__(self, client: firestore.Client, transaction: firestore.Transaction) -> None:
        self._client = client
        self._transaction = transaction

    def get(self, path: str) -> Document | None:
        found = self._client.document(path).get(transaction=self._transaction)
        return found.to_dict()

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        query = _query(self._client, collection, where, limit)
        return [(found.id, found.to_dict() or {}) for found in query.stream(transaction=self._transaction)]

    def set(self, path: str, document: Document) -> None:
        self._transaction.set(self._client.document(path), document)

    def update(self, path: str, fields: Document) -> None:
        self._transaction.update(self._client.document(path), fields)

    def delete(self, path: str) -> None:
        self._transaction.delete(self._client.document(path))


def _query(client: firestore.Client, collection: str, where: Mapping[str, object], limit: int) -> firestore.Query:
    query = client.collection(collection).order_by("__name__").limit(limit)
    for field, value in where.items():
        query = query.where(filter=FieldFilter(field, "==", value))
    return query

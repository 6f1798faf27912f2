"""Transactions as Google's client retries them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport


def test_a_read_after_a_lost_race_is_no_error_and_the_commit_is_tried_again(client: firestore.Client) -> None:
    first, second = client.document("races/first"), client.document("races/second")
    first.set({"n": 0})
    second.set({"n": 0})
    attempts: list[int] = []

    @firestore.transactional
    def work(transaction: firestore.Transaction) -> None:
        seen = first.get(transaction=transaction).get("n")
        if not attempts:
            first.update({"n": 10})
        attempts.append(seen)
        second.get(transaction=transaction)
        transaction.update(second, {"n": seen})

    work(client.transaction())
    assert attempts == [0, 10]
    assert second.get().get("n") == 10


def test_counting_together_loses_no_count(client: firestore.Client) -> None:
    counter = client.document("races/counter")
    counter.set({"n": 0})

    @firestore.transactional
    def count(transaction: firestore.Transaction) -> None:
        transaction.update(counter, {"n": counter.get(transaction=transaction).get("n") + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: count(client.transaction(max_attempts=10)), range(40)))
    assert counter.get().get("n") == 40


def test_rolling_back_what_has_ended_is_no_error_but_an_unknown_transaction_is_refused(
    client: firestore.Client,
) -> None:
    host = client._emulator_host  # type: ignore[attr-defined]
    service = FirestoreClient(transport=FirestoreGrpcTransport(channel=grpc.insecure_channel(host)))
    database = "projects/demo-proj/databases/(default)"
    begun = service.begin_transaction(database=database).transaction
    service.commit(request={"database": database, "transaction": begun})
    service.rollback(database=database, transaction=begun)
    with pytest.raises(InvalidArgument):
        service.rollback(database=database, transaction=b"never begun")

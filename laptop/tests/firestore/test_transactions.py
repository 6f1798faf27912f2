"""Transactions as Google's client runs them: retries, waits, limits, and the mode that a database says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    GoogleAPICallError,
    InvalidArgument,
    MethodNotImplemented,
)
from google.cloud import firestore
from google.cloud.firestore_admin_v1 import FirestoreAdminClient
from google.cloud.firestore_admin_v1.types import Database
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from laptop.firestore.server import start
from laptop.firestore.transactions import Limits
from laptop.hosting import Service
from laptop.tests.firestore.conftest import in_transaction

DATABASE = "projects/demo-proj/databases/(default)"
Mode = Database.ConcurrencyMode


@pytest.fixture(scope="module")
def raw(service: Service) -> FirestoreClient:
    return FirestoreClient(transport=FirestoreGrpcTransport(channel=grpc.insecure_channel(service.address)))


def test_a_read_after_a_lost_race_is_no_error_and_the_commit_is_tried_again(optimistic: firestore.Client) -> None:
    first, second = optimistic.document("races/first"), optimistic.document("races/second")
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

    work(optimistic.transaction())
    assert attempts == [0, 10]
    assert second.get().get("n") == 10


def test_a_write_outside_waits_for_the_transaction_that_read(client: firestore.Client) -> None:
    document = client.document("races/held")
    document.set({"n": 0})
    with ThreadPoolExecutor(1) as pool:

        @firestore.transactional
        def work(transaction: firestore.Transaction) -> Any:
            seen = document.get(transaction=transaction).get("n")
            writing = pool.submit(document.update, {"other": 1})
            assert document.get().to_dict() == {"n": seen}
            transaction.update(document, {"n": seen + 1})
            return writing

        transaction = client.transaction(max_attempts=1)
        written = work(transaction).result()
    assert transaction.commit_time < written.update_time
    assert document.get().to_dict() == {"n": 1, "other": 1}


def test_counting_together_loses_no_count(either: firestore.Client) -> None:
    counter = either.document("races/counter")
    counter.set({"n": 0})

    def count(transaction: firestore.Transaction) -> None:
        transaction.update(counter, {"n": counter.get(transaction=transaction).get("n") + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: in_transaction(either, count, max_attempts=30), range(40)))
    assert counter.get().get("n") == 40


def test_those_who_lock_and_count_never_need_more_tries_than_there_are_others(client: firestore.Client) -> None:
    """Whoever tries again is as old as it was: at most the seven others go before it."""
    counter = client.document("races/fair")
    counter.set({"n": 0})

    def count(transaction: firestore.Transaction) -> None:
        transaction.update(counter, {"n": counter.get(transaction=transaction).get("n") + 1})

    def run(_: int) -> None:
        # One wrapper each: it keeps the id of what it tries again.
        firestore.transactional(count)(client.transaction(max_attempts=8))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(24)))
    assert counter.get().get("n") == 24


def test_rolling_back_what_has_ended_is_no_error_but_an_unknown_transaction_is_refused(raw: FirestoreClient) -> None:
    begun = raw.begin_transaction(database=DATABASE).transaction
    raw.commit(request={"database": DATABASE, "transaction": begun})
    raw.rollback(database=DATABASE, transaction=begun)
    with pytest.raises(InvalidArgument):
        raw.rollback(database=DATABASE, transaction=b"never begun")


def test_a_transaction_may_begin_with_its_first_read(raw: FirestoreClient) -> None:
    name = f"{DATABASE}/documents/firsts/one"
    begins = {"database": DATABASE, "documents": [name], "new_transaction": {"read_write": {}}}
    first, *rest = raw.batch_get_documents(request=begins)
    assert [answer.missing for answer in rest] == [name]
    raw.commit(request={"database": DATABASE, "transaction": first.transaction, "writes": [{"delete": name}]})


def test_a_query_and_a_count_may_begin_one_too(raw: FirestoreClient) -> None:
    query = {"from_": [{"collection_id": "firsts"}]}
    parent, begins = f"{DATABASE}/documents", {"read_only": {}}
    found = raw.run_query(request={"parent": parent, "structured_query": query, "new_transaction": begins})
    counted = raw.run_aggregation_query(
        request={
            "parent": parent,
            "structured_aggregation_query": {"structured_query": query, "aggregations": [{"count": {}, "alias": "n"}]},
            "new_transaction": begins,
        }
    )
    for transaction in (next(iter(found)).transaction, next(iter(counted)).transaction):
        raw.rollback(database=DATABASE, transaction=transaction)


@pytest.fixture(scope="module")
def impatient(launch: Callable[..., Service]) -> FirestoreClient:
    """A server where nobody waits long for a lock."""
    service = launch(partial(start, limits=Limits(wait=0.05)))
    return FirestoreClient(transport=FirestoreGrpcTransport(channel=grpc.insecure_channel(service.address)))


def begin_and_read(raw: FirestoreClient, name: str) -> bytes:
    begun: bytes = raw.begin_transaction(database=DATABASE).transaction
    list(raw.batch_get_documents(request={"database": DATABASE, "documents": [name], "transaction": begun}))
    return begun


def test_whoever_waits_too_long_for_a_lock_is_refused(impatient: FirestoreClient) -> None:
    name = f"{DATABASE}/documents/locked/one"
    older, younger = begin_and_read(impatient, name), begin_and_read(impatient, name)
    write = {"update": {"name": name}}
    with pytest.raises(Aborted, match="Too much contention on these documents"):
        impatient.commit(request={"database": DATABASE, "writes": [write]})
    with pytest.raises(Aborted):
        impatient.commit(request={"database": DATABASE, "writes": [write], "transaction": younger})
    impatient.commit(request={"database": DATABASE, "writes": [write], "transaction": older})


def test_of_a_batch_only_what_is_locked_is_refused(impatient: FirestoreClient) -> None:
    locked, free = (f"{DATABASE}/documents/batches/{name}" for name in ("locked", "free"))
    begun = begin_and_read(impatient, locked)
    writes = [{"update": {"name": locked}}, {"update": {"name": free}}]
    request = {"database": DATABASE, "writes": writes}
    statuses = impatient.batch_write(request=request, retry=None).status
    assert [status.code for status in statuses] == [grpc.StatusCode.ABORTED.value[0], 0]
    impatient.rollback(database=DATABASE, transaction=begun)
    assert [status.code for status in impatient.batch_write(request=request).status] == [0, 0]


def test_whoever_goes_away_while_it_waits_is_in_nobodys_way(raw: FirestoreClient) -> None:
    name = f"{DATABASE}/documents/locked/gone"
    older = begin_and_read(raw, name)
    with pytest.raises(DeadlineExceeded):
        raw.commit(request={"database": DATABASE, "writes": [{"update": {"name": name}}]}, timeout=0.2, retry=None)
    begin_and_read(raw, name)
    raw.commit(request={"database": DATABASE, "transaction": older, "writes": [{"update": {"name": name}}]})


def test_a_database_is_pessimistic_until_it_says_otherwise(admin: FirestoreAdminClient, raw: FirestoreClient) -> None:
    name = "projects/demo-proj/databases/changing"
    seen = [admin.get_database(name=name).concurrency_mode]
    for mode in (Mode.OPTIMISTIC, Mode.PESSIMISTIC):
        change = {"database": {"name": name, "concurrency_mode": mode}, "update_mask": {"paths": ["concurrency_mode"]}}
        seen += [admin.update_database(request=change).result().concurrency_mode]
    assert seen == [Mode.PESSIMISTIC, Mode.OPTIMISTIC, Mode.PESSIMISTIC]


def test_a_database_keeps_its_mode_over_a_restart(launch: Callable[..., Service], tmp_path: Path) -> None:
    def connect() -> FirestoreAdminClient:
        from google.cloud.firestore_admin_v1.services.firestore_admin.transports import FirestoreAdminGrpcTransport

        address = launch(start, state=tmp_path).address
        return FirestoreAdminClient(transport=FirestoreAdminGrpcTransport(channel=grpc.insecure_channel(address)))

    name = "projects/demo-proj/databases/kept"
    resource = {"concurrency_mode": Mode.OPTIMISTIC}
    connect().create_database(parent="projects/demo-proj", database_id="kept", database=resource)
    assert connect().get_database(name=name).concurrency_mode == Mode.OPTIMISTIC


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda admin: admin.get_database(name="projects/p"), InvalidArgument),
        (
            lambda admin: admin.create_database(
                parent="projects/p", database_id="d", database={"concurrency_mode": Mode.OPTIMISTIC_WITH_ENTITY_GROUPS}
            ),
            InvalidArgument,
        ),
        (
            lambda admin: admin.update_database(
                database={"name": "projects/p/databases/d"}, update_mask={"paths": ["delete_protection_state"]}
            ),
            MethodNotImplemented,
        ),
        (
            lambda admin: [
                admin.create_database(parent="projects/p", database_id="twice", database={}) for _ in range(2)
            ],
            AlreadyExists,
        ),
    ],
    ids=["no database", "a mode of another kind of database", "another field", "created twice"],
)
def test_what_a_database_cannot_be_is_refused(
    admin: FirestoreAdminClient, call: Any, error: type[GoogleAPICallError]
) -> None:
    with pytest.raises(error):
        call(admin)


def test_stopping_while_somebody_waits_leaves_nothing_behind(tmp_path: Path) -> None:
    from laptop.hosting import Hosting

    async def run() -> None:
        service = await start(Hosting(state=tmp_path))
        async with grpc.aio.insecure_channel(service.address) as channel:
            from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
            from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport

            raw = FirestoreAsyncClient(transport=FirestoreGrpcAsyncIOTransport(channel=channel))
            name = f"{DATABASE}/documents/locked/one"
            begun = (await raw.begin_transaction(database=DATABASE)).transaction
            request = {"database": DATABASE, "documents": [name], "transaction": begun}
            assert [one.missing async for one in await raw.batch_get_documents(request=request)] == [name]
            writes = [{"update": {"name": name}}]
            waiting = asyncio.create_task(raw.commit(request={"database": DATABASE, "writes": writes}, retry=None))
            await asyncio.sleep(0.1)
            await service.stop()
            with pytest.raises(GoogleAPICallError):
                await waiting

    asyncio.run(run())

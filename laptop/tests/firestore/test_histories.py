"""Transactions are serializable: a random history of them is run again one after the other, and every read must agree."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from laptop.tests.firestore.conftest import in_transaction
from laptop.tests.firestore.histories import Recorded, Row, find_violation

NAMES, GROUPS, THREADS, EACH = tuple("abcdef"), (0, 1, 2), 6, 20


def test_a_random_history_of_transactions_has_a_serial_order(either: firestore.Client) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        lanes = pool.map(lambda lane: run_lane(either, "history", lane), range(THREADS))
        history = [one for lane in lanes for one in lane]
    assert len(history) == THREADS * EACH
    assert sum(bool(one.groups or one.counts) for one in history) > THREADS * EACH / 3
    assert find_violation(history, read_all(either, "history")) == ""


def run_lane(client: firestore.Client, collection: str, lane: int) -> list[Recorded]:
    dice = random.Random(f"history {lane}")
    return [run_one(client.collection(collection), dice, lane * 1000 + number) for number in range(EACH)]


def run_one(collection: firestore.CollectionReference, dice: random.Random, stamp: int) -> Recorded:
    """One transaction: a few reads, queries and counts, then writes; drawn before it runs, so that a retry does the same."""
    seen = dice.sample(NAMES, dice.randint(0, 2))
    listed, counted = dice.sample(GROUPS, dice.randint(0, 1)), dice.sample(GROUPS, dice.randint(0, 1))
    changes = {name: dice.choice([*GROUPS, None]) for name in dice.sample(NAMES, dice.randint(0, 2))}
    client, began = collection._client, time.monotonic()
    made: list[Recorded] = []

    def work(transaction: firestore.Transaction) -> Any:
        made[:] = [look(collection, transaction, seen, listed, counted)]
        for name, group in changes.items():
            made[0].writes[name] = None if group is None else (group, stamp)
            if group is None:
                transaction.delete(collection.document(name))
            else:
                transaction.set(collection.document(name), {"group": group, "stamp": stamp})
        return transaction

    transaction = in_transaction(client, work, max_attempts=100, read_only=not changes)
    one = made[0]
    one.began, one.ended = began, time.monotonic()
    if changes:
        one.at = transaction.commit_time.timestamp()
    return one


def look(
    collection: firestore.CollectionReference, transaction: Any, seen: list[str], listed: list[int], counted: list[int]
) -> Recorded:
    one = Recorded(at=0.0)
    for name in seen:
        found = collection.document(name).get(transaction=transaction)
        one.reads[name] = row_of(found) if found.exists else None
        one.at = max(one.at, found.read_time.timestamp())
    for group in listed:
        wanted = collection.where(filter=FieldFilter("group", "==", group))
        one.groups[group] = {found.id: row_of(found) for found in wanted.stream(transaction=transaction)}
    for group in counted:
        total = collection.where(filter=FieldFilter("group", "==", group)).count().get(transaction=transaction)
        one.counts[group] = int(total[0][0].value)
        one.at = max(one.at, total[0][0].read_time.timestamp())
    if not one.at:
        # A query that found nothing reports no read time: ask a document that is never there.
        one.at = collection.document("none").get(transaction=transaction).read_time.timestamp()
    return one


def row_of(found: Any) -> Row:
    return (found.get("group"), found.get("stamp"))


def read_all(client: firestore.Client, collection: str) -> dict[str, Row]:
    return {found.id: row_of(found) for found in client.collection(collection).stream()}


def test_the_same_work_without_transactions_is_caught(client: firestore.Client) -> None:
    """Two that read before either writes: the checker must see it, or its silence above proves nothing."""
    collection = client.collection("careless")
    collection.document("a").set({"group": 0, "stamp": 1})
    history = [Recorded(at=0.0, writes={"a": (0, 1)})]
    looks = [look(collection, None, ["a"], [0], []) for _ in range(2)]
    for number, one in enumerate(looks, 2):
        written = collection.document("a").set({"group": 0, "stamp": number})
        one.at, one.writes, one.ended = written.update_time.timestamp(), {"a": (0, number)}, 1.0
    assert "read a as (0, 1), which was (0, 2)" in find_violation([*history, *looks], read_all(client, "careless"))


@pytest.mark.parametrize(
    ("history", "last", "said"),
    [
        ([Recorded(at=1, writes={"a": (0, 1)}), Recorded(at=2, reads={"a": None})], {"a": (0, 1)}, "read a as None"),
        ([Recorded(at=1, reads={"a": None, "b": None}, writes={"a": (0, 1)}),
          Recorded(at=2, reads={"a": None, "b": None}, writes={"b": (0, 2)})], {"a": (0, 1), "b": (0, 2)}, "read a"),
        ([Recorded(at=1, groups={0: {}}, writes={"a": (0, 1)}), Recorded(at=2, groups={0: {}}, writes={"b": (0, 2)})],
         {"a": (0, 1), "b": (0, 2)}, "in group 0"),
        ([Recorded(at=1, writes={"a": (1, 1)}), Recorded(at=2, counts={1: 0})], {"a": (1, 1)}, "counted 0"),
        ([Recorded(at=1, writes={"a": (0, 1)})], {}, "in the end"),
        ([Recorded(at=1, began=5, ended=6), Recorded(at=2, began=1, ended=2)], {}, "ended before"),
    ],
    ids=["stale read", "write skew", "phantom", "phantom count", "lost write", "against real time"],
)  # fmt: skip
def test_each_anomaly_is_caught(history: list[Recorded], last: dict[str, Row], said: str) -> None:
    assert said in find_violation(history, last)


def test_a_group_never_holds_more_than_it_may_however_many_insert_at_once(either: firestore.Client) -> None:
    """The classic phantom: count, then insert if there is room."""
    collection, most = either.collection("seats"), 5

    def sit(transaction: firestore.Transaction, who: int) -> bool:
        taken = list(collection.where(filter=FieldFilter("room", "==", 1)).stream(transaction=transaction))
        if len(taken) >= most:
            return False
        transaction.create(collection.document(f"{who:02d}"), {"room": 1})
        return True

    with ThreadPoolExecutor(8) as pool:
        seated = list(
            pool.map(lambda who: in_transaction(either, lambda one: sit(one, who), max_attempts=100), range(16))
        )
    assert sum(seated) == most == len(list(collection.stream()))


def test_two_on_call_never_both_leave(either: firestore.Client) -> None:
    """Write skew: each may leave while the other stays."""
    for attempt in range(10):
        both = [either.document(f"doctors{attempt}/{name}") for name in ("x", "y")]
        for one in both:
            one.set({"on": True})

        def leave(me: int, transaction: firestore.Transaction, both: list[Any] = both) -> None:
            on = [one.get(transaction=transaction).get("on") for one in both]
            if all(on):
                transaction.update(both[me], {"on": False})

        with ThreadPoolExecutor(2) as pool:
            list(
                pool.map(lambda work: in_transaction(either, work, max_attempts=20), map(partial, [leave] * 2, (0, 1)))
            )
        assert [one.get().get("on") for one in both].count(True) == 1

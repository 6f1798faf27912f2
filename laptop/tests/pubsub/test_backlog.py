"""One subscription's backlog by a clock of its own: leases, retries, order, dead letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.pubsub_v1.types import DeadLetterPolicy, PubsubMessage, RetryPolicy, Subscription

from laptop.pubsub.backlog import Backlog, Delivery
from laptop.pubsub.store import MessageStore

NAME = "projects/p/subscriptions/s"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Bench:
    """A backlog, its store and its clock."""

    def __init__(self, store: MessageStore, **settings: Any) -> None:
        self.store, self.clock, self.number = store, Clock(), 0
        self.backlog = Backlog(Subscription(name=NAME, **settings), store, self.clock)

    def add(self, *keys: str) -> None:
        """Messages 1, 2, 3 ... with these ordering keys."""
        for key in keys:
            self.number += 1
            message = PubsubMessage(data=str(self.number).encode(), ordering_key=key)
            self.store.add_message(self.number, "t", PubsubMessage.serialize(message), self.clock())
            self.store.add_delivery(NAME, self.number)
            self.backlog.add(Delivery(self.number, message, self.clock()))

    def lease(self, limit: int = 100) -> dict[int, str]:
        """Numbers to ack ids, in the order of their delivery."""
        return {delivery.number: delivery.ack_id for delivery in self.backlog.lease(limit)}

    def wait(self, seconds: float) -> list[int]:
        """Let time pass; the numbers of those that were tried too often."""
        self.clock.seconds += seconds
        return [delivery.number for delivery in self.backlog.expire()]

    def nack(self, ack_id: str) -> list[int]:
        _, exhausted = self.backlog.modify([ack_id], 0)
        return [delivery.number for delivery in exhausted]

    def left(self) -> list[int]:
        return [number for number, *_ in self.store.deliveries(NAME, acked=False)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MessageStore]:
    opened = MessageStore(tmp_path)
    yield opened
    opened.close()


def retry(least: float, most: float) -> RetryPolicy:
    return RetryPolicy(minimum_backoff=dt.timedelta(seconds=least), maximum_backoff=dt.timedelta(seconds=most))


def test_messages_are_leased_once_and_in_the_order_of_their_publishing(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("", "", "")
    assert list(bench.lease(2)) == [1, 2]
    assert list(bench.lease()) == [3]
    assert bench.lease() == {}


def test_an_acknowledged_message_is_gone_for_good(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("", "")
    leased = bench.lease()
    assert bench.backlog.ack([leased[1]]) == []
    assert bench.left() == [2]
    bench.wait(10)
    assert list(bench.lease()) == [2]


def test_a_retained_message_stays_in_the_store_as_acknowledged(store: MessageStore) -> None:
    bench = Bench(store, retain_acked_messages=True)
    bench.add("")
    bench.backlog.ack(bench.lease().values())
    assert bench.left() == []
    assert [number for number, *_ in store.deliveries(NAME, acked=True)] == [1]


@pytest.mark.parametrize(("settings", "seconds"), [({}, 10), ({"ack_deadline_seconds": 30}, 30)])
def test_a_lease_runs_out_after_the_deadline_and_not_before(store: MessageStore, settings: Any, seconds: int) -> None:
    bench = Bench(store, **settings)
    bench.add("")
    first = bench.lease()[1]
    bench.wait(seconds - 0.1)
    assert bench.lease() == {}
    assert bench.backlog.holds(first)
    bench.wait(0.1)
    assert not bench.backlog.holds(first)
    assert list(bench.lease()) == [1]


def test_a_stream_brings_its_own_deadline(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("")
    bench.backlog.lease(1, 60)
    bench.wait(59)
    assert bench.lease() == {}
    bench.wait(1)
    assert list(bench.lease()) == [1]


def test_an_old_ack_id_is_stale_once_the_message_was_delivered_again(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("")
    first = bench.lease()[1]
    bench.wait(10)
    second = bench.lease()[1]
    assert bench.backlog.ack([first]) == [first]
    assert bench.left() == [1]
    assert bench.backlog.ack([second]) == []
    assert bench.left() == []


def test_acknowledging_twice_reports_the_second_as_stale(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("")
    (ack_id,) = bench.lease().values()
    assert bench.backlog.ack([ack_id]) == []
    assert bench.backlog.ack([ack_id, "nonsense"]) == [ack_id, "nonsense"]


def test_an_extended_lease_runs_from_now(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("")
    (ack_id,) = bench.lease().values()
    bench.wait(9)
    assert bench.backlog.modify([ack_id, "nonsense"], 20) == (["nonsense"], [])
    bench.wait(19)
    assert bench.backlog.holds(ack_id)
    bench.wait(1)
    assert not bench.backlog.holds(ack_id)


def test_a_nack_without_a_policy_brings_it_back_at_once(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("", "")
    assert bench.nack(bench.lease(1)[1]) == []
    assert list(bench.lease()) == [1, 2]


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        (retry(10, 60), [10, 20, 40, 60, 60]),
        (retry(1, 600), [1, 2, 4, 8, 16]),
        (retry(5, 5), [5, 5, 5, 5, 5]),
        (RetryPolicy(), [10, 20, 40, 80, 160]),
        (RetryPolicy(maximum_backoff=dt.timedelta(seconds=15)), [10, 15, 15, 15, 15]),
    ],
)
def test_a_retry_policy_waits_longer_each_time_up_to_its_most(
    store: MessageStore, policy: RetryPolicy, waits: list[int]
) -> None:
    bench = Bench(store, retry_policy=policy)
    bench.add("")
    for seconds in waits:
        bench.nack(bench.lease()[1])
        bench.wait(seconds - 0.01)
        assert bench.lease() == {}
        bench.wait(0.01)
    assert list(bench.lease()) == [1]


def test_a_policy_holds_for_leases_that_run_out_too(store: MessageStore) -> None:
    bench = Bench(store, retry_policy=retry(100, 600))
    bench.add("")
    bench.lease()
    bench.wait(10)
    bench.wait(99)
    assert bench.lease() == {}
    bench.wait(1)
    assert list(bench.lease()) == [1]


def test_a_message_that_waits_for_its_retry_holds_no_other_back(store: MessageStore) -> None:
    bench = Bench(store, retry_policy=retry(100, 600))
    bench.add("", "")
    bench.nack(bench.lease(1)[1])
    assert list(bench.lease()) == [2]


@pytest.mark.parametrize("attempts", [5, 7])
def test_the_last_attempt_makes_it_a_dead_letter(store: MessageStore, attempts: int) -> None:
    bench = Bench(store, dead_letter_policy=DeadLetterPolicy(dead_letter_topic="dead", max_delivery_attempts=attempts))
    bench.add("")
    for number in range(1, attempts):
        assert bench.nack(bench.lease()[1]) == [], number
    assert bench.nack(bench.lease()[1]) == [1]
    assert bench.lease() == {}


def test_attempts_are_five_where_the_policy_names_none(store: MessageStore) -> None:
    bench = Bench(store, dead_letter_policy=DeadLetterPolicy(dead_letter_topic="dead"))
    bench.add("")
    assert [bench.nack(bench.lease()[1]) for _ in range(5)] == [[], [], [], [], [1]]


def test_leases_that_run_out_count_as_attempts(store: MessageStore) -> None:
    bench = Bench(store, dead_letter_policy=DeadLetterPolicy(dead_letter_topic="dead", max_delivery_attempts=5))
    bench.add("")
    ends = []
    for _ in range(5):
        bench.lease()
        ends.append(bench.wait(10))
    assert ends == [[], [], [], [], [1]]


def test_attempts_survive_a_restart_where_they_count(store: MessageStore) -> None:
    bench = Bench(store, dead_letter_policy=DeadLetterPolicy(dead_letter_topic="dead"))
    bench.add("")
    for _ in range(3):
        bench.nack(bench.lease()[1])
    bench.backlog.reload()
    assert bench.backlog.lease(1)[0].attempts == 4


def test_a_dead_letter_is_forgotten_once_it_is_published_elsewhere(store: MessageStore) -> None:
    bench = Bench(store, dead_letter_policy=DeadLetterPolicy(dead_letter_topic="dead"), retain_acked_messages=True)
    bench.add("")
    delivery = bench.backlog.lease(1)[0]
    bench.backlog.forget(delivery)
    assert (bench.left(), store.deliveries(NAME, acked=True)) == ([], [])


def test_a_nack_in_an_ordered_subscription_brings_the_later_ones_of_the_key_back_too(store: MessageStore) -> None:
    bench = Bench(store, enable_message_ordering=True)
    bench.add("k", "other", "k", "k")
    leased = bench.lease(3)
    assert bench.nack(leased[1]) == []
    assert not bench.backlog.holds(leased[3])
    assert bench.backlog.holds(leased[2])
    assert list(bench.lease()) == [1, 3, 4]


def test_an_acknowledged_message_of_the_key_does_not_come_back(store: MessageStore) -> None:
    bench = Bench(store, enable_message_ordering=True)
    bench.add("k", "k", "k")
    leased = bench.lease()
    bench.backlog.ack([leased[1]])
    bench.nack(leased[2])
    assert list(bench.lease()) == [2, 3]


def test_a_key_waits_for_its_earlier_messages_retry(store: MessageStore) -> None:
    bench = Bench(store, enable_message_ordering=True, retry_policy=retry(10, 60))
    bench.add("k", "k")
    bench.nack(bench.lease(1)[1])
    bench.add("k", "other")
    assert list(bench.lease()) == [4]
    bench.wait(10)
    assert list(bench.lease()) == [1, 2, 3]


def test_without_ordering_a_key_means_nothing(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("k", "k")
    leased = bench.lease()
    bench.nack(leased[1])
    assert bench.backlog.holds(leased[2])


@pytest.mark.parametrize(("settings", "days"), [({}, 7), ({"message_retention_duration": dt.timedelta(days=2)}, 2)])
def test_a_message_is_kept_as_long_as_the_subscription_says(store: MessageStore, settings: Any, days: int) -> None:
    bench = Bench(store, **settings)
    bench.add("")
    bench.wait(days * 86400)
    bench.add("")
    assert list(bench.lease(1)) == [1]
    bench.wait(10.1)
    assert list(bench.lease()) == [2]
    assert bench.left() == [2]


def test_what_is_not_acknowledged_is_there_after_a_restart(store: MessageStore) -> None:
    bench = Bench(store)
    bench.add("", "", "")
    leased = bench.lease(2)
    bench.backlog.ack([leased[1]])
    bench.backlog.reload()
    assert not bench.backlog.holds(leased[2])
    assert list(bench.lease()) == [2, 3]

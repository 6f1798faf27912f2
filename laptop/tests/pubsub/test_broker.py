"""Topics, subscriptions, dead letters, seek and snapshots, in process and by a clock of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import DeadLetterPolicy, PubsubMessage, RetryPolicy, Subscription, Topic

from laptop.pubsub.broker import DELETED, Broker
from laptop.pubsub.seeking import Seeker
from laptop.pubsub.store import MessageStore
from laptop.rpc import RpcError

DAY = 86400.0


class Bench:
    def __init__(self, folder: Path) -> None:
        self.store = MessageStore(folder)
        self.seconds = 1_700_000_000.0
        self.broker = Broker(self.store, lambda: self.seconds)
        self.seeker = Seeker(self.broker, self.store, lambda: self.seconds)

    def topic(self, name: str = "t", **settings: Any) -> str:
        return str(self.broker.create_topic(Topic(name=f"projects/p/topics/{name}", **settings)).name)

    def subscription(self, topic: str, name: str = "s", **settings: Any) -> str:
        full = f"projects/p/subscriptions/{name}"
        return str(self.broker.create_subscription(Subscription(name=full, topic=topic, **settings)).name)

    def publish(self, topic: str, *texts: str, **attributes: str) -> list[str]:
        return self.broker.publish(topic, [PubsubMessage(data=text.encode(), attributes=attributes) for text in texts])

    def pull(self, subscription: str, *, ack: bool = False) -> list[str]:
        leased = self.broker.backlog(subscription).lease(100)
        if ack:
            self.broker.backlog(subscription).ack([delivery.ack_id for delivery in leased])
        return [delivery.message.data.decode() for delivery in leased]

    def refuse(self, action: Any) -> grpc.StatusCode:
        with pytest.raises(RpcError) as caught:
            action()
        return caught.value.code


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def test_every_subscription_receives_every_message_it_wants(bench: Bench) -> None:
    topic = bench.topic()
    whole, part = bench.subscription(topic, "whole"), bench.subscription(topic, "part", filter='attributes.kind = "b"')
    bench.publish(topic, "1", kind="a")
    bench.publish(topic, "2", kind="b")
    assert (bench.pull(whole), bench.pull(part)) == (["1", "2"], ["2"])


def test_a_message_published_before_the_subscription_is_not_delivered(bench: Bench) -> None:
    topic = bench.topic()
    bench.publish(topic, "early")
    subscription = bench.subscription(topic)
    bench.publish(topic, "late")
    assert bench.pull(subscription) == ["late"]


def test_message_ids_are_unique_and_grow(bench: Bench) -> None:
    topic = bench.topic()
    ids = bench.publish(topic, "1", "2") + bench.publish(topic, "3")
    assert sorted(set(map(int, ids))) == list(map(int, ids))


def test_message_ids_go_on_after_a_restart(bench: Bench) -> None:
    topic = bench.topic()
    last = int(bench.publish(topic, "1")[0])
    again = Broker(bench.store, lambda: bench.seconds)
    assert int(again.publish(topic, [PubsubMessage(data=b"2")])[0]) > last


def test_a_detached_subscription_receives_nothing_more(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.broker.backlog(subscription).subscription.detached = True
    bench.publish(topic, "1")
    assert bench.pull(subscription) == []


def test_names_are_taken_once_and_must_exist(bench: Bench) -> None:
    topic = bench.topic()
    bench.subscription(topic)
    assert bench.refuse(bench.topic) == grpc.StatusCode.ALREADY_EXISTS
    assert bench.refuse(lambda: bench.subscription(topic)) == grpc.StatusCode.ALREADY_EXISTS
    assert bench.refuse(lambda: bench.subscription("projects/p/topics/none", "x")) == grpc.StatusCode.NOT_FOUND
    assert bench.refuse(lambda: bench.publish("projects/p/topics/none", "x")) == grpc.StatusCode.NOT_FOUND
    assert bench.refuse(lambda: bench.broker.delete_topic("projects/p/topics/none")) == grpc.StatusCode.NOT_FOUND
    assert (
        bench.refuse(lambda: bench.broker.delete_subscription("projects/p/subscriptions/none"))
        == grpc.StatusCode.NOT_FOUND
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"filter": "nonsense"},
        {"ack_deadline_seconds": 5},
        {"message_retention_duration": dt.timedelta(seconds=1)},
        {"retry_policy": RetryPolicy(maximum_backoff=dt.timedelta(seconds=1000))},
    ],
)
def test_a_subscription_out_of_range_is_refused_and_not_made(bench: Bench, settings: dict[str, Any]) -> None:
    topic = bench.topic()
    assert bench.refuse(lambda: bench.subscription(topic, **settings)) == grpc.StatusCode.INVALID_ARGUMENT
    assert bench.broker.backlogs == {}


def test_a_dead_letter_topic_must_be_there(bench: Bench) -> None:
    policy = DeadLetterPolicy(dead_letter_topic="projects/p/topics/none")
    topic = bench.topic()
    assert bench.refuse(lambda: bench.subscription(topic, dead_letter_policy=policy)) == grpc.StatusCode.NOT_FOUND


def test_defaults_are_those_of_the_reference(bench: Bench) -> None:
    made = bench.broker.backlog(bench.subscription(bench.topic())).subscription
    assert (made.ack_deadline_seconds, made.message_retention_duration) == (10, dt.timedelta(days=7))
    assert made.state == Subscription.State.ACTIVE


def test_a_deleted_topic_leaves_its_subscriptions_with_their_backlog(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1")
    bench.broker.delete_topic(topic)
    assert bench.broker.backlog(subscription).subscription.topic == DELETED
    assert bench.pull(subscription) == ["1"]
    bench.topic()
    bench.publish(topic, "2")
    assert bench.pull(subscription) == []


def test_a_deleted_subscription_made_again_is_empty(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1")
    bench.broker.delete_subscription(subscription)
    assert bench.pull(bench.subscription(topic)) == []


def update(bench: Bench, name: str, *paths: str, **changes: Any) -> Subscription:
    return bench.broker.update_subscription(Subscription(name=name, **changes), FieldMask(paths=paths))


def test_an_update_changes_what_its_mask_names_and_nothing_else(bench: Bench) -> None:
    subscription = bench.subscription(bench.topic(), labels={"a": "b"})
    changed = update(bench, subscription, "ack_deadline_seconds", ack_deadline_seconds=30, labels={"c": "d"})
    assert (changed.ack_deadline_seconds, dict(changed.labels)) == (30, {"a": "b"})
    assert bench.broker.backlog(subscription).subscription.ack_deadline_seconds == 30


@pytest.mark.parametrize("path", ["name", "topic", "filter", "enable_message_ordering", "nonsense"])
def test_an_update_of_what_cannot_change_is_refused(bench: Bench, path: str) -> None:
    subscription = bench.subscription(bench.topic())
    assert bench.refuse(lambda: update(bench, subscription, path)) == grpc.StatusCode.INVALID_ARGUMENT


def test_an_update_needs_a_mask_and_numbers_in_range(bench: Bench) -> None:
    subscription = bench.subscription(bench.topic())
    assert bench.refuse(lambda: update(bench, subscription)) == grpc.StatusCode.INVALID_ARGUMENT
    wrong = {"ack_deadline_seconds": 5}
    assert (
        bench.refuse(lambda: update(bench, subscription, "ack_deadline_seconds", **wrong))
        == grpc.StatusCode.INVALID_ARGUMENT
    )
    assert bench.broker.backlog(subscription).subscription.ack_deadline_seconds == 10


def test_a_dead_letter_names_where_it_came_from(bench: Bench) -> None:
    dead, topic = bench.topic("dead"), bench.topic()
    letters = bench.subscription(dead, "letters")
    policy = DeadLetterPolicy(dead_letter_topic=dead, max_delivery_attempts=5)
    subscription = bench.subscription(topic, dead_letter_policy=policy)
    bench.publish(topic, "bad", kind="k")
    backlog = bench.broker.backlog(subscription)
    for _ in range(5):
        (delivery,) = backlog.lease(1)
        bench.broker.dead_letter(backlog, backlog.give_back(delivery))
    (letter,) = bench.broker.backlog(letters).lease(10)
    attributes = dict(letter.message.attributes)
    assert letter.message.data == b"bad"
    assert attributes["kind"] == "k"
    assert attributes["CloudPubSubDeadLetterSourceSubscription"] == "s"
    assert attributes["CloudPubSubDeadLetterSourceSubscriptionProject"] == "p"
    assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert attributes["CloudPubSubDeadLetterSourceTopicPublishTime"] == "2023-11-14T22:13:20Z"
    assert bench.pull(subscription) == []


def test_a_seek_to_the_past_brings_retained_messages_back(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic, retain_acked_messages=True)
    bench.publish(topic, "1")
    bench.seconds += 10
    bench.publish(topic, "2")
    assert bench.pull(subscription, ack=True) == ["1", "2"]
    bench.seeker.seek_time(subscription, bench.seconds - 5)
    assert bench.pull(subscription) == ["2"]
    bench.seeker.seek_time(subscription, 0)
    assert bench.pull(subscription) == ["1", "2"]


def test_a_seek_to_the_future_acknowledges_everything(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1", "2")
    bench.seeker.seek_time(subscription, bench.seconds + 1)
    assert bench.pull(subscription) == []


def test_a_seek_ends_the_leases_under_way(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1")
    (delivery,) = bench.broker.backlog(subscription).lease(1)
    bench.seeker.seek_time(subscription, 0)
    assert bench.broker.backlog(subscription).ack([delivery.ack_id]) == [delivery.ack_id]
    assert bench.pull(subscription) == ["1"]


def test_what_nobody_retained_does_not_come_back(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1")
    bench.pull(subscription, ack=True)
    bench.seeker.seek_time(subscription, 0)
    assert bench.pull(subscription) == []


def test_a_topic_retains_for_all_its_subscriptions_as_long_as_it_says(bench: Bench) -> None:
    topic = bench.topic(message_retention_duration=dt.timedelta(days=1))
    bench.publish(topic, "too old")
    bench.seconds += DAY + 1
    bench.publish(topic, "kept", kind="a")
    bench.publish(topic, "unwanted", kind="b")
    subscription = bench.subscription(topic, filter='attributes.kind != "b"')
    bench.seeker.seek_time(subscription, 0)
    assert bench.pull(subscription) == ["kept"]


def test_a_seek_still_works_when_the_topic_is_gone(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic, retain_acked_messages=True)
    bench.publish(topic, "1")
    bench.pull(subscription, ack=True)
    bench.broker.delete_topic(topic)
    bench.seeker.seek_time(subscription, bench.seconds - 1)
    assert bench.pull(subscription) == ["1"]


def test_a_snapshot_brings_back_what_was_pending_and_what_came_later(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "done")
    bench.pull(subscription, ack=True)
    bench.publish(topic, "pending")
    bench.seeker.create_snapshot("projects/p/snapshots/x", subscription, {})
    bench.publish(topic, "later")
    assert bench.pull(subscription, ack=True) == ["pending", "later"]
    bench.seeker.seek_snapshot(subscription, "projects/p/snapshots/x")
    assert bench.pull(subscription) == ["pending", "later"]


def test_a_snapshot_takes_back_what_was_acknowledged_when_it_was_made(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic, retain_acked_messages=True)
    bench.publish(topic, "done")
    bench.pull(subscription, ack=True)
    bench.seeker.create_snapshot("projects/p/snapshots/x", subscription, {})
    bench.seeker.seek_time(subscription, 0)
    bench.seeker.seek_snapshot(subscription, "projects/p/snapshots/x")
    assert bench.pull(subscription) == []


def test_a_snapshot_may_move_another_subscription_of_the_topic_with_its_own_filter(bench: Bench) -> None:
    topic = bench.topic()
    first = bench.subscription(topic, "first")
    bench.seeker.create_snapshot("projects/p/snapshots/x", first, {})
    bench.publish(topic, "a", kind="a")
    bench.publish(topic, "b", kind="b")
    second = bench.subscription(topic, "second", filter='attributes.kind = "b"')
    bench.seeker.seek_snapshot(second, "projects/p/snapshots/x")
    assert bench.pull(second) == ["b"]


def test_a_snapshot_of_another_topic_is_refused(bench: Bench) -> None:
    bench.seeker.create_snapshot("projects/p/snapshots/x", bench.subscription(bench.topic()), {})
    other = bench.subscription(bench.topic("other"), "other")
    assert (
        bench.refuse(lambda: bench.seeker.seek_snapshot(other, "projects/p/snapshots/x"))
        == grpc.StatusCode.INVALID_ARGUMENT
    )
    assert (
        bench.refuse(lambda: bench.seeker.seek_snapshot(other, "projects/p/snapshots/none"))
        == grpc.StatusCode.NOT_FOUND
    )


def test_a_snapshot_has_its_own_name_labels_and_end(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1")
    bench.seconds += 3 * DAY
    made = bench.seeker.create_snapshot("projects/p/snapshots/x", subscription, {"team": "a"})
    assert (made.topic, dict(made.labels)) == (topic, {"team": "a"})
    assert made.expire_time.timestamp() == bench.seconds + 4 * DAY
    again = lambda: bench.seeker.create_snapshot("projects/p/snapshots/x", subscription, {})  # noqa: E731
    assert bench.refuse(again) == grpc.StatusCode.ALREADY_EXISTS


def test_a_snapshot_that_would_end_within_the_hour_is_refused(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1")
    bench.seconds += 7 * DAY - 3599
    make = lambda: bench.seeker.create_snapshot("projects/p/snapshots/x", subscription, {})  # noqa: E731
    assert bench.refuse(make) == grpc.StatusCode.FAILED_PRECONDITION
    bench.seconds -= 1
    assert make().name == "projects/p/snapshots/x"


def test_a_snapshot_survives_a_restart(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "1")
    bench.seeker.create_snapshot("projects/p/snapshots/x", subscription, {})
    bench.pull(subscription, ack=True)
    broker = Broker(bench.store, lambda: bench.seconds)
    Seeker(broker, bench.store, lambda: bench.seconds).seek_snapshot(subscription, "projects/p/snapshots/x")
    assert [delivery.message.data for delivery in broker.backlog(subscription).lease(10)] == [b"1"]


def test_messages_older_than_any_retention_are_gone_after_a_restart(bench: Bench) -> None:
    topic = bench.topic()
    subscription = bench.subscription(topic)
    bench.publish(topic, "old")
    bench.seconds += 31 * DAY + 1
    bench.publish(topic, "new")
    broker = Broker(bench.store, lambda: bench.seconds)
    assert [delivery.message.data for delivery in broker.backlog(subscription).lease(10)] == [b"new"]

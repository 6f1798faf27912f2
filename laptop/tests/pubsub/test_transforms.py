"""Single message transforms: JavaScript between a topic and its subscribers."""

from __future__ import annotations

import pytest
from google.api_core import exceptions
from google.protobuf.duration_pb2 import Duration

from laptop.tests.pubsub.conftest import PROJECT, Bus

SHOUT = """function shout(message, metadata) {
  message.data = message.data.toUpperCase();
  message.attributes.seen = metadata.ordering_key || "none";
  return message;
}"""
ONLY_EVEN = "function onlyEven(message) { return Number(message.data) % 2 === 0 ? message : null; }"
THROWS = "function throws() { throw new Error('as it must'); }"


def _udf(name: str, code: str) -> dict[str, object]:
    return {"javascript_udf": {"function_name": name, "code": code}}


def test_a_subscription_receives_what_its_transforms_return(bus: Bus) -> None:
    exclaim = _udf("exclaim", "const exclaim = (m) => ({...m, data: m.data + '!'});")
    topic, subscription = bus.make("shout", message_transforms=[_udf("shout", SHOUT), exclaim])
    bus.publish(topic, "größe".encode(), kept="yes")
    (received,) = bus.pull(subscription)
    assert received.message.data.decode() == "GRÖSSE!"
    assert dict(received.message.attributes) == {"kept": "yes", "seen": "none"}


def test_a_filtered_message_is_not_delivered_and_not_kept(bus: Bus) -> None:
    topic, subscription = bus.make("even", message_transforms=[_udf("onlyEven", ONLY_EVEN)])
    for number in range(4):
        bus.publish(topic, str(number).encode())
    received = bus.pull(subscription)
    assert sorted(one.message.data for one in received) == [b"0", b"2"]
    bus.subscriber.acknowledge(subscription=subscription, ack_ids=[one.ack_id for one in received])
    assert bus.pull(subscription) == []


def test_a_topics_transform_changes_what_every_subscription_receives(bus: Bus) -> None:
    topic, subscription = bus.make("topic-shout", {"message_transforms": [_udf("shout", SHOUT)]})
    bus.publish(topic, b"quiet")
    assert [one.message.data for one in bus.pull(subscription)] == [b"QUIET"]


def test_a_message_that_a_topic_filters_is_accepted_and_gone(bus: Bus) -> None:
    topic, subscription = bus.make("topic-even", {"message_transforms": [_udf("onlyEven", ONLY_EVEN)]})
    assert bus.publish(topic, b"1")
    bus.publish(topic, b"2")
    assert [one.message.data for one in bus.pull(subscription)] == [b"2"]


def test_a_message_whose_transform_fails_is_dead_lettered_in_the_end(bus: Bus) -> None:
    dead, kept = bus.make("throws-dead")
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    retry = {"minimum_backoff": Duration(), "maximum_backoff": Duration()}
    topic, subscription = bus.make(
        "throws", message_transforms=[_udf("throws", THROWS)], dead_letter_policy=policy, retry_policy=retry
    )
    bus.publish(topic, b"unlucky")
    dead: list[object] = []
    for _ in range(10):
        assert bus.pull(subscription) == []
        dead = dead or bus.pull(kept)
        if dead:
            break
    assert [one.message.data for one in dead] == [b"unlucky"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("broken", "function broken( {"),
        ("absent", "function other() {}"),
        ("a b", SHOUT),
        ("value", "const value = 3;"),
    ],
)
def test_code_without_its_function_is_refused(bus: Bus, name: str, code: str) -> None:
    topic, _ = bus.make(f"refused-{abs(hash(code))}-{len(name)}")
    with pytest.raises(exceptions.InvalidArgument):
        bus.subscriber.create_subscription(
            request={
                "name": f"{PROJECT}/subscriptions/refused",
                "topic": topic,
                "message_transforms": [_udf(name, code)],
            }
        )


def test_a_transform_that_never_ends_is_stopped_and_the_next_message_is_served(bus: Bus) -> None:
    code = "function spin(m) { while (m.data === 'spin') {} return m; }"
    topic, subscription = bus.make("spin", message_transforms=[_udf("spin", code)])
    bus.publish(topic, b"spin")
    bus.publish(topic, b"go on")
    seen: set[bytes] = set()
    for _ in range(10):
        seen |= {one.message.data for one in bus.pull(subscription)}
        if seen:
            break
    assert seen == {b"go on"}


def test_a_transform_cannot_reach_the_machine(bus: Bus) -> None:
    code = "function peek(m) { m.data = [typeof process, typeof require, typeof fetch].join(); return m; }"
    topic, subscription = bus.make("peek", message_transforms=[_udf("peek", code)])
    bus.publish(topic, b"x")
    assert [one.message.data for one in bus.pull(subscription)] == [b"undefined,undefined,undefined"]

"""The gRPC surface: what Google's clients send, and the status they get."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import SchemaView

from laptop.tests.pubsub.conftest import PROJECT, Bus

AVRO = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}'


def test_topics_are_listed_by_project_page_by_page(bus: Bus) -> None:
    names = [f"projects/listed/topics/t{number}" for number in range(5)]
    for name in [*names, "projects/listed2/topics/other"]:
        bus.publisher.create_topic(name=name)
    request = {"project": "projects/listed", "page_size": 2}
    first = next(bus.publisher.list_topics(request=request).pages)
    assert ([topic.name for topic in first.topics], first.next_page_token) == (names[:2], "2")
    assert [topic.name for topic in bus.publisher.list_topics(request=request)] == names


def test_subscriptions_are_listed_by_project_and_by_topic(bus: Bus) -> None:
    topic = bus.publisher.create_topic(name="projects/subs/topics/t").name
    names = [f"projects/subs/subscriptions/s{number}" for number in range(3)]
    for name in names:
        bus.subscriber.create_subscription(name=name, topic=topic)
    assert [found.name for found in bus.subscriber.list_subscriptions(project="projects/subs")] == names
    request = {"topic": topic, "page_size": 2}
    assert list(bus.publisher.list_topic_subscriptions(request=request)) == names


def test_a_page_token_that_is_none_is_refused(bus: Bus) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="page token"):
        list(bus.publisher.list_topics(request={"project": PROJECT, "page_token": "x"}))


@pytest.mark.parametrize(
    "call",
    [
        lambda bus: bus.publisher.get_topic(topic=f"{PROJECT}/topics/none"),
        lambda bus: bus.publisher.delete_topic(topic=f"{PROJECT}/topics/none"),
        lambda bus: list(bus.publisher.list_topic_subscriptions(topic=f"{PROJECT}/topics/none")),
        lambda bus: bus.subscriber.get_subscription(subscription=f"{PROJECT}/subscriptions/none"),
        lambda bus: bus.subscriber.delete_subscription(subscription=f"{PROJECT}/subscriptions/none"),
        lambda bus: bus.subscriber.pull(subscription=f"{PROJECT}/subscriptions/none", max_messages=1),
        lambda bus: bus.subscriber.acknowledge(subscription=f"{PROJECT}/subscriptions/none", ack_ids=["x"]),
        lambda bus: bus.subscriber.create_snapshot(
            name=f"{PROJECT}/snapshots/x", subscription=f"{PROJECT}/subscriptions/none"
        ),
        lambda bus: bus.publisher.detach_subscription(request={"subscription": f"{PROJECT}/subscriptions/none"}),
        lambda bus: bus.schemas.get_schema(name=f"{PROJECT}/schemas/none"),
    ],
)
def test_what_is_not_there_is_not_found(bus: Bus, call: Any) -> None:
    with pytest.raises(exceptions.NotFound):
        call(bus)


@pytest.mark.parametrize(
    "call",
    [
        lambda bus: bus.subscriber.get_snapshot(snapshot=f"{PROJECT}/snapshots/x", retry=None),
        lambda bus: list(bus.publisher.list_topic_snapshots(topic=f"{PROJECT}/topics/x", retry=None)),
        lambda bus: bus.subscriber.delete_snapshot(snapshot=f"{PROJECT}/snapshots/x", retry=None),
    ],
)
def test_a_method_nobody_serves_is_unimplemented(bus: Bus, call: Any) -> None:
    with pytest.raises(exceptions.MethodNotImplemented):
        call(bus)


def test_a_topic_is_updated_by_its_mask(bus: Bus) -> None:
    topic = bus.publisher.create_topic(request={"name": f"{PROJECT}/topics/updated", "labels": {"a": "b"}})
    wanted = {"name": topic.name, "labels": {"c": "d"}, "message_retention_duration": dt.timedelta(hours=1)}
    bus.publisher.update_topic(
        request={"topic": wanted, "update_mask": FieldMask(paths=["message_retention_duration"])}
    )
    found = bus.publisher.get_topic(topic=topic.name)
    assert (dict(found.labels), found.message_retention_duration) == ({"a": "b"}, dt.timedelta(hours=1))
    for paths in ([], ["nonsense"]):
        with pytest.raises(exceptions.InvalidArgument):
            bus.publisher.update_topic(request={"topic": wanted, "update_mask": FieldMask(paths=paths)})


def test_a_request_out_of_range_is_an_invalid_argument(bus: Bus) -> None:
    topic, subscription = bus.make("ranges")
    bus.publish(topic)
    (received,) = bus.pull(subscription)
    for call in (
        lambda: bus.publisher.publish(topic=topic, messages=[{}]),
        lambda: bus.publisher.publish(topic=topic, messages=[]),
        lambda: bus.publisher.publish(topic=topic, messages=[{"data": b"x", "attributes": {"k": "v" * 1025}}]),
        lambda: bus.subscriber.pull(subscription=subscription, max_messages=0),
        lambda: bus.subscriber.modify_ack_deadline(
            subscription=subscription, ack_ids=[received.ack_id], ack_deadline_seconds=601
        ),
        lambda: bus.make("short", ack_deadline_seconds=5),
    ):
        with pytest.raises(exceptions.InvalidArgument):
            call()


def test_a_message_comes_with_all_its_parts(bus: Bus) -> None:
    topic, subscription = bus.make("whole", enable_message_ordering=True)
    message = {"data": b"\x00\xff", "attributes": {"k": "é"}, "ordering_key": "o"}
    number = bus.publisher.publish(topic=topic, messages=[message]).message_ids[0]
    (received,) = bus.pull(subscription)
    found = received.message
    assert (found.data, dict(found.attributes), found.ordering_key, found.message_id) == (
        b"\x00\xff",
        {"k": "é"},
        "o",
        number,
    )
    assert abs(found.publish_time.timestamp() - dt.datetime.now(dt.UTC).timestamp()) < 60
    assert received.delivery_attempt == 0


def test_a_pull_returns_at_most_what_it_asks_for(bus: Bus) -> None:
    topic, subscription = bus.make("limited")
    bus.publisher.publish(topic=topic, messages=[{"data": b"x"}] * 5)
    assert [len(bus.pull(subscription, 2)) for _ in range(3)] == [2, 2, 1]


def test_a_delivery_attempt_is_counted_where_dead_letters_are(bus: Bus) -> None:
    dead, _ = bus.make("counted-dead")
    topic, subscription = bus.make(
        "counted", dead_letter_policy={"dead_letter_topic": dead, "max_delivery_attempts": 5}
    )
    bus.publish(topic)
    attempts = []
    for _ in range(3):
        (received,) = bus.pull(subscription)
        attempts.append(received.delivery_attempt)
        bus.subscriber.modify_ack_deadline(subscription=subscription, ack_ids=[received.ack_id], ack_deadline_seconds=0)
    assert attempts == [1, 2, 3]


def test_exactly_once_refuses_a_stale_ack_and_others_ignore_it(bus: Bus) -> None:
    once_topic, once = bus.make("once", enable_exactly_once_delivery=True)
    least_topic, least = bus.make("least")
    for topic, subscription in ((once_topic, once), (least_topic, least)):
        bus.publish(topic)
        (received,) = bus.pull(subscription)
        bus.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
        if subscription == least:
            bus.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
            continue
        with pytest.raises(exceptions.FailedPrecondition, match="PERMANENT_FAILURE_INVALID_ACK_ID"):
            bus.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
        with pytest.raises(exceptions.FailedPrecondition, match="PERMANENT_FAILURE_INVALID_ACK_ID"):
            bus.subscriber.modify_ack_deadline(
                subscription=subscription, ack_ids=[received.ack_id], ack_deadline_seconds=20
            )


def test_a_stream_confirms_acks_of_exactly_once(bus: Bus) -> None:
    topic, subscription = bus.make("confirmed", enable_exactly_once_delivery=True)
    bus.publish(topic)
    asked, done = threading.Event(), threading.Event()
    ack_ids: list[str] = []

    def requests() -> Iterator[dict[str, Any]]:
        yield {"subscription": subscription, "stream_ack_deadline_seconds": 60}
        asked.wait(20)
        yield {"ack_ids": [*ack_ids, "1:999:1"]}
        done.wait(20)

    for answer in bus.subscriber.streaming_pull(requests=requests(), timeout=20):
        assert not answer.subscription_properties or answer.subscription_properties.exactly_once_delivery_enabled
        ack_ids += [found.ack_id for found in answer.received_messages]
        if answer.received_messages:
            asked.set()
        if answer.acknowledge_confirmation.ack_ids:
            assert list(answer.acknowledge_confirmation.ack_ids) == ack_ids
            assert list(answer.acknowledge_confirmation.invalid_ack_ids) == ["1:999:1"]
            break
    done.set()


def test_seek_and_snapshots_over_the_wire(bus: Bus) -> None:
    topic, subscription = bus.make("sought", retain_acked_messages=True)
    bus.publish(topic, b"1")
    snapshot = bus.subscriber.create_snapshot(
        request={"name": f"{PROJECT}/snapshots/wire", "subscription": subscription, "labels": {"a": "b"}}
    )
    (received,) = bus.pull(subscription)
    bus.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
    bus.subscriber.seek(request={"subscription": subscription, "snapshot": snapshot.name})
    assert [found.message.data for found in bus.pull(subscription)] == [b"1"]
    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    bus.subscriber.seek(request={"subscription": subscription, "time": past})
    assert [found.message.data for found in bus.pull(subscription)] == [b"1"]
    assert (snapshot.topic, dict(snapshot.labels)) == (topic, {"a": "b"})


def test_a_detached_subscription_is_shown_as_such(bus: Bus) -> None:
    _, subscription = bus.make("detached")
    bus.publisher.detach_subscription(request={"subscription": subscription})
    assert bus.subscriber.get_subscription(subscription=subscription).detached


def test_schemas_are_listed_with_and_without_their_definition(bus: Bus) -> None:
    parent = "projects/schemas-listed"
    for name in ("one", "two"):
        bus.schemas.create_schema(parent=parent, schema_id=name, schema={"type_": "AVRO", "definition": AVRO})
    full = bus.schemas.list_schemas(request={"parent": parent, "view": SchemaView.FULL})
    basic = bus.schemas.list_schemas(request={"parent": parent, "view": SchemaView.BASIC})
    assert [(found.name.rsplit("/", 1)[1], found.definition) for found in full] == [("one", AVRO), ("two", AVRO)]
    assert [(found.name.rsplit("/", 1)[1], found.definition) for found in basic] == [("one", ""), ("two", "")]


def test_the_last_revision_of_a_schema_stays(bus: Bus) -> None:
    made = bus.schemas.create_schema(parent=PROJECT, schema_id="last", schema={"type_": "AVRO", "definition": AVRO})
    second = bus.schemas.commit_schema(name=made.name, schema={"type_": "AVRO", "definition": AVRO})
    kept = bus.schemas.delete_schema_revision(request={"name": f"{made.name}@{second.revision_id}"})
    assert kept.revision_id == made.revision_id
    with pytest.raises(exceptions.FailedPrecondition):
        bus.schemas.delete_schema_revision(request={"name": f"{made.name}@{made.revision_id}"})


def test_a_revision_keeps_its_schemas_type(bus: Bus) -> None:
    made = bus.schemas.create_schema(parent=PROJECT, schema_id="typed", schema={"type_": "AVRO", "definition": AVRO})
    proto = {"type_": "PROTOCOL_BUFFER", "definition": 'syntax = "proto3"; message R { string a = 1; }'}
    with pytest.raises(exceptions.InvalidArgument, match="type"):
        bus.schemas.commit_schema(name=made.name, schema=proto)

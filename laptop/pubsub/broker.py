"""Topics and subscriptions: publish fans out, exhausted messages go to dead letters."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import grpc
from google.protobuf import field_mask_pb2
from google.pubsub_v1.types import PubsubMessage, Subscription, Topic

from laptop.loops import DISK_ERRORS
from laptop.pubsub.backlog import Backlog, Delivery
from laptop.pubsub.filters import FilterError, compile_filter
from laptop.pubsub.limits import find_subscription_fault
from laptop.pubsub.store import MessageStore
from laptop.pubsub.times import rfc3339
from laptop.rpc import RpcError

DELETED = "_deleted-topic_"
_RETAINED_SECONDS = 31 * 86400


class Broker:
    """The state of Pub/Sub; every change is on disk before its method returns."""

    def __init__(self, store: MessageStore, now: Callable[[], float]) -> None:
        self._store, self._now = store, now
        self.topics: dict[str, Topic] = {}
        self.backlogs: dict[str, Backlog] = {}
        self.on_change: Callable[[str], None] = lambda _name: None
        self._next = store.next_message_id()
        store.prune(now() - _RETAINED_SECONDS)
        for body in store.resources("topic"):
            topic = Topic.deserialize(body)
            self.topics[topic.name] = topic
        for body in store.resources("subscription"):
            self._open(Subscription.deserialize(body))

    def _open(self, subscription: Subscription) -> Backlog:
        backlog = Backlog(subscription, self._store, self._now)
        backlog.reload()
        self.backlogs[subscription.name] = backlog
        return backlog

    def topic(self, name: str) -> Topic:
        if name not in self.topics:
            raise RpcError(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name.rsplit('/', 1)[-1]}).")
        return self.topics[name]

    def backlog(self, name: str) -> Backlog:
        if name not in self.backlogs:
            raise RpcError(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name.rsplit('/', 1)[-1]}).")
        return self.backlogs[name]

    def create_topic(self, topic: Topic) -> Topic:
        if topic.name in self.topics:
            raise RpcError(
                grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={topic.name})."
            )
        return self.put_topic(topic)

    def put_topic(self, topic: Topic) -> Topic:
        self._store.put_resource("topic", topic.name, Topic.serialize(topic))
        self.topics[topic.name] = topic
        return topic

    def delete_topic(self, name: str) -> None:
        self.topic(name)
        del self.topics[name]
        self._store.delete_resource("topic", name)
        for backlog in self.backlogs.values():
            if backlog.subscription.topic == name:
                backlog.subscription.topic = DELETED
                self.put_subscription(backlog.subscription)

    def create_subscription(self, subscription: Subscription) -> Subscription:
        if subscription.name in self.backlogs:
            raise RpcError(
                grpc.StatusCode.ALREADY_EXISTS,
                f"Resource already exists in the project (resource={subscription.name}).",
            )
        self.topic(subscription.topic)
        self._check(subscription)
        try:
            compile_filter(subscription.filter)
        except FilterError as error:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid filter: {error}") from error
        subscription.ack_deadline_seconds = subscription.ack_deadline_seconds or 10
        if not subscription.message_retention_duration:
            subscription.message_retention_duration = dt.timedelta(days=7)
        if subscription.bigquery_config.table:
            subscription.bigquery_config.state = 1  # type: ignore[assignment]
        if subscription.cloud_storage_config.bucket:
            subscription.cloud_storage_config.state = 1  # type: ignore[assignment]
        subscription.state = Subscription.State.ACTIVE  # type: ignore[assignment]
        self._store.put_resource("subscription", subscription.name, Subscription.serialize(subscription))
        self._open(subscription)
        self.on_change(subscription.name)
        return subscription

    def put_subscription(self, subscription: Subscription) -> Subscription:
        self._store.put_resource("subscription", subscription.name, Subscription.serialize(subscription))
        self.backlog(subscription.name).subscription = subscription
        self.on_change(subscription.name)
        return subscription

    def update_subscription(self, subscription: Subscription, mask: field_mask_pb2.FieldMask) -> Subscription:
        current = self.backlog(subscription.name).subscription
        fixed = [path for path in mask.paths if path in ("name", "topic", "filter", "enable_message_ordering")]
        if fixed:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"{', '.join(fixed)} cannot be changed")
        changed = merge_masked(current, subscription, mask.paths)
        self._check(changed)
        return self.put_subscription(changed)

    def _check(self, subscription: Subscription) -> None:
        """Raises INVALID_ARGUMENT for numbers out of range, NOT_FOUND for a dead-letter topic that is not there."""
        fault = find_subscription_fault(subscription)
        if fault:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, fault)
        if subscription.dead_letter_policy.dead_letter_topic:
            self.topic(subscription.dead_letter_policy.dead_letter_topic)

    def delete_subscription(self, name: str) -> None:
        self.backlog(name)
        del self.backlogs[name]
        self._store.delete_resource("subscription", name)
        self._store.drop_deliveries(name)
        self.on_change(name)

    def publish(self, topic: str, messages: Sequence[PubsubMessage]) -> list[str]:
        """Message ids; every one is on disk for every subscription that wants it."""
        self.topic(topic)
        now = self._now()
        fresh: list[tuple[Backlog, Delivery]] = []
        wanting = [b for b in self.backlogs.values() if b.subscription.topic == topic and not b.subscription.detached]
        with self._store.change():
            for message in messages:
                number, self._next = self._next, self._next + 1
                message.message_id = str(number)
                message.publish_time = dt.datetime.fromtimestamp(now, dt.UTC)  # type: ignore[assignment]
                attributes = dict(message.attributes)
                self._store.add_message(number, topic, PubsubMessage.serialize(message), now)
                for backlog in wanting:
                    if backlog.matches(attributes):
                        self._store.add_delivery(backlog.name, number)
                        fresh.append((backlog, Delivery(number, message, now)))
        for backlog, delivery in fresh:
            backlog.add(delivery)
        return [message.message_id for message in messages]

    def dead_letter(self, backlog: Backlog, exhausted: Sequence[Delivery]) -> None:
        """Forward what was tried too often to the dead-letter topic, with where it came from."""
        policy = backlog.subscription.dead_letter_policy
        for delivery in exhausted:
            project, _, name = backlog.name.split("/")[1:]
            origin = {
                "CloudPubSubDeadLetterSourceSubscription": name,
                "CloudPubSubDeadLetterSourceSubscriptionProject": project,
                "CloudPubSubDeadLetterSourceDeliveryCount": str(delivery.attempts),
                "CloudPubSubDeadLetterSourceTopicPublishTime": rfc3339(delivery.message.publish_time),
            }
            message = PubsubMessage(
                data=delivery.message.data,
                attributes={**dict(delivery.message.attributes), **origin},
                ordering_key=delivery.message.ordering_key,
            )
            try:
                self.publish(policy.dead_letter_topic, [message])
                backlog.forget(delivery)
            except RpcError:
                continue
            except DISK_ERRORS:
                backlog.add(delivery)
                raise

    async def watch_leases(self) -> None:
        """Bring expired leases and due retries back, for as long as the server runs."""
        while True:
            for backlog in list(self.backlogs.values()):
                self.dead_letter(backlog, backlog.expire())
            await asyncio.sleep(0.05)


def merge_masked(current: Any, wanted: Any, paths: Sequence[str]) -> Any:
    """A copy of a resource with the fields of an update mask. Raises INVALID_ARGUMENT for an empty or unknown one."""
    unknown = [path for path in paths if path not in type(current).meta.fields]
    if unknown or not paths:
        raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"update_mask names fields, not {unknown or 'nothing'}")
    merged = type(current).deserialize(type(current).serialize(current))
    for path in paths:
        setattr(merged, path, getattr(wanted, path))
    return merged


def names_page(values: Sequence[Any], request: Any) -> tuple[Sequence[Any], str]:
    """One page of a list by offset token."""
    if request.page_token and not request.page_token.isdecimal():
        raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid page token: {request.page_token!r}")
    start = int(request.page_token or 0)
    size = request.page_size or 100
    token = str(start + size) if len(values) > start + size else ""
    return values[start : start + size], token

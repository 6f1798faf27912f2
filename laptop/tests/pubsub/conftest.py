"""Pub/Sub on the laptop, and Google's clients on it."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest
from google.pubsub_v1 import PublisherClient, SchemaServiceClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from laptop.pubsub.server import start

PROJECT = "projects/demo-proj"


class Bus:
    """All clients on one address."""

    def __init__(self, address: str) -> None:
        channel = grpc.insecure_channel(address)
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self.schemas = SchemaServiceClient(transport=SchemaServiceGrpcTransport(channel=channel))

    def make(self, name: str, topic: dict[str, object] | None = None, **more: object) -> tuple[str, str]:
        """A topic and a subscription of that name; `topic` has the topic's own settings."""
        topic_name, subscription = f"{PROJECT}/topics/{name}", f"{PROJECT}/subscriptions/{name}"
        self.publisher.create_topic(request={"name": topic_name, **(topic or {})})
        self.subscriber.create_subscription(request={"name": subscription, "topic": topic_name, **more})
        return topic_name, subscription

    def publish(self, topic: str, data: bytes = b"x", **attributes: str) -> str:
        return self.publisher.publish(topic=topic, messages=[{"data": data, "attributes": attributes}]).message_ids[0]

    def pull(self, subscription: str, most: int = 10) -> list[object]:
        return list(self.subscriber.pull(subscription=subscription, max_messages=most).received_messages)


@pytest.fixture(scope="module")
def bus(launch: Callable[..., object]) -> Bus:
    return Bus(launch(start).address)

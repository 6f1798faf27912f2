"""Pub/Sub behind the Publisher port, and the place where poison goes."""

from __future__ import annotations

from collections.abc import Mapping

from google.pubsub_v1 import PublisherClient, PubsubMessage

from ripple.wire.events import Envelope


class PubsubPublisher:
    """Publishes one message a call and waits for it: a batching client would acknowledge before Pub/Sub has it."""

    def __init__(self, client: PublisherClient, topic: str, dead_letters: str) -> None:
        self._client = client
        self._topic = topic
        self._dead_letters = dead_letters

    def publish(self, envelope: Envelope) -> None:
        self._send(self._topic, envelope.body(), envelope.attributes())

    def publish_dead_letter(self, body: bytes, attributes: Mapping[str, str]) -> None:
        """Keep an event that can never work, with the reason, where people look for dead letters."""
        self._send(self._dead_letters, body, attributes)

    def send_back(self, topic: str, body: bytes, attributes: Mapping[str, str]) -> None:
        """Publish an event that died to the topic it came from; `topic` is a name in this project."""
        self._send(f"{self._topic.rpartition('/')[0]}/{topic}", body, attributes)

    def _send(self, topic: str, body: bytes, attributes: Mapping[str, str]) -> None:
        self._client.publish(topic=topic, messages=[PubsubMessage(data=body, attributes=dict(attributes))], timeout=30)

"""The Publisher service: topics, and publishing to them."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from google.pubsub_v1 import types as t

from laptop.pubsub.broker import Broker, merge_masked, names_page
from laptop.pubsub.limits import find_message_fault
from laptop.pubsub.schemas import Schemas
from laptop.pubsub.transforming import Transformer, TransformError
from laptop.rpc import RpcError

_EMPTY = empty_pb2.Empty


class PublisherRpc:
    def __init__(self, broker: Broker, schemas: Schemas, transformer: Transformer) -> None:
        self._broker, self._schemas, self._transformer = broker, schemas, transformer

    async def create_topic(self, request: t.Topic) -> t.Topic:
        await self._check(request)
        return self._broker.create_topic(request)

    async def _check(self, topic: t.Topic) -> None:
        """Raises what a topic is refused with whose schema is not there or whose transforms do not compile."""
        if topic.schema_settings.schema:
            self._schemas.get(topic.schema_settings.schema)
        await self._transformer.check(topic.message_transforms)

    async def get_topic(self, request: t.GetTopicRequest) -> t.Topic:
        return self._broker.topic(request.topic)

    async def update_topic(self, request: t.UpdateTopicRequest) -> t.Topic:
        current = self._broker.topic(request.topic.name)
        await self._check(request.topic)
        return self._broker.put_topic(merge_masked(current, request.topic, request.update_mask.paths))

    async def list_topics(self, request: t.ListTopicsRequest) -> t.ListTopicsResponse:
        found = [topic for name, topic in sorted(self._broker.topics.items()) if name.startswith(request.project + "/")]
        page, token = names_page(found, request)
        return t.ListTopicsResponse(topics=page, next_page_token=token)

    async def list_topic_subscriptions(
        self, request: t.ListTopicSubscriptionsRequest
    ) -> t.ListTopicSubscriptionsResponse:
        self._broker.topic(request.topic)
        found = sorted(n for n, b in self._broker.backlogs.items() if b.subscription.topic == request.topic)
        page, token = names_page(found, request)
        return t.ListTopicSubscriptionsResponse(subscriptions=page, next_page_token=token)

    async def delete_topic(self, request: t.DeleteTopicRequest) -> Any:
        self._broker.delete_topic(request.topic)
        return _EMPTY()

    async def publish(self, request: t.PublishRequest) -> t.PublishResponse:
        fault = find_message_fault(request.messages)
        if fault:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, fault)
        topic = self._broker.topic(request.topic)
        messages = await self._transformed(topic, request.messages)
        kept = [message for message in messages if message is not None]
        self._schemas.stamp(topic, kept)
        ids = iter(self._broker.publish(request.topic, kept))
        # What a transform filtered was published as far as its publisher knows: it gets an id too.
        return t.PublishResponse(message_ids=["0" if message is None else next(ids) for message in messages])

    async def _transformed(self, topic: t.Topic, messages: Any) -> list[t.PubsubMessage | None]:
        """All messages after the topic's transforms; one that fails refuses the whole call, as nothing is kept yet."""
        if not topic.message_transforms:
            return list(messages)
        try:
            return [await self._transformer.apply(topic.message_transforms, message) for message in messages]
        except TransformError as error:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error

    async def detach_subscription(self, request: t.DetachSubscriptionRequest) -> t.DetachSubscriptionResponse:
        backlog = self._broker.backlog(request.subscription)
        backlog.subscription.detached = True
        self._broker.put_subscription(backlog.subscription)
        return t.DetachSubscriptionResponse()

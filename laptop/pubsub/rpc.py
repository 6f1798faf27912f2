"""Pub/Sub's services over gRPC, with google-cloud-pubsub's own message types."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from google.pubsub_v1 import types as t

from laptop.pubsub.publisher_rpc import PublisherRpc
from laptop.pubsub.schema_rpc import SchemaService
from laptop.pubsub.schema_rpc import methods as schema_methods
from laptop.pubsub.subscriber_rpc import Subscriber
from laptop.rpc import Methods, refusals

_EMPTY = empty_pb2.Empty


def served_methods(publisher: PublisherRpc, subscriber: Subscriber, schemas: SchemaService) -> Mapping[str, Methods]:
    """The methods that are served, by service."""
    publishing = {
        "CreateTopic": _unary(publisher.create_topic, t.Topic, t.Topic),
        "GetTopic": _unary(publisher.get_topic, t.GetTopicRequest, t.Topic),
        "UpdateTopic": _unary(publisher.update_topic, t.UpdateTopicRequest, t.Topic),
        "ListTopics": _unary(publisher.list_topics, t.ListTopicsRequest, t.ListTopicsResponse),
        "ListTopicSubscriptions": _unary(
            publisher.list_topic_subscriptions, t.ListTopicSubscriptionsRequest, t.ListTopicSubscriptionsResponse
        ),
        "DeleteTopic": _unary(publisher.delete_topic, t.DeleteTopicRequest, None),
        "Publish": _unary(publisher.publish, t.PublishRequest, t.PublishResponse),
        "DetachSubscription": _unary(
            publisher.detach_subscription, t.DetachSubscriptionRequest, t.DetachSubscriptionResponse
        ),
    }
    subscribing = {
        "CreateSubscription": _unary(subscriber.create_subscription, t.Subscription, t.Subscription),
        "GetSubscription": _unary(subscriber.get_subscription, t.GetSubscriptionRequest, t.Subscription),
        "UpdateSubscription": _unary(subscriber.update_subscription, t.UpdateSubscriptionRequest, t.Subscription),
        "ListSubscriptions": _unary(
            subscriber.list_subscriptions, t.ListSubscriptionsRequest, t.ListSubscriptionsResponse
        ),
        "DeleteSubscription": _unary(subscriber.delete_subscription, t.DeleteSubscriptionRequest, None),
        "ModifyPushConfig": _unary(subscriber.modify_push_config, t.ModifyPushConfigRequest, None),
        "Pull": _unary(subscriber.pull, t.PullRequest, t.PullResponse),
        "Acknowledge": _unary(subscriber.acknowledge, t.AcknowledgeRequest, None),
        "ModifyAckDeadline": _unary(subscriber.modify_ack_deadline, t.ModifyAckDeadlineRequest, None),
        "Seek": _unary(subscriber.seek, t.SeekRequest, t.SeekResponse),
        "CreateSnapshot": _unary(subscriber.create_snapshot, t.CreateSnapshotRequest, t.Snapshot),
        "StreamingPull": _stream(subscriber.streaming_pull),
    }
    keeping = {name: _unary(*method) for name, method in schema_methods(schemas).items()}
    return {
        "google.pubsub.v1.SchemaService": keeping,
        "google.pubsub.v1.Publisher": publishing,
        "google.pubsub.v1.Subscriber": subscribing,
    }


def _unary(method: Callable[[Any], Any], request: Any, answer: Any) -> grpc.RpcMethodHandler:
    async def handle(message: Any, context: grpc.aio.ServicerContext) -> Any:
        async with refusals(context):
            return await method(message)

    serialize = answer.serialize if answer else _EMPTY.SerializeToString
    return grpc.unary_unary_rpc_method_handler(handle, request.deserialize, serialize)


def _stream(method: Callable[[Any, Any], Any]) -> grpc.RpcMethodHandler:
    async def handle(requests: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        async with refusals(context):
            async for answer in method(requests, context):
                yield answer

    request, answer = t.StreamingPullRequest, t.StreamingPullResponse
    return grpc.stream_stream_rpc_method_handler(handle, request.deserialize, answer.serialize)

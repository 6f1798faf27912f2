"""The Subscriber service: subscriptions, and what is pulled from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from google.pubsub_v1 import types as t

from laptop.pubsub.backlog import Backlog, Delivery
from laptop.pubsub.broker import Broker, names_page
from laptop.pubsub.leasing import Leaser
from laptop.pubsub.limits import find_deadline_fault
from laptop.pubsub.seeking import Seeker
from laptop.pubsub.times import moment
from laptop.pubsub.transforming import Transformer
from laptop.rpc import RpcError

_EMPTY = empty_pb2.Empty
_MAX_MESSAGES = 1000


class Subscriber:
    def __init__(self, broker: Broker, leaser: Leaser, transformer: Transformer, seeker: Seeker) -> None:
        self._broker, self._leaser, self._transformer, self._seeker = broker, leaser, transformer, seeker

    async def create_subscription(self, request: t.Subscription) -> t.Subscription:
        await self._transformer.check(request.message_transforms)
        return self._broker.create_subscription(request)

    async def get_subscription(self, request: t.GetSubscriptionRequest) -> t.Subscription:
        return self._broker.backlog(request.subscription).subscription

    async def update_subscription(self, request: t.UpdateSubscriptionRequest) -> t.Subscription:
        await self._transformer.check(request.subscription.message_transforms)
        return self._broker.update_subscription(request.subscription, request.update_mask)

    async def list_subscriptions(self, request: t.ListSubscriptionsRequest) -> t.ListSubscriptionsResponse:
        prefix = request.project + "/"
        found = [b.subscription for name, b in sorted(self._broker.backlogs.items()) if name.startswith(prefix)]
        page, token = names_page(found, request)
        return t.ListSubscriptionsResponse(subscriptions=page, next_page_token=token)

    async def delete_subscription(self, request: t.DeleteSubscriptionRequest) -> Any:
        self._broker.delete_subscription(request.subscription)
        return _EMPTY()

    async def modify_push_config(self, request: t.ModifyPushConfigRequest) -> Any:
        subscription = self._broker.backlog(request.subscription).subscription
        subscription.push_config = request.push_config
        self._broker.put_subscription(subscription)
        return _EMPTY()

    async def pull(self, request: t.PullRequest) -> t.PullResponse:
        """What is ready, or what comes within a second: an empty answer is legal, a busy loop is not."""
        backlog = self._broker.backlog(request.subscription)
        if request.max_messages < 1:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, "max_messages must be positive")
        leased = await self._leaser.lease(backlog, request.max_messages)
        if not leased:
            try:
                await asyncio.wait_for(backlog.arrived.wait(), 1)
            except TimeoutError:
                return t.PullResponse()
            leased = await self._leaser.lease(backlog, request.max_messages)
        return t.PullResponse(received_messages=[_received(d, backlog) for d in leased])

    async def acknowledge(self, request: t.AcknowledgeRequest) -> Any:
        backlog = self._broker.backlog(request.subscription)
        _refuse_stale(backlog, backlog.ack(request.ack_ids))
        return _EMPTY()

    async def modify_ack_deadline(self, request: t.ModifyAckDeadlineRequest) -> Any:
        backlog = self._broker.backlog(request.subscription)
        fault = find_deadline_fault(request.ack_deadline_seconds)
        if fault:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, fault)
        stale, exhausted = backlog.modify(request.ack_ids, request.ack_deadline_seconds)
        self._broker.dead_letter(backlog, exhausted)
        _refuse_stale(backlog, stale)
        return _EMPTY()

    async def seek(self, request: t.SeekRequest) -> t.SeekResponse:
        self._broker.backlog(request.subscription)
        if request.snapshot:
            self._seeker.seek_snapshot(request.subscription, request.snapshot)
        else:
            self._seeker.seek_time(request.subscription, moment(request.time).timestamp())
        return t.SeekResponse()

    async def create_snapshot(self, request: t.CreateSnapshotRequest) -> t.Snapshot:
        return self._seeker.create_snapshot(request.name, request.subscription, request.labels)

    async def streaming_pull(
        self, requests: AsyncIterator[Any], _context: Any
    ) -> AsyncIterator[t.StreamingPullResponse]:
        first = await anext(requests)
        backlog = self._broker.backlog(first.subscription)
        seconds = first.stream_ack_deadline_seconds or 10
        limit = first.max_outstanding_messages or _MAX_MESSAGES
        answers: asyncio.Queue[t.StreamingPullResponse] = asyncio.Queue()
        outstanding: set[str] = set()
        changed = asyncio.Event()
        reader = asyncio.create_task(self._read_stream(requests, first, backlog, answers, changed))
        try:
            yield _properties(backlog)
            while not reader.done():
                while not answers.empty():
                    yield answers.get_nowait()
                freed = backlog.freed
                # The client acknowledges by a call of its own, not up the stream: only the backlog knows what is still out.
                outstanding = {ack_id for ack_id in outstanding if backlog.holds(ack_id)}
                is_full = len(outstanding) >= limit
                room = min(limit - len(outstanding), 200)
                leased = [] if is_full else await self._leaser.lease(backlog, room, seconds)
                outstanding.update(delivery.ack_id for delivery in leased)
                if leased:
                    yield t.StreamingPullResponse(
                        received_messages=[_received(delivery, backlog) for delivery in leased],
                        subscription_properties=_properties(backlog).subscription_properties,
                    )
                    continue
                wanted = freed if is_full else backlog.arrived
                await _first_of(wanted.wait(), changed.wait(), reader, timeout=0.1 if outstanding else 1.0)
                changed.clear()
        finally:
            reader.cancel()

    async def _read_stream(
        self,
        requests: AsyncIterator[Any],
        first: Any,
        backlog: Backlog,
        answers: asyncio.Queue[t.StreamingPullResponse],
        changed: asyncio.Event,
    ) -> None:
        self._take(first, backlog, answers)
        async for request in requests:
            self._take(request, backlog, answers)
            changed.set()

    def _take(self, request: Any, backlog: Backlog, answers: asyncio.Queue[Any]) -> None:
        """Acks and deadline changes that came up the stream."""
        stale = backlog.ack(request.ack_ids)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            _, exhausted = backlog.modify([ack_id], seconds)
            self._broker.dead_letter(backlog, exhausted)
        if backlog.subscription.enable_exactly_once_delivery and request.ack_ids:
            kind = t.StreamingPullResponse.AcknowledgeConfirmation
            good = [ack_id for ack_id in request.ack_ids if ack_id not in stale]
            answers.put_nowait(
                t.StreamingPullResponse(acknowledge_confirmation=kind(ack_ids=good, invalid_ack_ids=stale))
            )


async def _first_of(*waits: Any, timeout: float) -> None:
    tasks = [wait if isinstance(wait, asyncio.Task) else asyncio.ensure_future(wait) for wait in waits]
    made = [task for task, wait in zip(tasks, waits, strict=True) if task is not wait]
    try:
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in made:
            task.cancel()


def _properties(backlog: Backlog) -> t.StreamingPullResponse:
    kind = t.StreamingPullResponse.SubscriptionProperties
    subscription = backlog.subscription
    return t.StreamingPullResponse(
        subscription_properties=kind(
            exactly_once_delivery_enabled=subscription.enable_exactly_once_delivery,
            message_ordering_enabled=subscription.enable_message_ordering,
        )
    )


def _received(delivery: Delivery, backlog: Backlog) -> t.ReceivedMessage:
    attempt = delivery.attempts if backlog.subscription.dead_letter_policy.dead_letter_topic else 0
    return t.ReceivedMessage(ack_id=delivery.ack_id, message=delivery.message, delivery_attempt=attempt)


def _refuse_stale(backlog: Backlog, stale: list[str]) -> None:
    """Only exactly-once says so; elsewhere a late ack is a shrug."""
    if stale and backlog.subscription.enable_exactly_once_delivery:
        raise RpcError(grpc.StatusCode.FAILED_PRECONDITION, f"PERMANENT_FAILURE_INVALID_ACK_ID: {', '.join(stale)}")

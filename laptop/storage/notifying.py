"""Notifications to Pub/Sub: queued in the transaction that changes the object, published until Pub/Sub has them."""

from __future__ import annotations

import asyncio
import json
import logging

import grpc.aio
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage

from laptop.loops import DISK_ERRORS
from laptop.storage.catalog import ObjectCatalog, Record

_LOG = logging.getLogger("laptop.storage")
_BATCH = 100


class Notifier:
    """`note` inside a change, `wake` after it; a background task delivers in order."""

    def __init__(self, catalog: ObjectCatalog, pubsub: str | None) -> None:
        self._catalog = catalog
        self._awake = asyncio.Event()
        self._channel = grpc.aio.insecure_channel(pubsub) if pubsub else None
        self._task = asyncio.create_task(self._deliver()) if pubsub else None
        self._awake.set()

    def note(self, event: str, resource: Record, at: str, **more: str) -> None:
        """Queue one message, with `more` attributes, for every notification of the bucket that wants this event and name."""
        for config in self._catalog.notifications(resource["bucket"]):
            wanted = config.get("event_types")
            if (wanted and event not in wanted) or not resource["name"].startswith(
                config.get("object_name_prefix", "")
            ):
                continue
            self._catalog.queue_message(
                _topic(config["topic"]), _message(event, resource, config, {"eventTime": at, **more})
            )

    def wake(self) -> None:
        self._awake.set()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._channel is not None:
            await self._channel.close()

    async def _deliver(self) -> None:
        pause = 0.1
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._deliver_queued()
                pause = 0.1
            except (grpc.aio.AioRpcError, *DISK_ERRORS) as error:
                _LOG.info("notification waits: %r", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)
                self._awake.set()

    async def _deliver_queued(self) -> None:
        assert self._channel is not None
        publish = self._channel.unary_unary(
            "/google.pubsub.v1.Publisher/Publish",
            request_serializer=PublishRequest.serialize,
            response_deserializer=PublishResponse.deserialize,
        )
        while queued := self._catalog.queued_messages(_BATCH):
            for number, topic, body in queued:
                message = PubsubMessage(data=body["data"].encode(), attributes=body["attributes"])
                try:
                    await publish(PublishRequest(topic=topic, messages=[message]), timeout=10)
                except grpc.aio.AioRpcError as error:
                    if error.code() != grpc.StatusCode.NOT_FOUND:
                        raise
                    _LOG.warning("topic %s is gone; its notification is dropped, as the cloud does", topic)
                self._catalog.drop_message(number)


def _topic(name: str) -> str:
    return name.removeprefix("//pubsub.googleapis.com/")


def _message(event: str, resource: Record, config: Record, attributes: Record) -> Record:
    payload = config["payload_format"]
    attributes = {
        **config.get("custom_attributes", {}),
        "notificationConfig": f"projects/_/buckets/{resource['bucket']}/notificationConfigs/{config['id']}",
        "eventType": event,
        "payloadFormat": payload,
        "bucketId": resource["bucket"],
        "objectId": resource["name"],
        "objectGeneration": resource["generation"],
        **attributes,
    }
    return {"attributes": attributes, "data": json.dumps(resource) if payload == "JSON_API_V1" else ""}

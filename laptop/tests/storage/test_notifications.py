"""Notifications reach Pub/Sub's Publish, with Cloud Storage's attributes, however late Pub/Sub comes up."""

from __future__ import annotations

import json
import queue
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.pubsub_v1.types import PublishRequest, PublishResponse

from laptop.storage.server import start
from laptop.tests.storage.conftest import client_of


class RecordingTopic(grpc.GenericRpcHandler):
    """A Publisher that keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: queue.Queue[PublishRequest] = queue.Queue()

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._publish, PublishRequest.deserialize, PublishResponse.serialize)

    def _publish(self, request: PublishRequest, _context: grpc.ServicerContext) -> PublishResponse:
        self.requests.put(request)
        return PublishResponse(message_ids=["1"] * len(request.messages))


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def topic(port: int) -> Iterator[Callable[[], RecordingTopic]]:
    servers: list[grpc.Server] = []

    def come_up() -> RecordingTopic:
        handler = RecordingTopic()
        server = grpc.server(ThreadPoolExecutor(1), handlers=[handler])
        server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        servers.append(server)
        return handler

    yield come_up
    for server in servers:
        server.stop(None).wait()


def test_a_finalize_waits_for_pubsub_and_says_what_was_written(
    launch: Callable[..., object], port: int, topic: Callable[[], RecordingTopic]
) -> None:
    client = client_of(launch(start, pubsub=f"127.0.0.1:{port}").address)
    bucket = client.create_bucket("bucket-a")
    bucket.notification(
        "changes", topic_project="p", event_types=["OBJECT_FINALIZE"], payload_format="JSON_API_V1"
    ).create()
    first, second = bucket.blob("a b"), bucket.blob("a b")
    first.upload_from_string("1")
    second.upload_from_string("22")
    published = topic().requests
    messages = [published.get(timeout=30) for _ in range(2)]
    attributes = dict(messages[1].messages[0].attributes)
    assert messages[0].topic == "projects/p/topics/changes"
    assert attributes.pop("eventTime")
    assert attributes == {
        "notificationConfig": "projects/_/buckets/bucket-a/notificationConfigs/1",
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": "bucket-a",
        "objectId": "a b",
        "objectGeneration": str(second.generation),
        "overwroteGeneration": str(first.generation),
    }
    assert json.loads(messages[1].messages[0].data)["size"] == "2"

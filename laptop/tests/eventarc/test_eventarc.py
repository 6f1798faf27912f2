"""A finalized object becomes a CloudEvent at the destination, and comes again until it is taken."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

from google.auth.credentials import AnonymousCredentials
from google.cloud.eventarc_v1 import EventarcClient, Trigger
from google.cloud.eventarc_v1.services.eventarc.transports import EventarcRestTransport

from laptop.eventarc.server import start
from laptop.pubsub.server import start as start_pubsub
from laptop.storage.server import start as start_storage
from laptop.tests.pubsub.test_pubsub import _until, endpoint  # noqa: F401 - a fixture
from laptop.tests.storage.test_storage import _client

PARENT = "projects/demo-proj/locations/us-central1"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_a_new_object_arrives_as_a_cloud_event_until_it_is_taken(launch: Callable[..., object], endpoint) -> None:  # noqa: F811
    url, seen, codes = endpoint
    codes.append(500)
    pubsub = launch(start_pubsub).address
    storage = launch(start_storage, pubsub=pubsub).address
    bucket = _client(storage).create_bucket("demo-bronze")
    host = launch(start, port=_free_port(), pubsub=pubsub, storage=storage).address
    transport = EventarcRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
    trigger = Trigger(
        name=f"{PARENT}/triggers/land",
        event_filters=[
            {"attribute": "type", "value": "google.cloud.storage.object.v1.finalized"},
            {"attribute": "bucket", "value": "demo-bronze"},
        ],
        destination={"http_endpoint": {"uri": url}},
    )
    EventarcClient(transport=transport).create_trigger(parent=PARENT, trigger=trigger, trigger_id="land")
    bucket.blob("sales/ü.jsonl").upload_from_string("{}")
    assert _until(lambda: len(seen) == 2)
    headers, body = seen[1]
    assert headers["ce-type"] == "google.cloud.storage.object.v1.finalized"
    assert headers["ce-subject"] == "objects/sales/%C3%BC.jsonl"
    assert headers["ce-id"] == seen[0][0]["ce-id"]
    assert json.loads(body)["name"] == "sales/ü.jsonl"

"""Triggers over REST, what they make, and the shape of the event they deliver."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.eventarc.server import FINALIZED, event_headers, start
from laptop.hosting import Hosting
from laptop.http import HttpService, serve_http
from laptop.pubsub.server import start as start_pubsub
from laptop.storage.server import start as start_storage
from laptop.tests.pubsub.conftest import Bus

PARENT = "projects/demo-proj/locations/us-central1"
RESOURCE = {"name": "sales/x.jsonl", "bucket": "lake", "generation": "5", "updated": "2026-01-01T00:00:00.000Z"}


class Destination:
    """Stands in for Cloud Run and for the function behind it: records events, answers as the test asks."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, str], Any]] = []
        self.status = 204
        self.deployed = True
        self.broken = False
        self.address = ""

    async def describe(self, request: Request) -> Response:
        if self.broken:
            return JSONResponse({}, status_code=500)
        if not self.deployed:
            return JSONResponse({}, status_code=404)
        return JSONResponse({"uri": f"http://{self.address}/{request.path_params['service']}"})

    async def take(self, request: Request) -> Response:
        self.events.append((request.url.path, dict(request.headers), await request.json()))
        return Response("taken", status_code=self.status)

    async def start(self, hosting: Hosting) -> HttpService:
        routes = [
            Route("/v2/projects/{p}/locations/{l}/services/{service}", self.describe),
            Route("/{path:path}", self.take, methods=["POST"]),
        ]
        service = await serve_http(Starlette(routes=routes), hosting)
        self.address = service.address
        return service


@dataclass(frozen=True)
class Cloud:
    http: httpx.Client
    storage: httpx.Client
    bus: Bus
    destination: Destination

    def create(self, name: str, bucket: str = "lake", kind: str = FINALIZED, **destination: Any) -> httpx.Response:
        filters = [{"attribute": "type", "value": kind}, {"attribute": "bucket", "value": bucket}]
        target = destination or {"cloudRun": {"service": "land-object", "path": "/in"}}
        return self.http.post(
            f"v1/{PARENT}/triggers?triggerId={name}", json={"eventFilters": filters, "destination": target}
        )

    def deliver(self, name: str, resource: dict[str, Any] | None = None) -> httpx.Response:
        data = base64.b64encode(json.dumps(resource or RESOURCE).encode()).decode()
        return self.http.post(f"deliver/{PARENT}/triggers/{name}", json={"message": {"data": data, "messageId": "m1"}})


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Any]) -> Iterator[Cloud]:
    destination = Destination()
    pubsub, run = launch(start_pubsub).address, launch(destination.start).address
    storage = launch(start_storage).address
    address = launch(start, pubsub=pubsub, storage=storage, run=run).address
    with (
        httpx.Client(base_url=f"http://{address}/") as http,
        httpx.Client(base_url=f"http://{storage}/storage/v1/") as lake,
    ):
        lake.post("b", json={"name": "lake"})
        yield Cloud(http, lake, Bus(pubsub), destination)


def notifications(cloud: Cloud) -> list[str]:
    found = cloud.storage.get("b/lake/notificationConfigs").json().get("items", [])
    return [config["topic"].rsplit("/", 1)[1] for config in found]


def test_a_trigger_makes_its_topic_its_subscription_and_the_buckets_notification(cloud: Cloud) -> None:
    made = cloud.create("made").json()
    assert (made["done"], made["response"]["name"]) == (True, f"{PARENT}/triggers/made")
    found = cloud.bus.subscriber.get_subscription(subscription="projects/demo-proj/subscriptions/eventarc-made")
    assert found.topic == "projects/demo-proj/topics/eventarc-made"
    assert found.push_config.push_endpoint.endswith(f"/deliver/{PARENT}/triggers/made")
    assert found.message_retention_duration.total_seconds() == 86400
    assert found.retry_policy.maximum_backoff.total_seconds() == 600
    configs = cloud.storage.get("b/lake/notificationConfigs").json()["items"]
    (config,) = [each for each in configs if each["topic"].endswith("/eventarc-made")]
    assert (config["event_types"], config["payload_format"]) == (["OBJECT_FINALIZE"], "JSON_API_V1")


def test_a_trigger_is_made_once_and_its_parts_are_repaired(cloud: Cloud) -> None:
    cloud.create("twice")
    cloud.bus.subscriber.delete_subscription(subscription="projects/demo-proj/subscriptions/eventarc-twice")
    answer = cloud.create("twice")
    assert (answer.status_code, answer.json()["error"]["status"]) == (409, "ALREADY_EXISTS")
    assert cloud.bus.subscriber.get_subscription(subscription="projects/demo-proj/subscriptions/eventarc-twice")
    assert notifications(cloud).count("eventarc-twice") == 1


def test_a_trigger_is_read_listed_and_deleted(cloud: Cloud) -> None:
    cloud.create("gone")
    path = f"v1/{PARENT}/triggers/gone"
    assert cloud.http.get(path).json()["destination"]["cloudRun"]["service"] == "land-object"
    assert path[3:] in [trigger["name"] for trigger in cloud.http.get(f"v1/{PARENT}/triggers").json()["triggers"]]
    assert cloud.http.delete(path).json()["done"]
    names = [each.name for each in cloud.bus.subscriber.list_subscriptions(project="projects/demo-proj")]
    assert "projects/demo-proj/subscriptions/eventarc-gone" not in names
    assert cloud.http.get(path).status_code == cloud.http.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("bucket", "kind"),
    [
        ("lake", "google.cloud.storage.object.v1.deleted"),
        ("lake", "google.cloud.audit.log.v1.written"),
        ("nowhere", FINALIZED),
    ],
)
def test_a_trigger_that_could_never_fire_is_refused(cloud: Cloud, bucket: str, kind: str) -> None:
    assert cloud.create("refused", bucket, kind).status_code == 400
    assert cloud.http.get(f"v1/{PARENT}/triggers/refused").status_code == 404


def test_an_event_reaches_the_service_at_its_path(cloud: Cloud) -> None:
    cloud.create("reaches")
    cloud.destination.events.clear()
    assert cloud.deliver("reaches").status_code == 204
    ((path, headers, body),) = cloud.destination.events
    assert (path, body) == ("/land-object/in", RESOURCE)
    assert {name: headers[name] for name in headers if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-id": "m1",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-source": "//storage.googleapis.com/projects/_/buckets/lake",
        "ce-subject": "objects/sales/x.jsonl",
        "ce-bucket": "lake",
        "ce-time": "2026-01-01T00:00:00.000Z",
    }
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 202, 400, 404, 429, 500])
def test_what_the_function_answers_decides_whether_the_event_comes_again(cloud: Cloud, status: int) -> None:
    cloud.create("answers")
    cloud.destination.status = status
    assert cloud.deliver("answers").status_code == status
    cloud.destination.status = 204


def test_an_event_for_a_service_that_is_not_deployed_comes_again(cloud: Cloud) -> None:
    cloud.create("undeployed")
    cloud.destination.deployed = False
    answer = cloud.deliver("undeployed")
    cloud.destination.deployed = True
    assert (answer.status_code, "not deployed" in answer.text) == (503, True)


def test_a_cloud_run_that_fails_is_not_taken_for_a_service_that_is_not_there(cloud: Cloud) -> None:
    cloud.create("unknown")
    cloud.destination.broken = True
    answer = cloud.deliver("unknown")
    cloud.destination.broken = False
    assert (answer.status_code, "not deployed" in answer.text, "500" in answer.text) == (503, False, True)


def test_an_event_for_an_address_where_nobody_listens_comes_again(cloud: Cloud) -> None:
    cloud.create("silent", httpEndpoint={"uri": "http://127.0.0.1:9/"})
    assert cloud.deliver("silent").status_code == 503


def test_an_event_of_a_trigger_that_is_gone_is_not_found(cloud: Cloud) -> None:
    assert cloud.deliver("never-made").status_code == 404


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("a/b.txt", "objects/a/b.txt"),
        ("a b", "objects/a%20b"),
        ("ü", "objects/%C3%BC"),
        ("😀", "objects/%F0%9F%98%80"),
        ("a\tb", "objects/a%09b"),
        ("100%", "objects/100%25"),
        ('"quoted"', "objects/%22quoted%22"),
        ("a+b=c&d?e#f", "objects/a+b=c&d?e#f"),
    ],
)
def test_a_subject_is_encoded_as_the_http_binding_of_cloudevents_says(name: str, subject: str) -> None:
    headers = event_headers({**RESOURCE, "name": name}, {"messageId": "m"})
    assert headers["ce-subject"] == subject
    httpx.Headers(headers)

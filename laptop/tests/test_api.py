"""Every method of Google's APIs is answered: API.md says how, and a caller of what is not there reads its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest
from google.api_core.exceptions import MethodNotImplemented
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from starlette.responses import Response
from starlette.routing import Route

from laptop.api.rest import RestApi, RestMethod, find_endpoint, keep_verbs_out_of_ids, read_api
from laptop.api.surface import ABSENT, SERVED
from laptop.api_page import PAGE, survey, write_page
from laptop.eventarc.server import start as start_eventarc
from laptop.hosting import Service
from laptop.pubsub.server import start as start_pubsub
from laptop.storage.server import start as start_storage

THINGS = "/v1/things/{thing}"


async def answer(_request: object) -> Response:
    return Response()


def test_the_page_says_what_the_servers_serve() -> None:
    assert PAGE.read_text() == write_page(survey())


def test_a_method_is_named_by_the_most_particular_path_that_matches() -> None:
    api = read_api("secretmanager.v1")
    path = "/v1/projects/p/secrets/s"
    assert api.name_of("GET", path) == "secretmanager.projects.secrets.get"
    assert api.name_of("GET", f"{path}:getIamPolicy") == "secretmanager.projects.secrets.getIamPolicy"
    assert api.name_of("PUT", path) == ""


def test_an_id_ends_where_a_verb_begins() -> None:
    routes = [Route(THINGS, answer, methods=["GET"]), Route(f"{THINGS}:stop", answer, methods=["POST"])]
    assert find_endpoint(routes, "GET", "/v1/things/t:lock") is answer
    keep_verbs_out_of_ids(routes)
    assert find_endpoint(routes, "GET", "/v1/things/t:lock") is None
    assert find_endpoint(routes, "GET", "/v1/things/t") is answer
    assert find_endpoint(routes, "POST", "/v1/things/t:stop") is answer


def test_a_method_is_served_if_a_route_takes_it_and_refused_for_good_if_there_is_a_reason() -> None:
    verbs = {"things.get": "GET", "things.delete": "DELETE", "things.getIamPolicy": "PUT"}
    methods = [RestMethod(name=name, verb=verb, path=THINGS) for name, verb in verbs.items()]
    surface = RestApi(title="Things", source="", methods=methods).describe([Route(THINGS, answer, methods=["GET"])])
    assert surface.methods == {
        "things.get": SERVED,
        "things.delete": ABSENT,
        "things.getIamPolicy": "the laptop checks no permissions",
    }


@pytest.mark.parametrize(
    ("start", "verb", "path", "said"),
    [
        (start_storage, "GET", "/storage/v1/b/pond/storageLayout", "storage.buckets.getStorageLayout is not served"),
        (start_storage, "GET", "/storage/v1/b/pond/iam", "getIamPolicy is not served by the laptop: the laptop checks"),
        (start_eventarc, "GET", "/v1/projects/p/locations/l/triggers/t:getIamPolicy", "triggers.getIamPolicy is not"),
        (start_eventarc, "PATCH", "/v1/projects/p/locations/l/triggers/t", "triggers.patch is not served"),
        (start_eventarc, "PUT", "/v1/nothing", "PUT /v1/nothing is not served"),
    ],
)
def test_rest_answers_501_with_the_methods_name(
    launch: Callable[..., Service], start: Any, verb: str, path: str, said: str
) -> None:
    found = httpx.request(verb, f"http://{launch(start, pubsub='127.0.0.1:9').address}{path}")
    error = found.json()["error"]
    assert (found.status_code, error["status"]) == (501, "UNIMPLEMENTED")
    assert said in error["message"]


def test_grpc_answers_unimplemented_with_the_methods_name(launch: Callable[..., Service]) -> None:
    channel = grpc.insecure_channel(launch(start_pubsub).address)
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    with pytest.raises(MethodNotImplemented, match=r"google\.pubsub\.v1\.Publisher/ListTopicSnapshots is not served"):
        publisher.list_topic_snapshots(topic="projects/p/topics/t")

"""Connectors against the laptop's own Pub/Sub and Firestore, and against recorded REST answers for the others."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from laptop.firestore.server import start as start_firestore
from laptop.pubsub.server import start as start_pubsub
from laptop.tests.workflows.rig import Recorder, status
from laptop.workflows.connectors import LaptopConnectors
from laptop.workflows.errors import WorkflowError

PUBLISH = "googleapis.pubsub.v1.projects.topics.publish"
CREATE = "googleapis.firestore.v1.projects.databases.documents.createDocument"
GET = "googleapis.firestore.v1.projects.databases.documents.get"
QUERY = "googleapis.bigquery.v2.jobs.query"
EXECUTION = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.get"
DOCUMENTS = "projects/demo-proj/databases/(default)/documents"


@pytest.fixture(scope="module")
def endpoints(launch: Any) -> dict[str, str]:
    return {"pubsub": launch(start_pubsub).address, "firestore": launch(start_firestore).address}


def call(name: str, arguments: dict[str, Any], endpoints: dict[str, str], requests: Recorder | None = None) -> Any:
    async def run() -> Any:
        connectors = LaptopConnectors(requests or Recorder(), endpoints)
        try:
            return await connectors.call(name, arguments)
        finally:
            await connectors.close()

    return asyncio.run(run())


def fail(name: str, arguments: dict[str, Any], endpoints: dict[str, str]) -> dict[str, Any]:
    with pytest.raises(WorkflowError) as caught:
        call(name, arguments, endpoints)
    return dict(caught.value.value)


def create(endpoints: dict[str, str], document_id: str) -> Any:
    body = {"fields": {"n": {"integerValue": "1"}, "deep": {"mapValue": {"fields": {"t": {"booleanValue": True}}}}}}
    arguments = {"parent": DOCUMENTS, "collectionId": "claims", "documentId": document_id, "body": body}
    return call(CREATE, arguments, endpoints)


def test_a_document_is_created_and_read_in_its_json_form(endpoints: dict[str, str]) -> None:
    made = create(endpoints, "one")
    found = call(GET, {"name": f"{DOCUMENTS}/claims/one"}, endpoints)
    assert made["name"] == found["name"] == f"{DOCUMENTS}/claims/one"
    assert found["fields"] == {
        "n": {"integerValue": "1"},
        "deep": {"mapValue": {"fields": {"t": {"booleanValue": True}}}},
    }
    assert found["createTime"] == made["createTime"]


def test_a_document_that_exists_is_an_http_error_409(endpoints: dict[str, str]) -> None:
    create(endpoints, "twice")
    with pytest.raises(WorkflowError) as caught:
        create(endpoints, "twice")
    error = caught.value.value
    assert (error["tags"], error["code"], error["body"]["error"]["status"]) == (["HttpError"], 409, "ALREADY_EXISTS")


def test_a_document_that_is_not_there_is_an_http_error_404(endpoints: dict[str, str]) -> None:
    error = fail(GET, {"name": f"{DOCUMENTS}/claims/none"}, endpoints)
    assert (error["tags"], error["code"], error["body"]["error"]["status"]) == (["HttpError"], 404, "NOT_FOUND")


def test_a_topic_that_is_not_there_is_an_http_error_404(endpoints: dict[str, str]) -> None:
    body = {"messages": [{"data": base64.b64encode(b"x").decode()}]}
    assert fail(PUBLISH, {"topic": "projects/demo-proj/topics/none", "body": body}, endpoints)["code"] == 404


@pytest.mark.parametrize(
    "body", [{"messages": [{"datum": "x"}]}, {"messages": "x"}, {"messages": [{"attributes": [1]}]}]
)
def test_a_body_that_is_no_request_is_an_http_error_400(endpoints: dict[str, str], body: dict[str, Any]) -> None:
    error = fail(PUBLISH, {"topic": "projects/demo-proj/topics/t", "body": body}, endpoints)
    assert (error["tags"], error["code"], error["body"]["error"]["status"]) == (["HttpError"], 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("name", "arguments", "missing"),
    [
        (PUBLISH, {"body": {}}, "topic"),
        (PUBLISH, {"topic": "t"}, "body"),
        (CREATE, {"parent": DOCUMENTS, "body": {}}, "collectionId"),
        (GET, {}, "name"),
        (QUERY, {"body": {}}, "projectId"),
    ],
)
def test_a_missing_argument_is_a_type_error(endpoints: dict[str, str], name: str, arguments: Any, missing: str) -> None:
    error = fail(name, arguments, endpoints)
    assert (error["tags"], missing in error["message"]) == (["TypeError"], True)


def test_a_service_that_does_not_run_is_a_failed_connection() -> None:
    assert fail(GET, {"name": f"{DOCUMENTS}/c/d"}, {})["tags"] == ["ConnectionFailedError"]


def test_a_query_goes_over_rest_and_answers_its_body() -> None:
    requests = Recorder([{"code": 200, "body": {"jobComplete": True, "rows": []}}])
    answer = call(
        QUERY, {"projectId": "p", "body": {"query": "SELECT 1"}, "connector_params": {"timeout": 5}}, {}, requests
    )
    assert answer == {"jobComplete": True, "rows": []}
    assert requests.calls == [
        (
            "POST",
            {"url": "https://bigquery.googleapis.com/bigquery/v2/projects/p/queries", "body": {"query": "SELECT 1"}},
        )
    ]


def test_an_execution_is_read_over_rest() -> None:
    requests = Recorder([{"code": 200, "body": {"state": "ACTIVE"}}])
    assert call(EXECUTION, {"name": "projects/p/e"}, {}, requests) == {"state": "ACTIVE"}
    assert requests.calls == [("GET", {"url": "https://workflowexecutions.googleapis.com/v1/projects/p/e"})]


def test_an_http_error_of_a_rest_connector_stays_what_it_is() -> None:
    with pytest.raises(WorkflowError) as caught:
        call(QUERY, {"projectId": "p", "body": {}}, {}, Recorder([status(403)]))
    assert caught.value.value["code"] == 403

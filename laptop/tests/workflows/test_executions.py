"""Executions from their start to their end, over REST and over gRPC: one server for the module."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import grpc
import httpx
import pytest
from google.api_core.exceptions import FailedPrecondition, InvalidArgument, NotFound
from google.cloud.workflows.executions_v1 import Execution, ExecutionsClient, ExecutionView
from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport

from laptop.workflows.server import start

PARENT = "projects/demo-proj/locations/us-central1"
SLEEP = "- a: {call: sys.sleep, args: {seconds: 3600}}"


@pytest.fixture(scope="module")
def grpc_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(scope="module")
def http(launch: Any, grpc_address: str) -> Any:
    address = launch(start, executions=grpc_address).address
    with httpx.Client(base_url=f"http://{address}/v1/", trust_env=False) as client:
        yield client


@pytest.fixture
def executions(http: httpx.Client, grpc_address: str) -> ExecutionsClient:
    del http  # the server must be there
    return ExecutionsClient(transport=ExecutionsGrpcTransport(channel=grpc.insecure_channel(grpc_address)))


def deploy(http: httpx.Client, name: str, source: str, **more: Any) -> str:
    answer = http.post(f"{PARENT}/workflows?workflowId={name}", json={"sourceContents": source, **more})
    assert answer.status_code == 200, answer.text
    return f"{PARENT}/workflows/{name}"


def run(http: httpx.Client, workflow: str, argument: str = "", **more: Any) -> dict[str, Any]:
    """Start an execution and wait for its end."""
    execution = http.post(f"{workflow}/executions", json={"argument": argument, **more}).json()
    for _ in range(500):
        if execution["state"] != "ACTIVE":
            return dict(execution)
        time.sleep(0.002)
        execution = http.get(execution["name"]).json()
    raise AssertionError(f"still ACTIVE: {execution}")


def test_an_execution_succeeds_with_its_result_as_json(http: httpx.Client) -> None:
    workflow = deploy(http, "add", "main: {params: [a], steps: [{r: {return: '${a.x + a.y}'}}]}")
    execution = run(http, workflow, '{"x": 1, "y": 2}')
    assert (execution["state"], execution["result"], execution["argument"]) == ("SUCCEEDED", "3", '{"x": 1, "y": 2}')
    assert execution["startTime"] <= execution["endTime"]
    assert execution["workflowRevisionId"] == "000001-000"
    assert "error" not in execution


def test_an_execution_without_an_argument_gets_null(http: httpx.Client) -> None:
    workflow = deploy(http, "null", "main: {params: [a], steps: [{r: {return: '${a == null}'}}]}")
    assert run(http, workflow)["result"] == "true"


@pytest.mark.parametrize(
    ("source", "payload"),
    [
        ("- a: {raise: broken}", "broken"),
        ("- a: {raise: {code: 7, message: custom}}", {"code": 7, "message": "custom"}),
        ("- a: {return: '${1 / 0}'}", {"message": "division by zero", "tags": ["ZeroDivisionError"]}),
    ],
)
def test_a_failed_execution_has_its_error_as_json(http: httpx.Client, source: str, payload: Any) -> None:
    workflow = deploy(http, f"fail-{len(source)}", source)
    execution = run(http, workflow)
    assert execution["state"] == "FAILED"
    assert json.loads(execution["error"]["payload"]) == payload
    assert "result" not in execution


def test_bytes_cannot_be_a_result(http: httpx.Client) -> None:
    execution = run(http, deploy(http, "bytes", "- a: {return: '${text.encode(\"a\")}'}"))
    assert json.loads(execution["error"]["payload"])["tags"] == ["TypeError"]


def test_an_execution_knows_where_it_runs(http: httpx.Client) -> None:
    names = [
        "PROJECT_ID",
        "LOCATION",
        "WORKFLOW_ID",
        "WORKFLOW_REVISION_ID",
        "WORKFLOW_EXECUTION_ID",
        "SERVICE_ACCOUNT_NAME",
    ]
    wanted = ", ".join(f"'${{sys.get_env(\"GOOGLE_CLOUD_{name}\")}}'" for name in names)
    source = f"- a: {{return: [{wanted}, '${{sys.get_env(\"MINE\")}}']}}"
    execution = run(http, deploy(http, "where", source, serviceAccount="w@x", userEnvVars={"MINE": "m"}))
    found = json.loads(execution["result"])
    assert found[:4] == ["demo-proj", "us-central1", "where", "000001-000"]
    assert found[4:] == [execution["name"].rsplit("/", 1)[1], "w@x", "m"]


def test_an_execution_takes_the_labels_of_its_workflow_and_its_own(http: httpx.Client) -> None:
    workflow = deploy(http, "labelled", "- a: {return: 1}", labels={"team": "a", "env": "dev"})
    assert run(http, workflow, labels={"env": "test"})["labels"] == {"team": "a", "env": "test"}


def test_an_execution_runs_the_revision_it_was_started_with(http: httpx.Client) -> None:
    workflow = deploy(http, "revised", "- a: {return: old}")
    first = run(http, workflow)
    http.patch(workflow, json={"sourceContents": "- a: {return: new}"})
    second = run(http, workflow)
    assert (first["workflowRevisionId"], second["workflowRevisionId"]) == ("000001-000", "000002-000")
    assert (first["result"], second["result"]) == ('"old"', '"new"')


@pytest.mark.parametrize("argument", ["{", "text", '"' + "x" * 32 * 1024 + '"'])
def test_an_argument_that_is_not_json_or_over_32_kilobytes_starts_nothing(http: httpx.Client, argument: str) -> None:
    workflow = f"{PARENT}/workflows/guarded"
    http.post(f"{PARENT}/workflows?workflowId=guarded", json={"sourceContents": "- a: {return: 1}"})
    answer = http.post(f"{workflow}/executions", json={"argument": argument})
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert http.get(f"{workflow}/executions").json()["executions"] == []


def test_executions_are_listed_newest_first_page_by_page(http: httpx.Client) -> None:
    workflow = deploy(http, "many", "main: {params: [a], steps: [{r: {return: '${a}'}}]}")
    names = [run(http, workflow, str(number))["name"] for number in range(5)]
    first = http.get(f"{workflow}/executions?pageSize=3").json()
    second = http.get(f"{workflow}/executions?pageSize=3&pageToken={first['nextPageToken']}").json()
    assert [each["name"] for each in first["executions"] + second["executions"]] == names[::-1]
    assert "nextPageToken" not in second


def test_a_list_shows_metadata_unless_the_full_view_is_asked_for(http: httpx.Client) -> None:
    workflow = deploy(http, "viewed", "- a: {return: 1}")
    run(http, workflow, "5")
    basic = http.get(f"{workflow}/executions").json()["executions"][0]
    full = http.get(f"{workflow}/executions?view=FULL").json()["executions"][0]
    assert sorted(basic) == ["endTime", "name", "startTime", "state", "workflowRevisionId"]
    assert (full["argument"], full["result"]) == ("5", "1")


@pytest.mark.parametrize("query", ["pageSize=-1", "pageSize=x", "pageToken=x"])
def test_a_page_that_makes_no_sense_is_refused(http: httpx.Client, query: str) -> None:
    http.post(f"{PARENT}/workflows?workflowId=paged", json={"sourceContents": "- a: {return: 1}"})
    answer = http.get(f"{PARENT}/workflows/paged/executions?{query}")
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("query", ["filter=state%3D%22ACTIVE%22", "orderBy=startTime"])
def test_filters_and_orders_are_refused_by_name(http: httpx.Client, query: str) -> None:
    answer = http.get(f"{PARENT}/workflows?{query}")
    assert (answer.status_code, answer.json()["error"]["status"]) == (501, "UNIMPLEMENTED")


@pytest.mark.parametrize(
    "path", ["workflows/none", "workflows/none/executions", "operations/none", "workflows/none/executions/e"]
)
def test_what_is_not_there_is_not_found(http: httpx.Client, path: str) -> None:
    answer = http.get(f"{PARENT}/{path}")
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["", "1st", "has space", "ends-", "x" * 65])
def test_a_workflow_id_that_breaks_the_rules_is_refused(http: httpx.Client, name: str) -> None:
    answer = http.post(f"{PARENT}/workflows", params={"workflowId": name}, json={"sourceContents": "- a: {return: 1}"})
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["a", "A1", "with-dash_and_underscore", "x" * 64])
def test_a_workflow_id_may_have_64_characters(http: httpx.Client, name: str) -> None:
    assert deploy(http, name, "- a: {return: 1}").endswith(name)


def test_an_update_changes_only_what_its_mask_names(http: httpx.Client) -> None:
    workflow = deploy(http, "masked", "- a: {return: 1}", description="old", labels={"a": "b"})
    body = {"description": "new", "sourceContents": "- a: {return: 2}"}
    http.patch(f"{workflow}?updateMask=description", json=body)
    found = http.get(workflow).json()
    assert (found["description"], found["sourceContents"], found["labels"]) == ("new", "- a: {return: 1}", {"a": "b"})
    http.patch(f"{workflow}?updateMask=description,labels", json={})
    assert {"description", "labels"}.isdisjoint(http.get(workflow).json())


@pytest.mark.parametrize("mask", ["name", "state,description", "revision_id"])
def test_an_update_of_what_is_not_the_callers_is_refused(http: httpx.Client, mask: str) -> None:
    http.post(f"{PARENT}/workflows?workflowId=fixed", json={"sourceContents": "- a: {return: 1}"})
    assert http.patch(f"{PARENT}/workflows/fixed?updateMask={mask}", json={"description": "d"}).status_code == 400


def test_an_update_that_cannot_be_deployed_leaves_the_workflow_as_it_was(http: httpx.Client) -> None:
    workflow = deploy(http, "kept", "- a: {return: 1}")
    assert http.patch(workflow, json={"sourceContents": "- a: {return: 1"}).status_code == 400
    found = http.get(workflow).json()
    assert (found["sourceContents"], found["revisionId"]) == ("- a: {return: 1}", "000001-000")


def test_a_field_nobody_serves_is_refused_by_name(http: httpx.Client) -> None:
    body = {"sourceContents": "- a: {return: 1}", "cryptoKeyName": "k"}
    answer = http.post(f"{PARENT}/workflows?workflowId=crypto", json=body)
    assert (answer.status_code, "cryptoKeyName" in answer.text) == (501, True)


def test_a_list_of_workflows_has_five_hundred_on_a_page(http: httpx.Client) -> None:
    parent = "projects/demo-proj/locations/europe-west1"
    for number in range(101):
        body = {"sourceContents": "- a: {return: 1}"}
        http.post(f"{parent}/workflows?workflowId=w{number}", json=body)
    found = http.get(f"{parent}/workflows").json()
    assert (len(found["workflows"]), "nextPageToken" in found) == (101, False)


def test_an_operation_is_done_and_can_be_read_again(http: httpx.Client) -> None:
    made = http.post(f"{PARENT}/workflows?workflowId=operated", json={"sourceContents": "- a: {return: 1}"}).json()
    assert made["done"]
    assert made["response"]["name"] == made["metadata"]["target"] == f"{PARENT}/workflows/operated"
    assert http.get(made["name"]).json() == made


def test_a_deleted_workflow_takes_its_executions_with_it(http: httpx.Client) -> None:
    workflow = deploy(http, "gone", SLEEP)
    running = http.post(f"{workflow}/executions", json={}).json()
    assert http.delete(workflow).json()["done"]
    assert http.get(running["name"]).status_code == 404
    assert http.get(workflow).status_code == 404


def test_methods_nobody_serves_are_refused_by_name(http: httpx.Client) -> None:
    answer = http.post(f"{PARENT}/workflows/x/executions/y/callbacks", json={})
    assert (answer.status_code, answer.json()["error"]["status"]) == (501, "UNIMPLEMENTED")


def test_grpc_serves_the_same_executions(http: httpx.Client, executions: ExecutionsClient) -> None:
    workflow = deploy(http, "shared", "main: {params: [a], steps: [{r: {return: '${a + 1}'}}]}", labels={"a": "b"})
    made = executions.create_execution(parent=workflow, execution=Execution(argument="41", labels={"c": "d"}))
    assert (made.state, dict(made.labels)) == (Execution.State.ACTIVE, {"a": "b", "c": "d"})
    for _ in range(500):
        found = executions.get_execution(name=made.name)
        if found.state != Execution.State.ACTIVE:
            break
        time.sleep(0.002)
    assert (found.state, found.result) == (Execution.State.SUCCEEDED, "42")
    assert http.get(made.name).json()["result"] == "42"


def test_grpc_lists_pages_and_views(http: httpx.Client, executions: ExecutionsClient) -> None:
    workflow = deploy(http, "listed", "- a: {return: 1}")
    names = [run(http, workflow, "5")["name"] for _ in range(3)]
    basic = list(executions.list_executions(request={"parent": workflow, "page_size": 2}))
    full = list(executions.list_executions(request={"parent": workflow, "view": ExecutionView.FULL}))
    assert [each.name for each in basic] == [each.name for each in full] == names[::-1]
    assert [each.result for each in basic + full] == ["", "", "", "1", "1", "1"]


def test_grpc_cancels_once(http: httpx.Client, executions: ExecutionsClient) -> None:
    made = executions.create_execution(parent=deploy(http, "slow", SLEEP), execution=Execution())
    assert executions.cancel_execution(name=made.name).state == Execution.State.CANCELLED
    with pytest.raises(FailedPrecondition, match="CANCELLED"):
        executions.cancel_execution(name=made.name)


def test_grpc_refuses_with_the_status_that_rest_names(http: httpx.Client, executions: ExecutionsClient) -> None:
    workflow = deploy(http, "statuses", "- a: {return: 1}")
    with pytest.raises(InvalidArgument, match="not JSON"):
        executions.create_execution(parent=workflow, execution=Execution(argument="{"))
    with pytest.raises(InvalidArgument, match="page_token"):
        list(executions.list_executions(request={"parent": workflow, "page_token": "x"}))
    with pytest.raises(NotFound):
        executions.get_execution(name=f"{workflow}/executions/none")
    with pytest.raises(NotFound):
        executions.create_execution(parent=f"{PARENT}/workflows/none", execution=Execution())

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.workflows_v1 import Workflow, WorkflowsClient
from google.cloud.workflows_v1.services.workflows.transports.rest import WorkflowsRestTransport

from laptop.workflows.server import start
from tests.workflows.google_services import INVOCATION, Script, start_services

PARENT = "projects/demo-proj/locations/us-central1"
VARIABLES = {
    "DATAFORM_SERVICE_ACCOUNT": "dataform@demo-proj.iam.gserviceaccount.com",
    "DATAFORM_REPOSITORY": "ripple",
    "EVENTS_TOPIC": "ripple-events",
    **{
        f"{name.upper()}_BUCKET": f"demo-proj-{name}"
        for name in ("bronze", "checked", "quarantine", "control", "features")
    },
}
ARGUMENT = {
    "batch": 7,
    "epoch": 2,
    "correlation_id": "cor",
    "replay_of": None,
    "causation_id": "cau",
    "part": 0,
    "flows": "sales",
    "checked": "sales",
    "quarantined": "",
    "poll_seconds": 0.01,
}
Execution = dict[str, Any]
Run = Callable[..., Execution]


@pytest.fixture
def run_elt(launch: Any) -> Callable[[Script], Run]:
    def deploy(script: Script) -> Run:
        services = launch(lambda hosting: start_services(hosting, script))
        rest, grpc = services.address, services.grpc
        address = launch(start, dataform=rest, bigquery=rest, pubsub=grpc, firestore=grpc).address
        options = {"host": address, "url_scheme": "http", "credentials": AnonymousCredentials()}
        source = Path("workflows/run_elt.yaml").read_text()
        workflow = Workflow(source_contents=source, user_env_vars=VARIABLES)
        workflows = WorkflowsClient(transport=WorkflowsRestTransport(**options))
        workflows.create_workflow(parent=PARENT, workflow=workflow, workflow_id="run_elt").result(timeout=5)
        return lambda **more: finish(f"http://{address}/v1/", {**ARGUMENT, **more})

    return deploy


def finish(api: str, argument: dict[str, Any]) -> Execution:
    wanted = {"argument": json.dumps(argument)}
    execution: Execution = httpx.post(f"{api}{PARENT}/workflows/run_elt/executions", json=wanted).json()
    while execution["state"] == "ACTIVE":
        time.sleep(0.02)
        execution = httpx.get(api + execution["name"]).json()
    return execution


def only_event(script: Script) -> tuple[dict[str, str], dict[str, Any]]:
    (message,) = script.events
    return dict(message.attributes), json.loads(message.data)


def test_a_batch_that_succeeds_states_its_snapshot(run_elt: Callable[[Script], Run]) -> None:
    script = Script()
    execution = run_elt(script)()
    attributes, data = only_event(script)
    assert execution["state"] == "SUCCEEDED", execution.get("error")
    assert attributes.pop("ce-time").endswith("Z")
    assert attributes == {
        "ce-specversion": "1.0",
        "ce-id": "elt.run.succeeded.v1/7/2",
        "ce-type": "elt.run.succeeded.v1",
        "ce-source": "//ripple/workflows/run_elt",
        "ce-subject": "batches/7",
        "ce-correlationid": "cor",
        "ce-causationid": "cau",
        "content-type": "application/json",
    }
    assert data == {
        "batch": 7,
        "epoch": 2,
        "execution": execution["name"],
        "invocation": INVOCATION,
        "snapshot_uri": "gs://f/s",
        "dataset_version": "v1",
        "train_rows": 10,
        "test_rows": 5,
        "score_rows": 7,
        "cutoff_at": "2026-01-01T00:00:00Z",
    }
    compiled = script.made("compile")[0]["codeCompilationConfig"]["vars"]
    named = {
        name: compiled[name] for name in ("batch", "epoch", "part", "flows", "checked", "quarantined", "checked_bucket")
    }
    assert named == {
        "batch": "7", "epoch": "2", "part": "0", "flows": "sales", "checked": "sales", "quarantined": "",
        "checked_bucket": "demo-proj-checked",
    }  # fmt: skip
    assert script.made("invoke")[0]["invocationConfig"]["serviceAccount"] == VARIABLES["DATAFORM_SERVICE_ACCOUNT"]


@pytest.mark.parametrize("is_trial", [True, False])
def test_a_run_after_which_more_comes_states_its_part_and_reads_no_snapshot(
    is_trial: bool, run_elt: Callable[[Script], Run]
) -> None:
    script = Script()
    execution = run_elt(script)(part=3, is_trial=is_trial, is_last=False)
    attributes, data = only_event(script)
    assert (attributes["ce-id"], attributes["ce-type"]) == ("elt.part.succeeded.v1/7/2", "elt.part.succeeded.v1")
    named = {"batch": 7, "epoch": 2, "part": 3, "trial": is_trial}
    assert data == named | {"execution": execution["name"], "invocation": INVOCATION}
    assert json.loads(execution["result"]) == data
    assert script.made("select") == []
    compiled = script.made("compile")[0]["codeCompilationConfig"]["vars"]
    assert (compiled["part"], compiled["trial"]) == ("3", "true" if is_trial else "")


def test_a_slow_query_for_the_snapshot_is_waited_for(run_elt: Callable[[Script], Run]) -> None:
    script = Script(slow_queries=2)
    execution = run_elt(script)()
    assert execution["state"] == "SUCCEEDED", execution.get("error")
    assert only_event(script)[1]["dataset_version"] == "v1"
    assert [asked["timeoutMs"] for asked in script.made("results")] == ["30000", "30000"]


def test_the_query_for_the_snapshot_says_how_much_it_may_bill(run_elt: Callable[[Script], Run]) -> None:
    script = Script()
    assert run_elt(script)()["state"] == "SUCCEEDED"
    (query,) = script.made("select")
    assert query["maximumBytesBilled"] == str(2**30)


def test_what_a_replay_causes_names_the_correlation_id_that_is_repeated(run_elt: Callable[[Script], Run]) -> None:
    script = Script()
    run_elt(script)(correlation_id="replay-1", replay_of="cor")
    attributes, _ = only_event(script)
    assert (attributes["ce-correlationid"], attributes["ce-replayof"]) == ("replay-1", "cor")


def test_a_second_execution_of_a_claim_ends_without_a_word(run_elt: Callable[[Script], Run]) -> None:
    script = Script()
    run = run_elt(script)
    run()
    second = run()
    assert json.loads(second["result"]) == "already claimed"
    assert (len(script.events), len(script.made("invoke"))) == (1, 1)


def test_a_claim_says_when_it_may_be_forgotten(run_elt: Callable[[Script], Run]) -> None:
    script = Script()
    run_elt(script)()
    (claim,) = script.documents.values()
    begun, over = (claim.fields[name].timestamp_value for name in ("claimed_at", "expires_at"))
    assert dt.timedelta(days=30) <= over - begun < dt.timedelta(days=31)


def test_compilation_errors_in_a_200_answer_fail_the_batch(run_elt: Callable[[Script], Run]) -> None:
    script = Script(compilation_errors=[{"message": "no such ref", "actionTarget": {"name": "orders"}}])
    execution = run_elt(script)()
    attributes, data = only_event(script)
    assert execution["state"] == "FAILED"
    assert attributes["ce-id"] == "elt.run.failed.v1/7/2"
    assert (data["state"], data["reason"]) == ("COMPILATION_FAILED", "1 compilation errors")
    assert data["failed_actions"] == [{"action": "orders", "message": "no such ref"}]
    assert "invocation" not in data
    assert script.made("invoke") == []


def test_a_failed_action_is_named_in_the_failure(run_elt: Callable[[Script], Run]) -> None:
    target = {"schema": "silver", "name": "orders"}
    actions = [{"state": "FAILED", "failureReason": "boom", "target": target}, {"state": "SKIPPED", "target": target}]
    script = Script(states=["RUNNING", "FAILED"], actions=actions)
    run_elt(script)()
    _, data = only_event(script)
    assert (data["state"], data["invocation"]) == ("FAILED", INVOCATION)
    assert data["failed_actions"] == [{"action": "silver.orders", "message": "boom"}]


def test_past_the_deadline_the_invocation_is_cancelled_and_awaited(run_elt: Callable[[Script], Run]) -> None:
    script = Script(states=["RUNNING"])
    run_elt(script)(deadline_seconds=0.1)
    _, data = only_event(script)
    assert (data["state"], data["reason"]) == ("CANCELLED", "cancelled at the deadline")
    assert len(script.made("cancel")) == 1
    assert script.states == ["CANCELLED"]


LIVE = {
    "name": INVOCATION,
    "state": "RUNNING",
    "compilationResult": INVOCATION.split("/workflowI")[0] + "/compilationResults/c0",
}


def test_a_transient_503_is_tried_again(run_elt: Callable[[Script], Run]) -> None:
    script = Script(faults={"invoke": [503], "poll": [503]})
    assert run_elt(script)()["state"] == "SUCCEEDED"
    assert len(script.made("invoke")) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_create_without_a_clear_answer_is_looked_for_before_it_is_made_again(
    run_elt: Callable[[Script], Run], status: int
) -> None:
    script = Script(faults={"invoke": [status]})
    assert run_elt(script)()["state"] == "SUCCEEDED"
    looks = [name for name, _ in script.calls if name in ("list", "invoke")]
    assert looks == ["list", "invoke", "list", "invoke"]


def test_a_create_that_is_refused_fails_the_batch(run_elt: Callable[[Script], Run]) -> None:
    script = Script(faults={"invoke": [500]})
    run_elt(script)()
    _, data = only_event(script)
    assert data["state"] == "ERROR"
    assert "500" in data["reason"]
    assert len(script.made("invoke")) == 1


def test_a_live_invocation_of_another_batch_is_cancelled_before_the_batch_has_its_own(
    run_elt: Callable[[Script], Run],
) -> None:
    script = Script(live=[LIVE], owner="6", states=["RUNNING", "SUCCEEDED"])
    run_elt(script)()
    order = [name for name, _ in script.calls if name in ("list", "cancel", "invoke")]
    assert order == ["list", "cancel", "list", "invoke"]


@pytest.mark.parametrize("other", [{"epoch": "1"}, {"part": "1"}])
def test_an_invocation_of_another_epoch_or_part_of_the_batch_is_a_leftover(
    run_elt: Callable[[Script], Run], other: dict[str, Any]
) -> None:
    script = Script(live=[LIVE], states=["RUNNING", "SUCCEEDED"], **other)
    run_elt(script)()
    order = [name for name, _ in script.calls if name in ("list", "cancel", "invoke")]
    assert order == ["list", "cancel", "list", "invoke"]


def test_it_asks_for_invocations_that_may_be_alive(run_elt: Callable[[Script], Run]) -> None:
    script = Script()
    run_elt(script)()
    (asked,) = script.made("list")
    assert asked["filter"] == 'state = "RUNNING" OR state = "CANCELING"'


def test_where_the_filter_is_refused_all_invocations_are_looked_through(run_elt: Callable[[Script], Run]) -> None:
    ended = [{**LIVE, "name": f"{INVOCATION}-{state}", "state": state} for state in ("SUCCEEDED", "FAILED")]
    script = Script(live=[*ended, LIVE], refuses_filters=True)
    assert run_elt(script)()["state"] == "SUCCEEDED"
    assert [asked["filter"] for asked in script.made("list")] == [""]
    assert (script.made("cancel"), script.made("invoke")) == ([], [])


def test_an_invocation_that_a_person_started_without_a_batch_is_left_alone(run_elt: Callable[[Script], Run]) -> None:
    script = Script(live=[LIVE], owner="")
    assert run_elt(script)()["state"] == "SUCCEEDED"
    assert script.made("cancel") == []


def test_a_live_invocation_of_the_batch_is_joined(run_elt: Callable[[Script], Run]) -> None:
    script = Script(live=[LIVE])
    assert run_elt(script)()["state"] == "SUCCEEDED"
    assert script.made("invoke") == []


def test_a_batch_without_a_snapshot_row_fails(run_elt: Callable[[Script], Run]) -> None:
    script = Script(rows=[])
    run_elt(script)()
    assert "exactly one row" in only_event(script)[1]["reason"]

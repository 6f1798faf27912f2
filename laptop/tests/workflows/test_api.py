from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud.workflows_v1 import Workflow, WorkflowsClient
from google.cloud.workflows_v1.services.workflows.transports.rest import WorkflowsRestTransport

from laptop.hosting import Hosting
from laptop.workflows.executions import INTERRUPTED
from laptop.workflows.server import start
from laptop.workflows.store import ExecutionStore

PARENT = "projects/demo-proj/locations/us-central1"
NAME = f"{PARENT}/workflows/w"
SLEEP = "- a: {call: sys.sleep, args: {seconds: 3600}}"


@pytest.fixture
def address(launch: Any) -> str:
    return str(launch(start).address)


def client(address: str) -> WorkflowsClient:
    transport = WorkflowsRestTransport(host=address, url_scheme="http", credentials=AnonymousCredentials())
    return WorkflowsClient(transport=transport)


def deploy(address: str, source: str) -> Workflow:
    workflow = Workflow(source_contents=source)
    return client(address).create_workflow(parent=PARENT, workflow=workflow, workflow_id="w").result(timeout=5)


def test_a_workflow_is_created_changed_listed_and_deleted(address: str) -> None:
    workflows = client(address)
    made = deploy(address, "- a: {return: 1}")
    with pytest.raises(Conflict):
        deploy(address, "- a: {return: 1}")
    made.source_contents = "- a: {return: 2}"
    changed = workflows.update_workflow(workflow=made, update_mask={"paths": ["source_contents"]}).result(timeout=5)
    assert changed.revision_id == "000002-000"
    assert [each.name for each in workflows.list_workflows(parent=PARENT)] == [NAME]
    workflows.delete_workflow(name=NAME).result(timeout=5)
    with pytest.raises(NotFound):
        workflows.get_workflow(name=NAME)


def test_a_source_that_cannot_run_is_refused_when_it_is_created(address: str) -> None:
    with pytest.raises(BadRequest, match=r"googleapis\.compute"):
        deploy(address, "- a: {call: googleapis.compute.v1.instances.stop}")


def test_a_sleeping_execution_is_cancelled_once(address: str) -> None:
    deploy(address, SLEEP)
    execution = httpx.post(f"http://{address}/v1/{NAME}/executions", json={}).json()
    cancel = f"http://{address}/v1/{execution['name']}:cancel"
    assert httpx.post(cancel).json()["state"] == "CANCELLED"
    assert httpx.post(cancel).json()["error"]["status"] == "FAILED_PRECONDITION"
    assert len(httpx.get(f"http://{address}/v1/{NAME}/executions").json()["executions"]) == 1


def test_an_execution_that_was_running_at_a_restart_has_failed(tmp_path: Path) -> None:
    name = f"{NAME}/executions/e"
    store = ExecutionStore(tmp_path)
    store.put("execution", NAME, {"name": name, "state": "ACTIVE"})
    store.close()

    async def read_after_start() -> dict[str, Any]:
        service = await start(Hosting(state=tmp_path))
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://{service.address}/v1/{name}")
        await service.stop()
        return dict(answer.json())

    execution = asyncio.run(read_after_start())
    assert execution["state"] == "FAILED"
    assert json.loads(execution["error"]["payload"])["message"] == INTERRUPTED

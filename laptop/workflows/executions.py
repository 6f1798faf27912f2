"""Start, finish and cancel executions."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from laptop.hosting import Hosting
from laptop.http import ApiError
from laptop.loops import persist
from laptop.workflows.environment import Connectors, ExecutionEnvironment, Requests
from laptop.workflows.errors import WorkflowError
from laptop.workflows.interpreter import run_workflow
from laptop.workflows.source import read_source
from laptop.workflows.store import ExecutionStore, Resource

_LOG = logging.getLogger("laptop.workflows")
INTERRUPTED = "interrupted by a restart of the laptop"
_RESULT_BYTES = 256 * 1024
_ARGUMENT_BYTES = 32 * 1024
_BASIC = ("name", "startTime", "endTime", "state", "workflowRevisionId")


def stamp(now: float) -> str:
    """RFC 3339 in UTC, microseconds."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def view_basic(execution: Resource) -> Resource:
    """The metadata a list shows unless it is asked for the FULL view."""
    return {field: execution[field] for field in _BASIC if field in execution}


class ExecutionRunner:
    """One asyncio task per ACTIVE execution; the store holds every state that was ever answered."""

    def __init__(
        self,
        *,
        store: ExecutionStore,
        hosting: Hosting,
        requests: Requests,
        connectors: Connectors,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._hosting = hosting
        self._requests = requests
        self._connectors = connectors
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def fail_interrupted(self) -> None:
        """Mark what was ACTIVE when the process died as FAILED: running it again could repeat its effects."""
        for execution in self._store.list_in_state("execution", "ACTIVE"):
            error = {"message": INTERRUPTED, "tags": ["SystemError"]}
            self._finish(execution, "FAILED", error={"payload": json.dumps(error), "context": INTERRUPTED})

    def start(self, workflow: Resource, wanted: Resource) -> Resource:
        """Store a new execution and run it. Raises ApiError 400 for an argument that is not JSON or over 32 KB."""
        argument = _read_argument(wanted.get("argument", ""))
        execution: Resource = {
            "name": f"{workflow['name']}/executions/{uuid.uuid4()}",
            "createTime": stamp(self._now()),
            "startTime": stamp(self._now()),
            "state": "ACTIVE",
            "argument": wanted.get("argument", ""),
            "workflowRevisionId": workflow["revisionId"],
            "labels": {**workflow.get("labels", {}), **wanted.get("labels", {})},
        }
        self._store.put("execution", workflow["name"], execution)
        self._tasks[execution["name"]] = asyncio.create_task(self._run(workflow, execution, argument))
        return execution

    async def cancel(self, execution: Resource) -> Resource:
        """Stop a running execution wherever it waits. Raises ApiError 400 when it has already ended."""
        task = self._tasks.get(execution["name"])
        if execution["state"] != "ACTIVE" or task is None:
            message = f"execution is {execution['state']}, only an ACTIVE one can be cancelled"
            raise ApiError(400, message, status="FAILED_PRECONDITION")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        current = self._store.get("execution", execution["name"]) or execution
        if current["state"] == "ACTIVE":
            current = self._finish(current, "CANCELLED")
        return current

    async def stop(self) -> None:
        """Stop every task; what was ACTIVE stays so in the store and fails at the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, workflow: Resource, execution: Resource, argument: Any) -> None:
        try:
            state, more = await self._end_of(workflow, execution, argument)
            await persist(lambda: self._finish(execution, state, **more))
        finally:
            self._tasks.pop(execution["name"], None)

    async def _end_of(self, workflow: Resource, execution: Resource, argument: Any) -> tuple[str, Resource]:
        """The state it ends in, with its result or error."""
        try:
            surroundings = self._surround(workflow, execution)
            value = await run_workflow(read_source(workflow["sourceContents"]), argument, surroundings)
            return "SUCCEEDED", {"result": _encode_result(value)}
        except WorkflowError as error:
            failure = {"payload": json.dumps(error.value, default=str), "context": str(error.value)[:2000]}
            return "FAILED", {"error": failure}
        except Exception as error:
            _LOG.exception("execution %s broke the interpreter", execution["name"])
            payload = json.dumps({"message": f"internal error: {error!r}", "tags": ["SystemError"]})
            return "FAILED", {"error": {"payload": payload, "context": repr(error)}}

    def _finish(self, execution: Resource, state: str, **more: Any) -> Resource:
        ended = {**execution, "state": state, "endTime": stamp(self._now()), **more}
        self._store.put("execution", execution["name"].split("/executions/")[0], ended)
        return ended

    def _surround(self, workflow: Resource, execution: Resource) -> ExecutionEnvironment:
        parts = execution["name"].split("/")
        builtin = {
            "GOOGLE_CLOUD_PROJECT_ID": parts[1],
            "GOOGLE_CLOUD_PROJECT_NUMBER": "123456789012",
            "GOOGLE_CLOUD_LOCATION": parts[3],
            "GOOGLE_CLOUD_WORKFLOW_ID": parts[5],
            "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": workflow["revisionId"],
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": parts[7],
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ATTEMPT": "1",
            "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": workflow.get("serviceAccount", ""),
        }
        return ExecutionEnvironment(
            now=time.time,
            sleep=asyncio.sleep,
            new_id=lambda: str(uuid.uuid4()),
            log=lambda severity, data: _LOG.info("%s %s %s", execution["name"], severity, data),
            variables={**workflow.get("userEnvVars", {}), **builtin},
            requests=self._requests,
            connectors=self._connectors,
        )


def _read_argument(text: str) -> Any:
    if len(text.encode()) > _ARGUMENT_BYTES:
        raise ApiError(400, f"argument has more than {_ARGUMENT_BYTES} bytes")
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise ApiError(400, f"argument is not JSON: {error}") from error


def _encode_result(value: Any) -> str:
    try:
        text = json.dumps(value)
    except TypeError as error:
        raise WorkflowError({"message": f"result can't be JSON: {error}", "tags": ["TypeError"]}) from error
    if len(text) > _RESULT_BYTES:
        message = f"the result has {len(text)} characters, the limit is {_RESULT_BYTES}"
        raise WorkflowError({"message": message, "tags": ["ResourceLimitError"]})
    return text

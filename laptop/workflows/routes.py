"""The REST surface: Workflows v1 and Workflow Executions v1."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.http import ApiError
from laptop.workflows.errors import SourceError
from laptop.workflows.executions import ExecutionRunner, stamp, view_basic
from laptop.workflows.source import read_source
from laptop.workflows.store import ExecutionStore, Resource

_ID = re.compile(r"[A-Za-z]([-_A-Za-z0-9]{0,62}[A-Za-z0-9])?")
_WRITABLE = {"description", "labels", "serviceAccount", "sourceContents", "userEnvVars", "callLogLevel", "tags"}
_IGNORED = {"name", "state", "createTime", "updateTime", "revisionId", "revisionCreateTime"}
_TYPE = "type.googleapis.com/google.cloud.workflows.v1."


class Api:
    """Handlers over the store and the executions."""

    def __init__(self, store: ExecutionStore, executions: ExecutionRunner, now: Callable[[], float]) -> None:
        self._store = store
        self._executions = executions
        self._now = now

    def routes(self) -> list[Route]:
        workflows = "/v1/projects/{project}/locations/{location}/workflows"
        executions = workflows + "/{workflow}/executions"
        return [
            Route(workflows, self.create_workflow, methods=["POST"]),
            Route(workflows, self.list_workflows, methods=["GET"]),
            Route(workflows + "/{workflow}", self.get_workflow, methods=["GET"]),
            Route(workflows + "/{workflow}", self.patch_workflow, methods=["PATCH"]),
            Route(workflows + "/{workflow}", self.delete_workflow, methods=["DELETE"]),
            Route("/v1/projects/{project}/locations/{location}/operations/{operation}", self.get_operation),
            Route(executions, self.create_execution, methods=["POST"]),
            Route(executions, self.list_executions, methods=["GET"]),
            Route(executions + "/{execution}", self.get_execution, methods=["GET"]),
            Route(executions + "/{execution}:cancel", self.cancel_execution, methods=["POST"]),
        ]

    async def create_workflow(self, request: Request) -> Response:
        name = f"{_parent(request)}/workflows/{request.query_params.get('workflowId', '')}"
        if not _ID.fullmatch(name.rsplit("/", 1)[1]):
            raise ApiError(400, f"workflowId is not valid: {name.rsplit('/', 1)[1]!r}")
        if self._store.get("workflow", name):
            raise ApiError(409, f"workflow {name} already exists")
        made = {"name": name, "state": "ACTIVE", "createTime": stamp(self._now())}
        return self._deploy({**made, **_accept(await request.json())}, revision=1, verb="create")

    async def patch_workflow(self, request: Request) -> Response:
        workflow = self._find("workflow", request)
        wanted = _accept(await request.json())
        mask = request.query_params.get("updateMask", "")
        fields = {_camel(field) for field in mask.split(",")} if mask else set(wanted)
        if fields - _WRITABLE:
            raise ApiError(400, f"updateMask names what can't be updated: {sorted(fields - _WRITABLE)}")
        kept = {key: value for key, value in workflow.items() if key not in fields}
        changed = {key: wanted[key] for key in fields if key in wanted}
        revision = int(workflow["revisionId"].split("-")[0]) + 1
        return self._deploy({**kept, **changed}, revision=revision, verb="update")

    def _deploy(self, workflow: Resource, *, revision: int, verb: str) -> Response:
        try:
            read_source(workflow.get("sourceContents", ""))
        except SourceError as error:
            raise ApiError(400, f"main.yaml can't be deployed: {error}") from error
        now = stamp(self._now())
        workflow |= {"updateTime": now, "revisionId": f"{revision:06d}-000", "revisionCreateTime": now}
        self._store.put("workflow", workflow["name"].rsplit("/workflows/", 1)[0], workflow)
        return self._operation(workflow["name"], verb, {"@type": _TYPE + "Workflow", **workflow})

    async def list_workflows(self, request: Request) -> Response:
        found, more = self._page(request, "workflow", _parent(request), default=500, limit=1000)
        return JSONResponse({"workflows": found, **more})

    async def get_workflow(self, request: Request) -> Response:
        return JSONResponse(self._find("workflow", request))

    async def delete_workflow(self, request: Request) -> Response:
        name = self._find("workflow", request)["name"]
        for execution in self._store.list_under("execution", name, 0, 1_000_000):
            if execution["state"] == "ACTIVE":
                await self._executions.cancel(execution)
        self._store.delete_workflow(name)
        return self._operation(name, "delete", {"@type": "type.googleapis.com/google.protobuf.Empty"})

    async def get_operation(self, request: Request) -> Response:
        return JSONResponse(self._find("operation", request))

    async def create_execution(self, request: Request) -> Response:
        workflow = self._find("workflow", request)
        return JSONResponse(self._executions.start(workflow, await request.json() if await request.body() else {}))

    async def list_executions(self, request: Request) -> Response:
        full = request.query_params.get("view") == "FULL"
        name = self._find("workflow", request)["name"]
        found, more = self._page(request, "execution", name, default=100, limit=100 if full else 1000)
        return JSONResponse({"executions": found if full else [view_basic(each) for each in found], **more})

    async def get_execution(self, request: Request) -> Response:
        return JSONResponse(self._find("execution", request))

    async def cancel_execution(self, request: Request) -> Response:
        return JSONResponse(await self._executions.cancel(self._find("execution", request)))

    def _find(self, kind: str, request: Request) -> Resource:
        name = request.url.path.removeprefix("/v1/").split(":")[0]
        wanted = name.split("/executions")[0] if kind == "workflow" else name
        resource = self._store.get(kind, wanted)
        if resource is None:
            raise ApiError(404, f"{kind} {wanted} not found")
        return resource

    def _operation(self, target: str, verb: str, response: Resource) -> Response:
        parent = target.split("/workflows/", maxsplit=1)[0]
        name = f"{parent}/operations/{verb}-{target.rsplit('/', 1)[1]}-{int(self._now() * 1e6)}"
        metadata = {"@type": _TYPE + "OperationMetadata", "target": target, "verb": verb, "apiVersion": "v1"}
        operation = {"name": name, "done": True, "metadata": metadata, "response": response}
        self._store.put("operation", parent, operation)
        return JSONResponse(operation)

    def _page(
        self, request: Request, kind: str, parent: str, *, default: int, limit: int
    ) -> tuple[list[Resource], Resource]:
        if request.query_params.get("filter") or request.query_params.get("orderBy"):
            raise ApiError(501, "filter and orderBy are not supported on the laptop")
        size = min(_number(request, "pageSize") or default, limit)
        offset = _number(request, "pageToken")
        found = self._store.list_under(kind, parent, offset, size + 1)
        return found[:size], {"nextPageToken": str(offset + size)} if len(found) > size else {}


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "") or "0"
    if not text.isdecimal():
        raise ApiError(400, f"{name} is not valid: {text!r}")
    return int(text)


def _parent(request: Request) -> str:
    return f"projects/{request.path_params['project']}/locations/{request.path_params['location']}"


def _accept(body: Any) -> Resource:
    if not isinstance(body, dict) or set(body) - _WRITABLE - _IGNORED:
        raise ApiError(501, f"fields not supported on the laptop: {sorted(set(body) - _WRITABLE - _IGNORED)}")
    return {key: value for key, value in body.items() if key in _WRITABLE}


def _camel(field: str) -> str:
    first, *rest = field.strip().split("_")
    return first + "".join(word.title() for word in rest)

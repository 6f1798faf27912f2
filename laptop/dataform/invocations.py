"""workflowInvocations: create, get, list, query, cancel, delete."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.dataform.graph import Action, read_actions
from laptop.dataform.plan import select_actions
from laptop.dataform.repositories import ONE
from laptop.dataform.resources import new_action
from laptop.dataform.running import new_run
from laptop.dataform.services import body_of, need, page_of, paged, refuse_fields, repository_name, surroundings
from laptop.dataform.store import Record
from laptop.http import ApiError

_COLLECTION = f"{ONE}/workflowInvocations"
_INVOCATION = f"{_COLLECTION}/{{invocation}}"


async def create(request: Request) -> Response:
    """Start running a compilation's actions; the answer is RUNNING."""
    body, around = await body_of(request), surroundings(request)
    repository = need(request, "repository", repository_name(request))
    refuse_fields(body, ("workflowConfig",), "workflowInvocation")
    compilation = _need_compilation(request, body)
    config = dict(body.get("invocationConfig") or {})
    refuse_fields(config, ("endUserAuthConfig",), "invocationConfig")
    actions = _selected(around.store.graph(compilation["name"]), config)
    invocation = {
        "name": f"{repository['name']}/workflowInvocations/{around.new_id()}",
        "compilationResult": compilation["name"],
        "resolvedCompilationResult": compilation["name"],
        "invocationConfig": config,
        "state": "RUNNING",
        "invocationTiming": {"startTime": around.now()},
    }
    records = [new_action(f"{invocation['name']}/{number}", action) for number, action in enumerate(actions)]
    around.store.put_invocation(invocation, records, repository["name"])
    answer = dict(invocation)
    around.runner.begin(new_run(invocation, actions, records, around.location))
    return JSONResponse(answer)


def _need_compilation(request: Request, body: Record) -> Record:
    """Raises ApiError: 404 if it is not there, 400 if it has errors or belongs to another repository."""
    name = str(body.get("compilationResult", ""))
    if not name.startswith(f"{repository_name(request)}/compilationResults/"):
        raise ApiError(400, f"compilationResult {name!r} is not one of {repository_name(request)}")
    compilation = need(request, "compilation", name)
    if compilation["compilationErrors"]:
        raise ApiError(400, f"{name} has compilation errors", status="FAILED_PRECONDITION")
    return compilation


def _selected(graph: Record, config: Record) -> list[Action]:
    try:
        return select_actions(read_actions(graph), config)
    except ValueError as error:
        raise ApiError(400, str(error)) from error


def _name(request: Request) -> str:
    return f"{repository_name(request)}/workflowInvocations/{request.path_params['invocation']}"


async def get(request: Request) -> Response:
    return JSONResponse(need(request, "invocation", _name(request)))


async def list_all(request: Request) -> Response:
    """Newest first; those in one of the states that `filter` names, if it is given."""
    need(request, "repository", repository_name(request))
    states = read_states(request.query_params.get("filter", ""))
    found = surroundings(request).store.list("invocation", repository_name(request))
    shown = [record for record in found[::-1] if not states or record["state"] in states]
    return JSONResponse(page_of(request, "workflowInvocations", shown))


def read_states(text: str) -> frozenset[str]:
    """States of a filter like `state = "RUNNING" OR state = "CANCELING"`; none of an empty one. ApiError 501 for any other. Pure."""
    terms = re.split(r"\s+OR\s+", text.strip()) if text.strip() else []
    found = [re.fullmatch(r'state\s*=\s*"?([A-Z_]+)"?', term) for term in terms]
    if None in found:
        raise ApiError(501, f"filter {text!r} is not supported: states, parted by OR, are")
    return frozenset(match[1] for match in found if match)


async def query(request: Request) -> Response:
    """The actions with their states."""
    record = need(request, "invocation", _name(request))
    actions = surroundings(request).store.list("action", record["name"])
    shown = [{key: value for key, value in action.items() if key != "name"} for action in actions]
    return JSONResponse(paged(request, "workflowInvocationActions", shown))


async def cancel(request: Request) -> Response:
    """Asks for an end; one that has ended stays as it is."""
    record = need(request, "invocation", _name(request))
    await surroundings(request).runner.cancel(record["name"])
    return JSONResponse({})


async def delete(request: Request) -> Response:
    record = need(request, "invocation", _name(request))
    if record["state"] in ("RUNNING", "CANCELING"):
        raise ApiError(400, f"{record['name']} is running", status="FAILED_PRECONDITION")
    surroundings(request).store.delete_invocation(record["name"])
    return JSONResponse({})


ROUTES = [
    Route(f"{_INVOCATION}:query", query, methods=["GET"]),
    Route(f"{_INVOCATION}:cancel", cancel, methods=["POST"]),
    Route(_COLLECTION, create, methods=["POST"]),
    Route(_COLLECTION, list_all, methods=["GET"]),
    Route(_INVOCATION, get, methods=["GET"]),
    Route(_INVOCATION, delete, methods=["DELETE"]),
]

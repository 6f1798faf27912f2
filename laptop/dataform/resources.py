"""Compiled actions and compilation errors in the shape of Dataform's REST API. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laptop.dataform.graph import Action, Graph, read_actions, target_of

Resource = dict[str, Any]


def compilation_errors(graph: Graph) -> list[Resource]:
    return [_error(item) for item in graph.get("graphErrors", {}).get("compilationErrors", [])]


def _error(item: Mapping[str, Any]) -> Resource:
    given = {"message": item.get("message", ""), "stack": item.get("stack"), "path": item.get("fileName")}
    error = {key: value for key, value in given.items() if value or key == "message"}
    if item.get("actionTarget"):
        error["actionTarget"] = target_of(item["actionTarget"]).as_json()
    return error


def compiled_actions(graph: Graph) -> list[Resource]:
    """`CompilationResultAction` resources, in the compiler's order."""
    return [_compiled(action) for action in read_actions(graph)]


def _compiled(action: Action) -> Resource:
    resource: Resource = {
        "target": action.target.as_json(),
        "canonicalTarget": target_of(action.body.get("canonicalTarget", action.body["target"])).as_json(),
        "filePath": action.body.get("fileName", ""),
    }
    shapes = {"operations": _operations, "assertion": _assertion, "declaration": _declaration}
    if action.kind in shapes:
        resource["operations" if action.kind == "operations" else action.kind] = shapes[action.kind](action)
    else:
        resource["relation"] = _relation(action)
    return resource


def _shared(action: Action) -> Resource:
    return {
        "dependencyTargets": [target.as_json() for target in action.dependencies],
        "disabled": action.disabled,
        "tags": list(action.tags),
    }


def _descriptor(action: Action) -> Resource:
    descriptor = action.body.get("actionDescriptor", {})
    columns = [
        {"path": column["path"], "description": column.get("description", "")}
        for column in descriptor.get("columns", [])
    ]
    return {"description": descriptor.get("description", ""), "columns": columns}


def _declaration(action: Action) -> Resource:
    return {"relationDescriptor": _descriptor(action)}


def _operations(action: Action) -> Resource:
    return {
        **_shared(action),
        "queries": list(action.body.get("queries", [])),
        "hasOutput": bool(action.body.get("hasOutput")),
        "relationDescriptor": _descriptor(action),
    }


def _assertion(action: Action) -> Resource:
    parent = action.body.get("parentAction")
    resource = {
        **_shared(action),
        "selectQuery": action.body.get("query", ""),
        "relationDescriptor": _descriptor(action),
    }
    return {**resource, "parentAction": target_of(parent).as_json()} if parent else resource


def _relation(action: Action) -> Resource:
    body, options = action.body, action.body.get("bigquery", {})
    resource = {
        **_shared(action),
        "relationType": {"incremental": "INCREMENTAL_TABLE"}.get(action.kind, action.kind.upper()),
        "selectQuery": body.get("query", ""),
        "preOperations": list(body.get("preOps", [])),
        "postOperations": list(body.get("postOps", [])),
        "relationDescriptor": _descriptor(action),
        "partitionExpression": options.get("partitionBy", ""),
        "clusterExpressions": list(options.get("clusterBy", [])),
    }
    if action.kind == "incremental":
        resource["incrementalTableConfig"] = _incremental(body)
    return resource


def _incremental(body: Mapping[str, Any]) -> Resource:
    return {
        "incrementalSelectQuery": body.get("incrementalQuery", ""),
        "refreshDisabled": bool(body.get("protected")),
        "uniqueKeyParts": list(body.get("uniqueKey", [])),
        "updatePartitionFilter": body.get("bigquery", {}).get("updatePartitionFilter", ""),
        "incrementalPreOperations": list(body.get("incrementalPreOps", [])),
        "incrementalPostOperations": list(body.get("incrementalPostOps", [])),
    }


def new_action(name: str, action: Action) -> Resource:
    """A `WorkflowInvocationAction` that waits, or is disabled; `name` is ours, to keep it by."""
    target = action.target.as_json()
    canonical = target_of(action.body.get("canonicalTarget", action.body["target"])).as_json()
    state = "DISABLED" if action.disabled else "PENDING"
    return {"name": name, "target": target, "canonicalTarget": canonical, "state": state, "bigqueryAction": {}}


def page(items: Sequence[Resource], size: int, token: str) -> tuple[list[Resource], str]:
    """Items from an offset given as token, and the next token or "". Raises ValueError for a token that is none."""
    if token and not token.isdecimal():
        raise ValueError(f"pageToken {token!r}")
    start = int(token or 0)
    end = start + size
    return list(items[start:end]), str(end) if end < len(items) else ""

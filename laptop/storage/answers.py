"""JSON answers, cut down to the fields a request asks for, and bodies that must be JSON objects."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from laptop.http import ApiError
from laptop.storage.catalog import Record

Selection = dict[str, Any]


def answer(request: Request, body: Record) -> JSONResponse:
    """`body`, less what `fields` leaves out."""
    asked = request.query_params.get("fields")
    return JSONResponse(select(body, read_selection(asked)) if asked else body)


async def read_fields(request: Request) -> Record:
    """The request's body as a JSON object, `{}` if it has none."""
    return parse_fields(await request.body())


def parse_fields(body: bytes) -> Record:
    """A JSON object; 400 for anything else."""
    try:
        fields = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise ApiError(400, f"Parse Error: {error}", reason="parseError") from error
    if not isinstance(fields, dict):
        raise ApiError(400, "the body must be a JSON object", reason="parseError")
    return fields


def read_selection(text: str) -> Selection:
    """`items(name,size),nextPageToken` or `items/name` as a tree; `{}` at a leaf takes all below it."""
    root: Selection = {}
    open_nodes, node, word = [root], root, ""
    for sign in text + ",":
        if sign not in ",()/":
            word += sign
            continue
        node = node.setdefault(word.strip(), {}) if word.strip() else node
        word = ""
        if sign == "(":
            open_nodes.append(node)
        elif sign == ")":
            _close(open_nodes, text)
        if sign in ",)":
            node = open_nodes[-1]
    if len(open_nodes) != 1:
        raise ApiError(400, f"Invalid field selection {text}", reason="invalidParameter")
    return root


def _close(open_nodes: list[Selection], text: str) -> None:
    if len(open_nodes) == 1:
        raise ApiError(400, f"Invalid field selection {text}", reason="invalidParameter")
    open_nodes.pop()


def select(value: Any, wanted: Selection) -> Any:
    """What `wanted` keeps of `value`; lists are cut element by element."""
    if not wanted or "*" in wanted:
        return value
    if isinstance(value, list):
        return [select(element, wanted) for element in value]
    if not isinstance(value, dict):
        return value
    return {name: select(below, wanted[name]) for name, below in value.items() if name in wanted}

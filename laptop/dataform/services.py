"""What every handler needs, and how it reads requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request

from laptop.dataform.resources import page
from laptop.dataform.running import Runner
from laptop.dataform.store import Record, RecordStore
from laptop.http import ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class DataformServices:
    """`now` gives RFC 3339, `new_id` a fresh id; `folder` is the service's own; `installed` as in `compile_files`."""

    store: RecordStore
    runner: Runner
    folder: Path
    installed: Path | None
    location: str
    now: Callable[[], str]
    new_id: Callable[[], str]


def surroundings(request: Request) -> DataformServices:
    found: DataformServices = request.app.state.surroundings
    return found


def parent_of(request: Request) -> str:
    return "projects/{project}/locations/{location}".format(**request.path_params)


def repository_name(request: Request) -> str:
    return f"{parent_of(request)}/repositories/{request.path_params['repository']}"


def need(request: Request, kind: str, name: str) -> Record:
    """Raises ApiError 404."""
    record = surroundings(request).store.get(kind, name)
    if record is None:
        raise ApiError(404, f"Resource not found: {name}")
    return record


async def body_of(request: Request) -> dict[str, Any]:
    """Raises ApiError 400 if the body is no JSON object."""
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError as error:
        raise ApiError(400, f"Invalid JSON payload: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "Invalid JSON payload: expected an object")
    return body


def refuse_fields(body: Mapping[str, Any], fields: tuple[str, ...], where: str) -> None:
    """Raises ApiError 501 for what is not served, by name."""
    for field in fields:
        if body.get(field):
            raise ApiError(501, f"{where}.{field} is not supported")


def paged(request: Request, key: str, items: list[Record]) -> dict[str, Any]:
    """One page of a list answer. Raises ApiError: 400 for a bad size or token, 501 for an order or a filter."""
    if request.query_params.get("filter"):
        raise ApiError(501, f"a filter of {key} is not supported")
    return page_of(request, key, items)


def page_of(request: Request, key: str, items: list[Record]) -> dict[str, Any]:
    """One page of items that the caller has filtered. Raises ApiError: 400 for a bad size or token, 501 for an order."""
    asked = request.query_params
    if asked.get("orderBy"):
        raise ApiError(501, f"an order of {key} is not supported")
    try:
        size = min(int(asked.get("pageSize") or 50), 1000)
        found, token = page(items, size if size > 0 else 50, asked.get("pageToken", ""))
    except ValueError as error:
        raise ApiError(400, f"Invalid page: {error}") from error
    return {key: found, **({"nextPageToken": token} if token else {})}

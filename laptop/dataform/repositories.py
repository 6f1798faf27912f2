"""repositories: create, get, list, delete, commit, readFile, queryDirectoryContents."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.dataform.services import (
    body_of,
    need,
    paged,
    parent_of,
    refuse_fields,
    repository_name,
    surroundings,
)
from laptop.dataform.store import Record, RecordStore
from laptop.http import ApiError

_ID = re.compile(r"[A-Za-z0-9_.-]{1,90}")
_UNSERVED = (
    "gitRemoteSettings",
    "npmrcEnvironmentVariablesSecretVersion",
    "workspaceCompilationOverrides",
    "kmsKeyName",
)
_BASE = "/v1/projects/{project}/locations/{location}/repositories"
ONE = f"{_BASE}/{{repository}}"


async def create(request: Request) -> Response:
    body, store = await body_of(request), surroundings(request).store
    given = request.query_params.get("repositoryId", "")
    if not _ID.fullmatch(given):
        raise ApiError(400, f"repositoryId {given!r} must match {_ID.pattern}")
    refuse_fields(body, _UNSERVED, "repository")
    name = f"{parent_of(request)}/repositories/{given}"
    if store.get("repository", name):
        raise ApiError(409, f"Resource already exists: {name}")
    record = {**body, "name": name, "createTime": surroundings(request).now()}
    store.put("repository", record, "")
    return JSONResponse(_shown(record))


def _shown(record: Record) -> Record:
    return {key: value for key, value in record.items() if key != "head"}


async def get(request: Request) -> Response:
    return JSONResponse(_shown(need(request, "repository", repository_name(request))))


async def list_all(request: Request) -> Response:
    under = f"{parent_of(request)}/repositories/"
    found = [_shown(item) for item in surroundings(request).store.list("repository") if item["name"].startswith(under)]
    return JSONResponse(paged(request, "repositories", found))


async def delete(request: Request) -> Response:
    name = repository_name(request)
    need(request, "repository", name)
    around = surroundings(request)
    if any(live.startswith(f"{name}/") for live in around.runner.live):
        raise ApiError(400, f"{name} has a running invocation", status="FAILED_PRECONDITION")
    if around.store.list("compilation", name) and request.query_params.get("force") != "true":
        raise ApiError(400, f"{name} has child resources: set force", status="FAILED_PRECONDITION")
    around.store.delete_repository(name)
    return JSONResponse({})


async def commit(request: Request) -> Response:
    """One commit on the default branch; durable when answered."""
    body, around = await body_of(request), surroundings(request)
    repository = need(request, "repository", repository_name(request))
    metadata, head = body.get("commitMetadata") or {}, repository.get("head", "")
    if not (metadata.get("author") or {}).get("name") or not metadata["author"].get("emailAddress"):
        raise ApiError(400, "commitMetadata.author needs name and emailAddress")
    required = body.get("requiredHeadCommitSha")
    if required and required != head:
        raise ApiError(400, f"The head is {head or 'empty'}, not {required}", status="FAILED_PRECONDITION")
    files, blobs = _applied(around.store.commit_files(repository["name"], head), body.get("fileOperations") or {})
    sha = _commit_sha(head, files, metadata, around.now())
    around.store.put_commit({**repository, "head": sha}, sha, files, blobs)
    return JSONResponse({"commitSha": sha})


def _applied(files: dict[str, str], operations: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, bytes]]:
    """The files after the operations and the contents that are new. Raises ApiError 400; nothing is half applied."""
    blobs: dict[str, bytes] = {}
    for path, operation in operations.items():
        _check_path(path)
        if "writeFile" in operation:
            content = _decoded(path, (operation["writeFile"] or {}).get("contents", ""))
            digest = hashlib.sha256(content).hexdigest()
            files[path], blobs[digest] = digest, content
        elif "deleteFile" in operation:
            if files.pop(path, None) is None:
                raise ApiError(400, f"{path} cannot be deleted: there is no such file", status="FAILED_PRECONDITION")
        else:
            raise ApiError(400, f"{path}: expected writeFile or deleteFile")
    return files, blobs


def _check_path(path: str) -> None:
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path or "\x00" in path or parts[0] == "node_modules":
        raise ApiError(400, f"{path!r} is not a path inside the repository")


def _decoded(path: str, text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(400, f"{path}: contents are not base64") from error


def _commit_sha(parent: str, files: Mapping[str, str], metadata: Mapping[str, Any], now: str) -> str:
    text = "\n".join([parent, now, str(metadata), *(f"{path} {digest}" for path, digest in sorted(files.items()))])
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def resolve_commit(store: RecordStore, repository: Record, commitish: str) -> str:
    """A commit's sha from `main`, nothing, or an abbreviated sha. Raises ApiError 400."""
    head = str(repository.get("head", ""))
    if commitish in ("", "main", "HEAD") and head:
        return head
    found = store.find_commits(repository["name"], commitish) if re.fullmatch(r"[0-9a-f]{7,40}", commitish) else []
    if len(found) != 1:
        raise ApiError(400, f"Git commitish {commitish or 'HEAD'!r} names no commit of {repository['name']}")
    return found[0]


async def read_file(request: Request) -> Response:
    store, path = surroundings(request).store, request.query_params.get("path", "")
    repository = need(request, "repository", repository_name(request))
    files = store.commit_files(
        repository["name"], resolve_commit(store, repository, request.query_params.get("commitSha", ""))
    )
    if path not in files:
        raise ApiError(404, f"No file {path!r} in {repository['name']}")
    return JSONResponse({"contents": base64.b64encode(store.blob(files[path])).decode()})


async def query_directory(request: Request) -> Response:
    """The files and folders of one folder, by full path."""
    store, asked = surroundings(request).store, request.query_params
    repository = need(request, "repository", repository_name(request))
    sha = resolve_commit(store, repository, asked.get("commitSha", ""))
    entries = list_folder(store.commit_files(repository["name"], sha), asked.get("path", "").strip("/"))
    if not entries:
        raise ApiError(404, f"No folder {asked.get('path', '')!r} in {repository['name']}")
    return JSONResponse(paged(request, "directoryEntries", entries))


def list_folder(paths: Iterable[str], folder: str) -> list[Record]:
    """`{"file": path}` and `{"directory": path}` of what is right in `folder`, in order. Pure."""
    start = f"{folder}/" if folder else ""
    inside = [path.removeprefix(start) for path in sorted(paths) if path.startswith(start)]
    folders = dict.fromkeys(path.split("/")[0] for path in inside if "/" in path)
    files = [{"file": start + path} for path in inside if "/" not in path]
    return [*({"directory": start + name} for name in folders), *files]


# Verbs first: `{repository}` would take `shop:commit` for a name.
ROUTES = [
    Route(f"{ONE}:commit", commit, methods=["POST"]),
    Route(f"{ONE}:readFile", read_file, methods=["GET"]),
    Route(f"{ONE}:queryDirectoryContents", query_directory, methods=["GET"]),
    Route(_BASE, create, methods=["POST"]),
    Route(_BASE, list_all, methods=["GET"]),
    Route(ONE, get, methods=["GET"]),
    Route(ONE, delete, methods=["DELETE"]),
]

"""compilationResults: create, get, list, query."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.dataform.compiler import UNSUPPORTED_OVERRIDES, compile_files
from laptop.dataform.graph import unsupported_parts
from laptop.dataform.repositories import ONE, resolve_commit
from laptop.dataform.resources import compilation_errors, compiled_actions
from laptop.dataform.services import body_of, need, paged, refuse_fields, repository_name, surroundings
from laptop.dataform.store import Record
from laptop.http import ApiError

_COLLECTION = f"{ONE}/compilationResults"
_COMPILATION = f"{_COLLECTION}/{{compilation}}"


async def create(request: Request) -> Response:
    """Compile a commit. Errors in the project are part of a 200 answer."""
    body, around = await body_of(request), surroundings(request)
    repository = need(request, "repository", repository_name(request))
    refuse_fields(body, ("workspace", "releaseConfig"), "compilationResult")
    config = dict(body.get("codeCompilationConfig") or {})
    refuse_fields(config, UNSUPPORTED_OVERRIDES, "codeCompilationConfig")
    sha = resolve_commit(around.store, repository, body.get("gitCommitish", ""))
    files = {
        path: around.store.blob(digest) for path, digest in around.store.commit_files(repository["name"], sha).items()
    }
    checkout, modules = around.folder / "checkouts" / sha, around.folder / "modules"
    graph = await compile_files(files, checkout, modules, _override(config), around.installed)
    if unserved := unsupported_parts(graph):
        raise ApiError(501, f"not supported: {', '.join(unserved)}")
    record = {
        "name": f"{repository['name']}/compilationResults/{around.new_id()}",
        "gitCommitish": body.get("gitCommitish", ""),
        "codeCompilationConfig": config,
        "resolvedGitCommitSha": sha,
        "dataformCoreVersion": graph.get("dataformCoreVersion", ""),
        "createTime": around.now(),
        "compilationErrors": compilation_errors(graph),
    }
    around.store.put_compilation(record, graph, repository["name"])
    return JSONResponse(_shown(record))


def _override(config: Record) -> Record:
    """The API's codeCompilationConfig has the compiler's own names; vars must be strings."""
    texts = all(isinstance(value, str) for value in (config.get("vars") or {}).values())
    if not texts:
        raise ApiError(400, "codeCompilationConfig.vars must be strings")
    return config


def _shown(record: Record) -> Record:
    return {key: value for key, value in record.items() if value not in ("", [], {})}


def _name(request: Request) -> str:
    return f"{repository_name(request)}/compilationResults/{request.path_params['compilation']}"


async def get(request: Request) -> Response:
    return JSONResponse(_shown(need(request, "compilation", _name(request))))


async def list_all(request: Request) -> Response:
    """Newest first."""
    need(request, "repository", repository_name(request))
    found = surroundings(request).store.list("compilation", repository_name(request))
    return JSONResponse(paged(request, "compilationResults", [_shown(item) for item in reversed(found)]))


async def query(request: Request) -> Response:
    record = need(request, "compilation", _name(request))
    actions = compiled_actions(surroundings(request).store.graph(record["name"]))
    return JSONResponse(paged(request, "compilationResultActions", actions))


ROUTES = [
    Route(f"{_COMPILATION}:query", query, methods=["GET"]),
    Route(_COLLECTION, create, methods=["POST"]),
    Route(_COLLECTION, list_all, methods=["GET"]),
    Route(_COMPILATION, get, methods=["GET"]),
]

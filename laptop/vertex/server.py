"""The REST surface: pipelineJobs and models of Vertex AI v1; long-running operations are answered done."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from laptop.hosting import Hosting
from laptop.http import ApiError, HttpService, serve_http
from laptop.vertex.database import JobDatabase
from laptop.vertex.jobs import PipelineRunner
from laptop.vertex.listing import cut_page, matches
from laptop.vertex.models import Models
from laptop.vertex.processes import count_parallel_jobs, make_environment

_PARENT = "/v1/projects/{project}/locations/{location}"
_TYPES = "type.googleapis.com/google.cloud.aiplatform.v1"
_EMPTY = {"@type": "type.googleapis.com/google.protobuf.Empty"}


@dataclass(slots=True)
class VertexService:
    """The running server with the jobs it owns."""

    http: HttpService
    jobs: PipelineRunner
    database: JobDatabase

    @property
    def address(self) -> str:
        return self.http.address

    async def stop(self) -> None:
        await self.http.stop()
        await self.jobs.stop()
        self.database.close()


async def start(hosting: Hosting) -> VertexService:
    """Serve on `hosting`; jobs run in what `hosting.pipelines` says stands for their image."""
    database = JobDatabase(hosting.state / "vertex.sqlite3", fsync=hosting.fsync)
    app = Starlette(routes=_ROUTES)
    http = await serve_http(app, hosting, "aiplatform.v1")
    endpoints = {**hosting.endpoints, "vertex": http.address}
    env = make_environment(os.environ, endpoints, hosting.project, hosting.pipelines.env)
    parallel = count_parallel_jobs(os.cpu_count() or 1)
    python = hosting.pipelines.python
    jobs = PipelineRunner(database, hosting.state, python=python, env=env, parallel=parallel, clock=_clock)
    app.state.jobs, app.state.models = jobs, Models(database, _clock)
    jobs.resume()
    return VertexService(http, jobs, database)


def _clock() -> datetime:
    return datetime.now(UTC)


def _parent(request: Request) -> str:
    return "projects/{project}/locations/{location}".format(**request.path_params)


def _name(request: Request, collection: str) -> str:
    return f"{_parent(request)}/{collection}/{request.path_params['id']}"


def _answer_page(request: Request, key: str, rows: list[Any]) -> JSONResponse:
    query = request.query_params
    kept = [row for row in rows if matches(row, query.get("filter", ""))]
    page, token = cut_page(kept, query.get("pageSize", ""), query.get("pageToken", ""))
    return JSONResponse({key: page, **({"nextPageToken": token} if token else {})})


def _answer_done(request: Request, metadata: str, response: dict[str, Any]) -> JSONResponse:
    name = f"{_parent(request)}/operations/{uuid.uuid4().int >> 66}"
    return JSONResponse(
        {"name": name, "done": True, "metadata": {"@type": f"{_TYPES}.{metadata}"}, "response": response}
    )


async def _create_job(request: Request) -> JSONResponse:
    job_id = request.query_params.get("pipelineJobId") or f"job-{uuid.uuid4()}"
    return JSONResponse(request.app.state.jobs.create(_parent(request), job_id, await request.json()))


async def _list_jobs(request: Request) -> JSONResponse:
    if request.query_params.get("orderBy"):
        raise ApiError(501, "orderBy is not supported here: jobs come newest first")
    return _answer_page(request, "pipelineJobs", request.app.state.jobs.list_under(_parent(request)))


async def _get_job(request: Request) -> JSONResponse:
    return JSONResponse(request.app.state.jobs.get(_name(request, "pipelineJobs")))


async def _cancel_job(request: Request) -> JSONResponse:
    await request.app.state.jobs.cancel(_name(request, "pipelineJobs"))
    return JSONResponse({})


async def _delete_job(request: Request) -> JSONResponse:
    request.app.state.jobs.delete(_name(request, "pipelineJobs"))
    return _answer_done(request, "DeleteOperationMetadata", _EMPTY)


async def _upload_model(request: Request) -> JSONResponse:
    version = request.app.state.models.upload(_parent(request), await request.json())
    answer = {"model": version["name"], "modelVersionId": version["versionId"]}
    done = {"@type": f"{_TYPES}.UploadModelResponse", **answer}
    return _answer_done(request, "UploadModelOperationMetadata", done)


async def _list_models(request: Request) -> JSONResponse:
    return _answer_page(request, "models", request.app.state.models.list_under(_parent(request)))


async def _list_versions(request: Request) -> JSONResponse:
    return _answer_page(request, "models", request.app.state.models.list_versions(_name(request, "models")))


async def _get_model(request: Request) -> JSONResponse:
    return JSONResponse(request.app.state.models.get(_name(request, "models")))


async def _merge_aliases(request: Request) -> JSONResponse:
    aliases = (await request.json()).get("versionAliases", [])
    return JSONResponse(request.app.state.models.merge_aliases(_name(request, "models"), aliases))


async def _delete_model(request: Request) -> JSONResponse:
    request.app.state.models.delete(_name(request, "models"))
    return _answer_done(request, "DeleteOperationMetadata", _EMPTY)


async def _delete_version(request: Request) -> JSONResponse:
    request.app.state.models.delete_version(_name(request, "models"))
    return _answer_done(request, "DeleteOperationMetadata", _EMPTY)


_ROUTES = [
    Route(f"{_PARENT}/pipelineJobs", _create_job, methods=["POST"]),
    Route(f"{_PARENT}/pipelineJobs", _list_jobs, methods=["GET"]),
    Route(f"{_PARENT}/pipelineJobs/{{id}}:cancel", _cancel_job, methods=["POST"]),
    Route(f"{_PARENT}/pipelineJobs/{{id}}", _get_job, methods=["GET"]),
    Route(f"{_PARENT}/pipelineJobs/{{id}}", _delete_job, methods=["DELETE"]),
    Route(f"{_PARENT}/models:upload", _upload_model, methods=["POST"]),
    Route(f"{_PARENT}/models", _list_models, methods=["GET"]),
    Route(f"{_PARENT}/models/{{id}}:listVersions", _list_versions, methods=["GET"]),
    Route(f"{_PARENT}/models/{{id}}:mergeVersionAliases", _merge_aliases, methods=["POST"]),
    Route(f"{_PARENT}/models/{{id}}:deleteVersion", _delete_version, methods=["DELETE"]),
    Route(f"{_PARENT}/models/{{id}}", _get_model, methods=["GET"]),
    Route(f"{_PARENT}/models/{{id}}", _delete_model, methods=["DELETE"]),
]

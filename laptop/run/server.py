"""The Cloud Run v2 REST API: services and jobs."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.addresses import client_environment
from laptop.hosting import Hosting
from laptop.http import ApiError, HttpService, serve_http
from laptop.orphans import end_owned
from laptop.records import Record, Records
from laptop.run.jobs import JobRunner
from laptop.run.services import Services

_NAME = re.compile(r"[a-z](?:[-_a-z0-9]{0,47}[a-z0-9])?")
"""As Cloud Run has it, and `_`: a function's source folder is often its service's name on a laptop."""
_TYPE = "type.googleapis.com/google.cloud.run.v2."


class RunApi:
    """Request handlers; names are `projects/P/locations/L/{services|jobs}/NAME`."""

    def __init__(self, services: Services, jobs: JobRunner, records: Records) -> None:
        self._services, self._jobs, self._records = services, jobs, records

    async def create_service(self, request: Request) -> Response:
        name = f"{_parent(request)}/services/{_id(request, 'serviceId')}"
        if self._services.get(name):
            raise ApiError(409, f"service {name} exists")
        return await self._deploy(request, name)

    async def patch_service(self, request: Request) -> Response:
        name = _name(request, "services")
        _need(self._services.get(name), request)
        return await self._deploy(request, name)

    async def _deploy(self, request: Request, name: str) -> Response:
        body = await request.json()
        try:
            service = await self._services.deploy({**body, "name": name})
        except (RuntimeError, KeyError, OSError) as error:
            raise ApiError(400, f"{name} does not start: {error}") from error
        return _operation(name, "Service", service, done=True)

    async def get_service(self, request: Request) -> Response:
        return JSONResponse(_found(self._services.get(_name(request, "services")), request))

    async def list_services(self, request: Request) -> Response:
        return JSONResponse({"services": self._services.list_all(_parent(request))})

    async def delete_service(self, request: Request) -> Response:
        name = _name(request, "services")
        if not await self._services.delete(name):
            raise ApiError(404, f"{name} not found")
        return _operation(name, "Service", {"name": name}, done=True)

    async def create_job(self, request: Request) -> Response:
        name = f"{_parent(request)}/jobs/{_id(request, 'jobId')}"
        if self._records.get("job", name):
            raise ApiError(409, f"job {name} exists")
        return await self._put_job(request, name)

    async def patch_job(self, request: Request) -> Response:
        name = _name(request, "jobs")
        _need(self._records.get("job", name), request)
        return await self._put_job(request, name)

    async def _put_job(self, request: Request, name: str) -> Response:
        job = {**await request.json(), "name": name}
        if not job.get("template", {}).get("template", {}).get("containers"):
            raise ApiError(400, "a job needs template.template.containers")
        self._records.put("job", name, job)
        return _operation(name, "Job", job, done=True)

    async def get_job(self, request: Request) -> Response:
        return JSONResponse(_found(self._records.get("job", _name(request, "jobs")), request))

    async def list_jobs(self, request: Request) -> Response:
        return JSONResponse({"jobs": self._records.list("job", f"{_parent(request)}/jobs/")})

    async def delete_job(self, request: Request) -> Response:
        name = _name(request, "jobs")
        if not self._records.delete("job", name):
            raise ApiError(404, f"{name} not found")
        return _operation(name, "Job", {"name": name}, done=True)

    async def run_job(self, request: Request) -> Response:
        name = f"{_parent(request)}/jobs/{request.path_params['name']}"
        job = _found(self._records.get("job", name), request)
        body = await request.json() if await request.body() else {}
        overrides = body.get("overrides", {})
        container = (overrides.get("containerOverrides") or [{}])[0]
        if "taskCount" in overrides:
            job["template"]["taskCount"] = overrides["taskCount"]
        arguments = [] if container.get("clearArgs") else container.get("args")
        execution = self._jobs.run(job, arguments, container.get("env", []))
        return _operation(name, "Execution", execution, done=False)

    async def get_execution(self, request: Request) -> Response:
        name = f"{_parent(request)}/jobs/{request.path_params['job']}/executions/{request.path_params['name']}"
        return JSONResponse(_found(self._records.get("execution", name), request))

    async def list_executions(self, request: Request) -> Response:
        """Of one job, or with `-` of all, in order of their creation."""
        job = request.path_params["job"]
        prefix = f"{_parent(request)}/jobs/" + ("" if job == "-" else f"{job}/executions/")
        found = self._records.list("execution", prefix)
        return JSONResponse({"executions": sorted(found, key=lambda execution: str(execution["createTime"]))})


def _parent(request: Request) -> str:
    return f"projects/{request.path_params['project']}/locations/{request.path_params['location']}"


def _name(request: Request, kind: str) -> str:
    return f"{_parent(request)}/{kind}/{request.path_params['name']}"


def _id(request: Request, parameter: str) -> str:
    """400 for no name, or one with other signs or over 49 characters."""
    given = request.query_params.get(parameter, "")
    if not _NAME.fullmatch(given):
        raise ApiError(400, f"{parameter} {given!r} must match {_NAME.pattern}")
    return given


def _need(record: Record | None, request: Request) -> None:
    """404 for an update of what is not there, unless it may be made."""
    if request.query_params.get("allowMissing") != "true":
        _found(record, request)


def _found(record: Record | None, request: Request) -> Record:
    if record is None:
        raise ApiError(404, f"{request.url.path} not found")
    return record


def _operation(name: str, kind: str, body: Record, *, done: bool) -> Response:
    parent = "/".join(name.split("/")[:4])
    typed: dict[str, Any] = {"@type": _TYPE + kind, **body}
    answer: dict[str, Any] = {"name": f"{parent}/operations/{uuid.uuid4()}", "metadata": typed, "done": done}
    return JSONResponse(answer | ({"response": typed} if done else {}))


def _routes(api: RunApi) -> list[Route]:
    root = "/v2/projects/{project}/locations/{location}"
    return [
        Route(f"{root}/services", api.create_service, methods=["POST"]),
        Route(f"{root}/services", api.list_services),
        Route(f"{root}/services/{{name}}", api.get_service),
        Route(f"{root}/services/{{name}}", api.patch_service, methods=["PATCH"]),
        Route(f"{root}/services/{{name}}", api.delete_service, methods=["DELETE"]),
        Route(f"{root}/jobs", api.create_job, methods=["POST"]),
        Route(f"{root}/jobs", api.list_jobs),
        Route(f"{root}/jobs/{{name}}:run", api.run_job, methods=["POST"]),
        Route(f"{root}/jobs/{{name}}", api.get_job),
        Route(f"{root}/jobs/{{name}}", api.patch_job, methods=["PATCH"]),
        Route(f"{root}/jobs/{{name}}", api.delete_job, methods=["DELETE"]),
        Route(f"{root}/jobs/{{job}}/executions", api.list_executions),
        Route(f"{root}/jobs/{{job}}/executions/{{name}}", api.get_execution),
    ]


class _RunService:
    def __init__(self, http: HttpService, services: Services, jobs: JobRunner, records: Records) -> None:
        self._http, self._services, self._jobs, self._records = http, services, jobs, records

    @property
    def address(self) -> str:
        return self._http.address

    async def stop(self) -> None:
        await self._http.stop()
        await self._jobs.stop()
        await self._services.stop()
        self._records.close()


async def start(hosting: Hosting) -> _RunService:
    """Serve Cloud Run; what was deployed or running before listens and runs again."""
    records = Records(hosting.state, fsync=hosting.fsync)
    await asyncio.to_thread(end_owned, hosting.state)
    around = client_environment(hosting.endpoints, hosting.project)
    services = Services(records, hosting.state, hosting.host, around)
    jobs = JobRunner(records, hosting.state, around)
    http = await serve_http(Starlette(routes=_routes(RunApi(services, jobs, records))), hosting, "run.v2")
    await services.start_all()
    jobs.take_up()
    return _RunService(http, services, jobs, records)

"""jobs: insert, query, getQueryResults, get, list, cancel, delete."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.bigquery.encode import encode_rows
from laptop.bigquery.errors import invalid, unsupported
from laptop.bigquery.job_registry import BigQueryJob
from laptop.bigquery.load_jobs import run_load
from laptop.bigquery.rest.app import WarehouseApp, body_of, warehouse
from laptop.bigquery.rest.tabledata_routes import PAGE_ROWS
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.scripts import run_script
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import TableName
from laptop.http import ApiError

Resource = dict[str, Any]


async def insert_job(request: Request) -> Response:
    body, house = await body_of(request), warehouse(request)
    configuration = body.get("configuration") or {}
    job_id = str((body.get("jobReference") or {}).get("jobId", ""))
    job = _begin(house, configuration, job_id)
    if configuration.get("dryRun"):
        await job.done.wait()
        house.jobs.forget(job)
        _raise_error(job)
    return JSONResponse(job.resource)


def _begin(house: WarehouseApp, configuration: Resource, job_id: str) -> BigQueryJob:
    if "query" in configuration:
        return _begin_query(house, configuration, job_id)
    if "load" in configuration:
        load = configuration["load"]
        target = _name(load["destinationTable"])
        return house.jobs.begin(configuration, house.session(), lambda session: run_load(session, target, load), job_id)
    kinds = [key for key in configuration if key in ("copy", "extract")]
    raise unsupported(f"{kinds[0] if kinds else 'unknown'} jobs")


def _begin_query(house: WarehouseApp, configuration: Resource, job_id: str) -> BigQueryJob:
    query = configuration["query"]
    if query.get("useLegacySql"):
        raise unsupported("legacy SQL")
    dataset = (query.get("defaultDataset") or {}).get("datasetId")
    session = house.session(dataset=dataset, parameters=query.get("queryParameters"))
    session.dry = bool(configuration.get("dryRun"))
    session.most_bytes = _read_limit(query)
    target = _name(query["destinationTable"]) if query.get("destinationTable") else None
    disposition = str(query.get("writeDisposition") or "")

    def work(opened: Session) -> StatementOutcome:
        return run_script(opened, str(query.get("query", "")), target, disposition)

    configuration = {**configuration, "jobType": "QUERY"}
    return house.jobs.begin(configuration, session, work, job_id)


def _read_limit(query: Resource) -> int:
    try:
        return int(query.get("maximumBytesBilled") or 0)
    except ValueError:
        raise invalid(f"Invalid value for maximumBytesBilled: {query['maximumBytesBilled']}") from None


def _name(reference: Resource) -> TableName:
    return TableName(project=reference["projectId"], dataset=reference["datasetId"], table=reference["tableId"])


_QUERY_KEYS = (
    "query",
    "defaultDataset",
    "queryParameters",
    "parameterMode",
    "useLegacySql",
    "createSession",
    "maximumBytesBilled",
)


async def query(request: Request) -> Response:
    """jobs.query: waits up to `timeoutMs` (10 s by default) and gives the first page."""
    body, house = await body_of(request), warehouse(request)
    inner = {key: body[key] for key in _QUERY_KEYS if key in body}
    if body.get("useLegacySql", True) and "useLegacySql" not in body:
        inner["useLegacySql"] = False
    configuration = {"query": inner, "dryRun": bool(body.get("dryRun")), "labels": body.get("labels", {})}
    job = _begin_query(house, configuration, "")
    await _wait(job, int(body.get("timeoutMs") or 10_000))
    options = body.get("formatOptions") or {}
    count = int(body.get("maxResults") or PAGE_ROWS)
    answer = await asyncio.to_thread(_results, house, job, 0, count, bool(options.get("useInt64Timestamp")))
    if configuration["dryRun"]:
        house.jobs.forget(job)
    return JSONResponse({**answer, "kind": "bigquery#queryResponse"})


async def get_query_results(request: Request) -> Response:
    house, asked = warehouse(request), request.query_params
    job = house.jobs.need(request.path_params["job"])
    await _wait(job, int(asked.get("timeoutMs") or 10_000))
    start = int(asked.get("pageToken") or asked.get("startIndex") or 0)
    count = int(asked.get("maxResults") or PAGE_ROWS)
    as_int = asked.get("formatOptions.useInt64Timestamp", "").lower() == "true"
    return JSONResponse(await asyncio.to_thread(_results, house, job, start, count, as_int))


async def _wait(job: BigQueryJob, milliseconds: int) -> None:
    try:
        await asyncio.wait_for(job.done.wait(), max(milliseconds, 1) / 1000)
    except TimeoutError:
        return


def _results(house: WarehouseApp, job: BigQueryJob, start: int, count: int, as_int: bool) -> Resource:
    """One page. Raises ApiError when the job failed."""
    answer: Resource = {"kind": "bigquery#getQueryResultsResponse", "jobReference": job.resource["jobReference"]}
    if not job.done.is_set():
        return {**answer, "jobComplete": False}
    _raise_error(job)
    statistics = job.resource["statistics"].get("query") or {}
    answer.update(jobComplete=True, cacheHit=False, totalBytesProcessed=statistics.get("totalBytesProcessed", "0"))
    if "numDmlAffectedRows" in statistics:
        answer["numDmlAffectedRows"] = statistics["numDmlAffectedRows"]
    if "schema" in statistics:
        answer.update(_rows(house, job, statistics["schema"]["fields"], start, min(count, PAGE_ROWS), as_int))
    else:
        answer.update(totalRows="0")
    return answer


def _rows(
    house: WarehouseApp, job: BigQueryJob, fields: list[Resource], start: int, count: int, as_int: bool
) -> Resource:
    table = house.jobs.rows(job)
    rows = encode_rows(table.slice(start, count), fields, int_timestamps=as_int) if table.num_columns else []
    page: Resource = {"schema": {"fields": fields}, "totalRows": str(table.num_rows), "rows": rows}
    if start + len(rows) < table.num_rows:
        page["pageToken"] = str(start + len(rows))
    return page


def _raise_error(job: BigQueryJob) -> None:
    if job.error is not None:
        raise ApiError(job.error["code"], job.error["message"], reason=job.error["reason"])


async def get_job(request: Request) -> Response:
    return JSONResponse(warehouse(request).jobs.need(request.path_params["job"]).resource)


async def list_jobs(request: Request) -> Response:
    count = int(request.query_params.get("maxResults") or 1000)
    start = int(request.query_params.get("pageToken") or 0)
    newest = sorted(
        warehouse(request).jobs.known.values(), key=lambda job: -int(job.resource["statistics"]["creationTime"])
    )
    page = [{**job.resource, "state": job.resource["status"]["state"]} for job in newest[start : start + count]]
    answer: Resource = {"kind": "bigquery#jobList", "jobs": page}
    if start + count < len(newest):
        answer["nextPageToken"] = str(start + count)
    return JSONResponse(answer)


async def cancel_job(request: Request) -> Response:
    house = warehouse(request)
    job = house.jobs.need(request.path_params["job"])
    house.jobs.cancel(job)
    return JSONResponse({"kind": "bigquery#jobCancelResponse", "job": job.resource})


async def delete_job(request: Request) -> Response:
    house = warehouse(request)
    job = house.jobs.need(request.path_params["job"])
    if not job.done.is_set():
        raise invalid("A running job cannot be deleted")
    house.jobs.forget(job)
    return Response(status_code=204)


ROUTES = [
    Route("/projects/{project}/queries", query, methods=["POST"]),
    Route("/projects/{project}/queries/{job}", get_query_results, methods=["GET"]),
    Route("/projects/{project}/jobs", insert_job, methods=["POST"]),
    Route("/projects/{project}/jobs", list_jobs, methods=["GET"]),
    Route("/projects/{project}/jobs/{job}", get_job, methods=["GET"]),
    Route("/projects/{project}/jobs/{job}/cancel", cancel_job, methods=["POST"]),
    Route("/projects/{project}/jobs/{job}/delete", delete_job, methods=["DELETE"]),
]

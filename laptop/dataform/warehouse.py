"""BigQuery as the runner needs it, over its REST API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from laptop.dataform.graph import ActionTarget


class QueryFailedError(Exception):
    """BigQuery refused or could not finish a job; the message is its own."""


class WarehouseClient:
    """One client; `address` is `host:port` of the BigQuery API."""

    def __init__(self, address: str) -> None:
        self._client = httpx.AsyncClient(base_url=f"http://{address}/bigquery/v2", timeout=60)

    async def close(self) -> None:
        await self._client.aclose()

    async def run(self, project: str, location: str, job_id: str, sql: str) -> None:
        """Run a script to its end. A job id that is there already is waited for. Raises QueryFailedError."""
        body = {
            "jobReference": {"projectId": project, "jobId": job_id, "location": location},
            "configuration": {"query": {"query": sql, "useLegacySql": False}},
        }
        answer = await self._client.post(f"/projects/{project}/jobs", json=body)
        if answer.status_code != 409:
            _checked(answer)
        await self._finished(project, job_id)

    async def _finished(self, project: str, job_id: str) -> dict[str, Any]:
        while True:
            path = f"/projects/{project}/queries/{job_id}"
            page = _checked(await self._client.get(path, params={"timeoutMs": 20_000, "maxResults": 0}))
            if page.get("jobComplete"):
                return page

    async def cancel(self, project: str, job_id: str) -> None:
        await self._client.post(f"/projects/{project}/jobs/{job_id}/cancel")

    async def rows(self, project: str, sql: str) -> list[list[Any]]:
        """All rows of one query, each a list of values as REST gives them (strings, None, nested). Raises QueryFailedError."""
        body = {"query": sql, "useLegacySql": False, "timeoutMs": 60_000}
        page = _checked(await self._client.post(f"/projects/{project}/queries", json=body))
        job_id = page["jobReference"]["jobId"]
        if not page.get("jobComplete"):
            await self._finished(project, job_id)
            page = _checked(await self._client.get(f"/projects/{project}/queries/{job_id}"))
        rows = list(page.get("rows", []))
        while page.get("pageToken"):
            path = f"/projects/{project}/queries/{job_id}"
            page = _checked(await self._client.get(path, params={"pageToken": page["pageToken"]}))
            rows += page.get("rows", [])
        return [[cell["v"] for cell in row["f"]] for row in rows]

    async def columns(self, target: ActionTarget) -> list[str] | None:
        """Names of a table's columns, or None if there is no such table."""
        answer = await self._client.get(_table_path(target))
        if answer.status_code == 404:
            return None
        return [field["name"] for field in _checked(answer)["schema"]["fields"]]

    async def describe(self, target: ActionTarget, description: str, columns: Sequence[dict[str, Any]]) -> None:
        """Set the table's description and those of its columns (`{path, description}`)."""
        table = _checked(await self._client.get(_table_path(target)))
        descriptions = {tuple(column["path"]): column.get("description", "") for column in columns}
        fields = [_described(field, (), descriptions) for field in table["schema"]["fields"]]
        body = {"description": description, "schema": {"fields": fields}}
        _checked(await self._client.patch(_table_path(target), json=body))

    async def make_dataset(self, project: str, location: str, dataset: str) -> None:
        reference = {"projectId": project, "datasetId": dataset}
        body = {"datasetReference": reference, "location": location}
        answer = await self._client.post(f"/projects/{project}/datasets", json=body)
        if answer.status_code != 409:
            _checked(answer)


def _table_path(target: ActionTarget) -> str:
    return f"/projects/{target.database}/datasets/{target.schema}/tables/{target.name}"


def _described(
    field: dict[str, Any], parents: tuple[str, ...], descriptions: dict[tuple[str, ...], str]
) -> dict[str, Any]:
    path = (*parents, field["name"])
    described = {**field, "description": descriptions[path]} if descriptions.get(path) else dict(field)
    if "fields" in field:
        described["fields"] = [_described(inner, path, descriptions) for inner in field["fields"]]
    return described


def _checked(answer: httpx.Response) -> dict[str, Any]:
    """Its body. Raises QueryFailedError with the error's own message."""
    if answer.is_success:
        body: dict[str, Any] = answer.json()
        return body
    try:
        message = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = f"BigQuery answered {answer.status_code}: {answer.text[:200]}"
    raise QueryFailedError(message)

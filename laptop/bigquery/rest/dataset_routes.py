"""datasets: insert, get, list, patch, update, delete."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.bigquery.errors import duplicate, invalid
from laptop.bigquery.rest.app import body_of, warehouse
from laptop.bigquery.running.dataset_storage import new_dataset, remove_dataset
from laptop.bigquery.running.session import Session

_SERVER_SET = ("kind", "id", "etag", "selfLink", "creationTime", "lastModifiedTime", "datasetReference")


async def insert_dataset(request: Request) -> Response:
    body = await body_of(request)
    dataset = str((body.get("datasetReference") or {}).get("datasetId", ""))
    return JSONResponse(await warehouse(request).work(lambda session: _insert(session, dataset, body)))


def _insert(session: Session, dataset: str, body: dict[str, Any]) -> dict[str, Any]:
    with session.changing():
        if session.catalog.dataset(dataset) is not None:
            raise duplicate("Dataset", f"{session.project}:{dataset}")
        return new_dataset(session, dataset, {key: body[key] for key in body if key not in _SERVER_SET})


async def get_dataset(request: Request) -> Response:
    path = request.path_params
    found = await warehouse(request).work(
        lambda session: session.catalog.need_dataset(path["project"], path["dataset"])
    )
    return JSONResponse(found)


async def list_datasets(request: Request) -> Response:
    found = await warehouse(request).work(lambda session: session.catalog.datasets())
    return JSONResponse({"kind": "bigquery#datasetList", "datasets": found})


async def patch_dataset(request: Request) -> Response:
    body, path = await body_of(request), request.path_params

    def patch(session: Session) -> dict[str, Any]:
        with session.changing():
            found = session.catalog.need_dataset(path["project"], path["dataset"])
            kept = {key: value for key, value in body.items() if key not in _SERVER_SET}
            found = {**found, **kept, "lastModifiedTime": str(session.now())}
            session.catalog.put_dataset(path["dataset"], found)
            return found

    return JSONResponse(await warehouse(request).work(patch))


async def delete_dataset(request: Request) -> Response:
    path, contents = request.path_params, request.query_params.get("deleteContents") == "true"

    def delete(session: Session) -> None:
        with session.changing():
            session.catalog.need_dataset(path["project"], path["dataset"])
            if session.catalog.tables(path["dataset"]) and not contents:
                raise invalid(f"Dataset {path['project']}:{path['dataset']} is still in use")
            remove_dataset(session, path["dataset"])

    await warehouse(request).work(delete)
    return Response(status_code=204)


ROUTES = [
    Route("/projects/{project}/datasets", insert_dataset, methods=["POST"]),
    Route("/projects/{project}/datasets", list_datasets, methods=["GET"]),
    Route("/projects/{project}/datasets/{dataset}", get_dataset, methods=["GET"]),
    Route("/projects/{project}/datasets/{dataset}", patch_dataset, methods=["PATCH", "PUT"]),
    Route("/projects/{project}/datasets/{dataset}", delete_dataset, methods=["DELETE"]),
]

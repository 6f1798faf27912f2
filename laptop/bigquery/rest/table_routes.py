"""tables: insert, get, list, patch, update, delete."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.bigquery.errors import duplicate, invalid, unsupported
from laptop.bigquery.external.definition import read_definition
from laptop.bigquery.rest.app import body_of, table_name, warehouse
from laptop.bigquery.running.queries import result_fields
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.table_storage import KEPT, column_of, drop_storage, new_table, resource_of
from laptop.bigquery.sql.dialect import parse_one
from laptop.bigquery.sql.references import TableName

Resource = dict[str, Any]


async def insert_table(request: Request) -> Response:
    body, path = await body_of(request), request.path_params
    table = str((body.get("tableReference") or {}).get("tableId", ""))
    if not table:
        raise invalid("Required parameter is missing: tableReference.tableId")
    name = TableName(project=path["project"], dataset=path["dataset"], table=table)
    return JSONResponse(await warehouse(request).work(lambda session: _insert(session, name, body)))


def _insert(session: Session, name: TableName, body: Resource) -> Resource:
    with session.changing(name):
        session.catalog.need_dataset(name.project, name.dataset)
        if session.catalog.table(name) is not None:
            raise duplicate("Table", str(name))
        if body.get("externalDataConfiguration"):
            _insert_external(session, name, body)
        elif body.get("view"):
            _insert_view(session, name, body)
        elif body.get("materializedView"):
            raise unsupported("materialized views")
        else:
            new_table(session, name, (body.get("schema") or {}).get("fields") or [], body)
        return session.catalog.need_table(name)


def _insert_external(session: Session, name: TableName, body: Resource) -> None:
    config = body["externalDataConfiguration"]
    fields = (config.get("schema") or body.get("schema") or {}).get("fields") or []
    kept = {key: body[key] for key in KEPT if body.get(key)}
    more = {**kept, "externalDataConfiguration": {**config, "partitionColumns": _hive_names(config)}}
    declared = {field["name"] for field in fields}
    fields = fields + [field for field in _hive_fields(config) if field["name"] not in declared]
    resource = resource_of(name, "EXTERNAL", fields, session.now(), more)
    resource["externalDataConfiguration"]["schema"] = {"fields": fields}
    read_definition(resource)
    session.catalog.put_table(name, resource)


def _hive_fields(config: Resource) -> list[Resource]:
    """CUSTOM mode: the prefix ends in `{dt:DATE}/{country:STRING}`; the other modes guess, and are refused."""
    hive = config.get("hivePartitioningOptions")
    if not hive:
        return []
    if str(hive.get("mode", "")).upper() != "CUSTOM":
        raise unsupported(f"hive partitioning mode {hive.get('mode') or 'AUTO'}: give CUSTOM with typed keys")
    keys = [part.strip("{}") for part in str(hive["sourceUriPrefix"]).split("/") if part.startswith("{")]
    return [{"name": key.split(":")[0], "type": key.split(":")[1], "mode": "NULLABLE"} for key in keys]


def _hive_names(config: Resource) -> list[str]:
    return [field["name"] for field in _hive_fields(config)]


def _insert_view(session: Session, name: TableName, body: Resource) -> None:
    view = body["view"]
    if view.get("useLegacySql"):
        raise unsupported("legacy SQL")
    fields = result_fields(session, session.translate_query(parse_one(view["query"])))
    kept = {key: body[key] for key in KEPT if body.get(key)}
    more = {"view": {"query": view["query"], "useLegacySql": False}, **kept}
    session.catalog.put_table(name, resource_of(name, "VIEW", fields, session.now(), more))


async def get_table(request: Request) -> Response:
    name = table_name(request)

    def get(session: Session) -> Resource:
        found = session.catalog.need_table(name)
        if found["type"] == "TABLE":
            found["numRows"] = str(session.count(f"SELECT count(*) FROM {name.duck}"))
        return found

    return JSONResponse(await warehouse(request).work(get))


async def list_tables(request: Request) -> Response:
    path = request.path_params

    def listed(session: Session) -> list[Resource]:
        session.catalog.need_dataset(path["project"], path["dataset"])
        return session.catalog.tables(path["dataset"])

    found = await warehouse(request).work(listed)
    return JSONResponse({"kind": "bigquery#tableList", "tables": found, "totalItems": len(found)})


async def patch_table(request: Request) -> Response:
    body, name = await body_of(request), table_name(request)

    def patch(session: Session) -> Resource:
        with session.changing(name):
            found = session.catalog.need_table(name)
            if body.get("schema") and found["type"] == "TABLE":
                _add_columns(session, name, found, body["schema"].get("fields") or [])
            found.update({key: body[key] for key in KEPT if key in body}, lastModifiedTime=str(session.now()))
            session.catalog.put_table(name, found)
            return found

    return JSONResponse(await warehouse(request).work(patch))


def _add_columns(session: Session, name: TableName, found: Resource, fields: list[Resource]) -> None:
    """Columns may be added and described; none may go or change its type."""
    old = {field["name"].lower(): field for field in found["schema"]["fields"]}
    if set(old) - {field["name"].lower() for field in fields}:
        raise invalid(f"Provided Schema does not match Table {name}: columns are missing")
    for field in fields:
        before = old.get(field["name"].lower())
        if before is None:
            session.execute(f"ALTER TABLE {name.duck} ADD COLUMN {column_of({**field, 'mode': _addable(field)})}")
        elif _stored_type(before) != _stored_type(field):
            raise invalid(f"Provided Schema does not match Table {name}: field {field['name']} has changed type")
    found["schema"]["fields"] = [{"mode": "NULLABLE", **field} for field in fields]


def _stored_type(field: Resource) -> str:
    """Type and repetition; REQUIRED may become NULLABLE."""
    return column_of({**field, "mode": "REPEATED" if field.get("mode") == "REPEATED" else ""})


def _addable(field: Resource) -> str:
    if field.get("mode") == "REQUIRED":
        raise invalid(f"Cannot add required column {field['name']}")
    return str(field.get("mode", "NULLABLE"))


async def delete_table(request: Request) -> Response:
    name = table_name(request)

    def delete(session: Session) -> None:
        with session.changing(name):
            session.catalog.need_table(name)
            drop_storage(session, name)

    await warehouse(request).work(delete)
    return Response(status_code=204)


_TABLE = "/projects/{project}/datasets/{dataset}/tables/{table}"
ROUTES = [
    Route("/projects/{project}/datasets/{dataset}/tables", insert_table, methods=["POST"]),
    Route("/projects/{project}/datasets/{dataset}/tables", list_tables, methods=["GET"]),
    Route(_TABLE, get_table, methods=["GET"]),
    Route(_TABLE, patch_table, methods=["PATCH", "PUT"]),
    Route(_TABLE, delete_table, methods=["DELETE"]),
]

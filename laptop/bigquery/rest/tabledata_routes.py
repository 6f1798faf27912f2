"""tabledata: list and insertAll."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.bigquery.encode import encode_rows
from laptop.bigquery.errors import invalid
from laptop.bigquery.ingest import insert_rows
from laptop.bigquery.rest.app import WarehouseApp, body_of, table_name, warehouse
from laptop.bigquery.running.queries import with_canonical_types
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.types import quoted
from laptop.bigquery.table_locks import Change

PAGE_ROWS = 10_000


async def insert_all(request: Request) -> Response:
    body, name, house = await body_of(request), table_name(request), warehouse(request)
    errors = await house.work(lambda session: _insert(house, session, name, body))
    answer: dict[str, Any] = {"kind": "bigquery#tableDataInsertAllResponse"}
    return JSONResponse({**answer, "insertErrors": errors} if errors else answer)


def _insert(house: WarehouseApp, session: Session, name: TableName, body: dict[str, Any]) -> list[dict[str, Any]]:
    table = session.catalog.need_table(name)
    if table["type"] != "TABLE":
        raise invalid(f"Cannot add rows to {name}, a {table['type'].lower()}")
    with session.engine.locks.holding({str(name)}, Change.APPEND):
        fresh = house.seen.unseen(name, body.get("rows") or [])
        ignore = bool(body.get("ignoreUnknownValues"))
        errors = insert_rows(session, name, table["schema"]["fields"], fresh, ignore_unknown=ignore)
        if not errors:
            house.seen.remember(name, fresh)
    return errors


async def list_rows(request: Request) -> Response:
    name, query = table_name(request), request.query_params
    start = int(query.get("pageToken") or query.get("startIndex") or 0)
    count = min(int(query.get("maxResults") or PAGE_ROWS), PAGE_ROWS)
    chosen = [part for part in (query.get("selectedFields") or "").split(",") if part]
    as_int = query.get("formatOptions.useInt64Timestamp", "").lower() == "true"
    return JSONResponse(
        await warehouse(request).work(lambda session: _page(session, name, start, count, chosen, as_int))
    )


def _page(session: Session, name: TableName, start: int, count: int, chosen: list[str], as_int: bool) -> dict[str, Any]:
    table = session.catalog.need_table(name)
    if table["type"] != "TABLE":
        raise invalid(f"Cannot list a table of type {table['type']}.")
    fields = [field for field in table["schema"]["fields"] if not chosen or field["name"] in chosen]
    total = session.count(f"SELECT count(*) FROM {name.duck}")
    columns = ", ".join(quoted(field["name"]) for field in fields)
    sql = f"SELECT {columns} FROM {name.duck} ORDER BY rowid LIMIT {count} OFFSET {start}"
    rows = encode_rows(session.fetch(with_canonical_types(sql, fields)), fields, int_timestamps=as_int)
    answer: dict[str, Any] = {"kind": "bigquery#tableDataList", "totalRows": str(total), "rows": rows}
    if start + len(rows) < total:
        answer["pageToken"] = str(start + len(rows))
    return answer


_TABLE = "/projects/{project}/datasets/{dataset}/tables/{table}"
ROUTES = [
    Route(f"{_TABLE}/insertAll", insert_all, methods=["POST"]),
    Route(f"{_TABLE}/data", list_rows, methods=["GET"]),
]

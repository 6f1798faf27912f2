"""Tables in DuckDB and in the catalog, made and dropped together."""

from __future__ import annotations

from typing import Any

from laptop.bigquery.catalog import Resource
from laptop.bigquery.errors import invalid
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.types import Field, duck_type_of_field, quoted

KEPT = (
    "description",
    "friendlyName",
    "labels",
    "timePartitioning",
    "rangePartitioning",
    "clustering",
    "expirationTime",
)
_KEPT_FIELD = ("description", "policyTags", "maxLength", "precision", "scale")


def resource_of(name: TableName, kind: str, fields: list[Field], now: int, more: Resource) -> Resource:
    """A Table resource; times are milliseconds since the epoch as strings."""
    return {
        "kind": "bigquery#table",
        "id": str(name),
        "tableReference": {"projectId": name.project, "datasetId": name.dataset, "tableId": name.table},
        "type": kind,
        "schema": {"fields": fields},
        "creationTime": str(now),
        "lastModifiedTime": str(now),
        "location": "us-central1",
        **more,
    }


def new_table(session: Session, name: TableName, fields: list[Field], more: dict[str, Any]) -> None:
    """Create (or replace) an empty table with these columns; keep the metadata in `more`."""
    session.catalog.need_dataset(name.project, name.dataset)
    drop_storage(session, name)
    columns = ", ".join(column_of(field) for field in fields)
    session.execute(f"CREATE TABLE {name.duck} ({columns})")
    kept = {key: more[key] for key in KEPT if more.get(key)}
    described = with_descriptions(fields, (more.get("schema") or {}).get("fields") or [])
    session.catalog.put_table(name, resource_of(name, "TABLE", described, session.now(), kept))


def column_of(field: Field) -> str:
    """A repeated column that a change leaves out is an empty array: BigQuery stores no NULL there."""
    more = {"REQUIRED": " NOT NULL", "REPEATED": " DEFAULT []"}.get(field.get("mode", ""), "")
    return f"{quoted(field['name'])} {duck_type_of_field(field)}{more}"


def with_descriptions(fields: list[Field], known: list[Field]) -> list[Field]:
    """What is kept about columns of the same name when a table is replaced."""
    by_name = {field["name"].lower(): field for field in known}
    kept = [by_name.get(field["name"].lower(), {}) for field in fields]
    return [
        {**{key: old[key] for key in _KEPT_FIELD if key in old}, **field}
        for field, old in zip(fields, kept, strict=True)
    ]


def drop_storage(session: Session, name: TableName) -> None:
    """Drop the DuckDB side of a name, if it has one."""
    session.execute(f"DROP TABLE IF EXISTS {name.duck}")
    session.catalog.drop_table(name)


def remove_expired(session: Session) -> None:
    """Remove what expired before this job began."""
    for name in session.catalog.expired():
        with session.changing(name):
            if session.catalog.table(name) is None:
                drop_storage(session, name)


def append_rows(session: Session, name: TableName, fields: list[Field], source: str) -> int:
    """Append all rows of `source` (a relation's name or a parenthesised query) by column name."""
    columns = ", ".join(quoted(field["name"]) for field in fields)
    if not fields:
        raise invalid(f"Table {name} has no columns")
    return session.count(f"INSERT INTO {name.duck} ({columns}) SELECT {columns} FROM {source}")

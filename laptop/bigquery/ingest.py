"""tabledata.insertAll: JSON rows checked against the schema, deduplicated by insertId, appended as one Arrow table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.types import Field, duck_type_of_field, quoted
from laptop.bigquery.table_locks import Change

# A text that BigQuery would not read as the type is refused; DuckDB would round 1.5 to an INT64.
_CASTS = {
    **{"BIGINT": "bq_int64", "DOUBLE": "bq_float64", "BOOLEAN": "bq_bool", "DECIMAL(38, 9)": "bq_numeric"},
    **{"DATE": "bq_date", "TIME": "bq_time", "TIMESTAMP": "bq_datetime", "VARCHAR": ""},
}
_REMEMBERED = 100_000
Errors = list[dict[str, Any]]


@dataclass(slots=True)
class SeenRows:
    """The insertIds of each table's latest rows: best effort, as in BigQuery, and gone with the process."""

    ids: dict[str, OrderedDict[str, None]] = field(default_factory=dict)

    def unseen(self, name: TableName, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        known = self.ids.setdefault(str(name), OrderedDict())
        fresh: dict[str, dict[str, Any]] = {}
        for position, row in enumerate(rows):
            key = row.get("insertId") or f"\0{position}"
            if key not in known:
                fresh.setdefault(key, row)
        return list(fresh.values())

    def remember(self, name: TableName, rows: Sequence[dict[str, Any]]) -> None:
        known = self.ids.setdefault(str(name), OrderedDict())
        known.update((row["insertId"], None) for row in rows if row.get("insertId"))
        while len(known) > _REMEMBERED:
            known.popitem(last=False)


def insert_rows(
    session: Session, name: TableName, fields: list[Field], rows: Sequence[dict[str, Any]], *, ignore_unknown: bool
) -> Errors:
    """All rows or none; the errors name the rows that do not fit, by position."""
    errors = [error for position, row in enumerate(rows) for error in _check(position, row, fields, ignore_unknown)]
    if errors or not rows:
        return errors
    columns = ", ".join(quoted(one["name"]) for one in fields)
    session.cursor.register("_rows", _as_text(fields, rows))
    try:
        with session.changing(name, change=Change.APPEND):
            values = ", ".join(_from_text(one) for one in fields)
            session.execute(f"INSERT INTO {name.duck} ({columns}) SELECT {values} FROM _rows")
    except duckdb.Error as error:
        return [_error(0, "", str(error).splitlines()[0])]
    finally:
        session.cursor.unregister("_rows")
    return []


def _check(position: int, row: dict[str, Any], fields: list[Field], ignore_unknown: bool) -> Errors:
    given = row.get("json")
    if not isinstance(given, dict):
        return [_error(position, "json", "row is not an object")]
    known = {one["name"] for one in fields}
    unknown = (
        [] if ignore_unknown else [_error(position, key, f"no such field: {key}.") for key in given if key not in known]
    )
    required = [one["name"] for one in fields if one.get("mode") == "REQUIRED" and given.get(one["name"]) is None]
    return unknown + [_error(position, key, f"Missing required field: {key}.") for key in required]


def _error(position: int, where: str, message: str) -> dict[str, Any]:
    return {
        "index": position,
        "errors": [{"reason": "invalid", "location": where, "debugInfo": "", "message": message}],
    }


def _as_text(fields: list[Field], rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Every value as text (nested ones as JSON): DuckDB does the conversions, and its errors are the row's."""
    import json

    def text(value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value)

    return pa.table(
        {one["name"]: pa.array([text(row["json"].get(one["name"])) for row in rows], pa.string()) for one in fields}
    )


def _from_text(one: Field) -> str:
    column, duck = quoted(one["name"]), duck_type_of_field(one)
    if one.get("mode") == "REPEATED":
        return f"coalesce(CAST(json({column}) AS {duck}), [])"
    if str(one["type"]).upper() in ("RECORD", "STRUCT", "JSON"):
        return f"CAST(json({column}) AS {duck})"
    if duck == "BLOB":
        return f"from_base64({column})"
    if duck == "TIMESTAMPTZ":
        return f"coalesce(to_timestamp(TRY_CAST({column} AS DOUBLE)), bq_timestamp(regexp_replace({column}, ' UTC$', 'Z')))"
    return f"{_CASTS[duck]}({column})"

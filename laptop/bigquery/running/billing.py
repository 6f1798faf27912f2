"""What a query would be billed, and the limit that its job may set: sizes as BigQuery counts them, before anything runs.

https://cloud.google.com/bigquery/pricing: a column that is read counts whole, a table at least 10 MiB and in whole MiB.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
from sqlglot import exp

from laptop.bigquery.catalog import Resource
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.types import quoted
from laptop.http import ApiError

MIB = 2**20
LEAST = 10 * MIB
_FIXED = {"INTEGER": 8, "INT64": 8, "FLOAT": 8, "FLOAT64": 8, "BOOLEAN": 1, "BOOL": 1, "NUMERIC": 16}
_FIXED |= dict.fromkeys(("DATE", "TIME", "DATETIME", "TIMESTAMP"), 8)


def mentioned_columns(tree: exp.Expr) -> frozenset[str] | None:
    """Names of the columns that a query mentions, in lower case; None if it takes all with a `*`."""
    # COUNT(*) takes no column; the dialect leaves it a function by its name.
    if any(not isinstance(star.parent, exp.Anonymous) for star in tree.find_all(exp.Star)):
        return None
    return frozenset(column.name.lower() for column in tree.find_all(exp.Column))


def unqualified_names(tree: exp.Expr) -> frozenset[str]:
    """Names of the columns, or variables, that stand without their table, in lower case."""
    return frozenset(column.name.lower() for column in tree.find_all(exp.Column) if not column.table)


def measure(
    cursor: duckdb.DuckDBPyConnection, name: TableName, resource: Resource, mentioned: frozenset[str] | None
) -> int:
    """Logical bytes of a table's columns that are mentioned. A column of the same name in another table counts here too."""
    fields = [f for f in resource["schema"]["fields"] if mentioned is None or f["name"].lower() in mentioned]
    if not fields:
        return 0
    sums = " + ".join(f"coalesce(sum({_size_of(field)}), 0)" for field in fields)
    row = cursor.execute(f"SELECT {sums} FROM {name.duck}").fetchone()
    return int(row[0]) if row else 0


def _size_of(field: Resource) -> str:
    """SQL for a value's logical bytes; NULL has none. Arrays and structs count as their text, which is close to their parts."""
    column = quoted(field["name"])
    if field.get("mode") != "REPEATED" and field["type"] in _FIXED:
        return f"CASE WHEN {column} IS NULL THEN 0 ELSE {_FIXED[field['type']]} END"
    if field.get("mode") != "REPEATED" and field["type"] == "BYTES":
        return f"2 + octet_length({column})"
    return f"2 + strlen(CAST({column} AS VARCHAR))"


def bill(sizes: Iterable[int]) -> int:
    """Bytes billed for tables of these sizes; one that holds nothing is free."""
    return sum(max(-(-size // MIB) * MIB, LEAST) for size in sizes if size)


def check_limit(billed: int, limit: int) -> None:
    """ApiError as BigQuery words it if more would be billed than the job allows; 0 is no limit."""
    if limit and billed > limit:
        message = f"Query exceeded limit for bytes billed: {limit}. {billed} or higher required."
        raise ApiError(400, message, reason="bytesBilledLimitExceeded")

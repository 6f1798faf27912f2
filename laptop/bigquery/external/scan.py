"""From an external table and a query's constant predicates to the objects to read, and the SQL that reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import duckdb

from laptop.bigquery.errors import invalid_query
from laptop.bigquery.external.cache import ObjectCache
from laptop.bigquery.external.definition import Definition
from laptop.bigquery.external.file_set import list_files
from laptop.bigquery.external.objects import ObjectVersion
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.types import duck_type_of_field, quoted

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """`sql` selects the declared columns, the partition columns and `_FILE_NAME`; sizes are the objects' own."""

    sql: str
    objects: int
    size: int


def plan_scan(
    definition: Definition,
    cache: ObjectCache,
    cursor: duckdb.DuckDBPyConnection,
    predicates: Sequence[str],
    report: Callable[[ObjectVersion], None],
) -> Scan:
    """List, keep the objects whose partition satisfies `predicates` (DuckDB SQL over partition columns), copy, scan."""
    if definition.require_filter and not predicates:
        raise invalid_query("Cannot query over table without a filter over partition column(s)")
    grouped: dict[Values, list[ObjectVersion]] = defaultdict(list)
    for item in list_files(definition, cache.store):
        grouped[_partition_values(item, definition)].append(item)
    kept = _satisfying(list(grouped), definition, cursor, predicates)
    parts, count, size = [], 0, 0
    for values in sorted(kept):
        items = sorted(grouped[values])
        for item in items:
            report(item)
        parts.append(_part(definition, values, [str(cache.parquet_of(item, definition)) for item in items]))
        count, size = count + len(items), size + sum(item.size for item in items)
    return Scan(sql=" UNION ALL ".join(parts) or _empty(definition), objects=count, size=size)


def _partition_values(item: ObjectVersion, definition: Definition) -> Values:
    """The values of `key=value/` folders, in the order of the partition columns."""
    if not definition.partitions:
        return ()
    start = definition.hive_prefix or definition.uris[0].removesuffix("*")
    folders = item.uri.removeprefix(start).strip("/").split("/")[:-1]
    pairs = dict(folder.split("=", 1) for folder in folders if "=" in folder)
    names = [field["name"] for field in definition.partitions]
    if not all(name in pairs for name in names):
        raise invalid_query(f"Partition keys {names} are not all in the path of {item.uri}")
    return tuple(unquote(pairs[name]) for name in names)


def _satisfying(
    values: list[Values], definition: Definition, cursor: duckdb.DuckDBPyConnection, predicates: Sequence[str]
) -> list[Values]:
    if not predicates or not values:
        return values
    rows = ", ".join(f"({position}, {_casts(definition, row)})" for position, row in enumerate(values))
    names = ", ".join(quoted(field["name"]) for field in definition.partitions)
    where = " AND ".join(f"({predicate})" for predicate in predicates)
    kept = cursor.execute(f"SELECT _i FROM (VALUES {rows}) AS t(_i, {names}) WHERE {where}").fetchall()
    return [values[row[0]] for row in kept]


def _casts(definition: Definition, row: Values) -> str:
    pairs = zip(definition.partitions, row, strict=True)
    return ", ".join(f"CAST({quote(value)} AS {duck_type_of_field(field)})" for field, value in pairs)


def _part(definition: Definition, values: Values, paths: list[str]) -> str:
    columns = [quoted(field["name"]) for field in definition.columns]
    for field, value in zip(definition.partitions, values, strict=True):
        columns.append(f"CAST({quote(value)} AS {duck_type_of_field(field)}) AS {quoted(field['name'])}")
    files = ", ".join(map(quote, paths))
    return f'SELECT {", ".join(columns)}, "_FILE_NAME" FROM read_parquet([{files}], hive_partitioning = false)'


def _empty(definition: Definition) -> str:
    fields = [*definition.columns, *definition.partitions]
    columns = ", ".join(f"CAST(NULL AS {duck_type_of_field(field)}) AS {quoted(field['name'])}" for field in fields)
    return f'SELECT {columns}, CAST(NULL AS VARCHAR) AS "_FILE_NAME" WHERE false'

"""A Parquet copy of every object a query has read, keyed by generation: made once, never changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from laptop.bigquery.errors import invalid_query
from laptop.bigquery.external.definition import Definition
from laptop.bigquery.external.lines import inflate, read_lines
from laptop.bigquery.external.objects import ObjectReader, ObjectVersion
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.types import duck_type_of_field, quoted

_WORK = "converting-"


@dataclass(frozen=True, slots=True)
class ObjectCache:
    folder: Path
    store: ObjectReader

    def sweep(self) -> None:
        """Tidy up after a kill: conversions that did not come to their end."""
        for left in self.folder.glob(f"*/{_WORK}*"):
            shutil.rmtree(left, ignore_errors=True)

    def parquet_of(self, item: ObjectVersion, definition: Definition) -> Path:
        """The path of the copy, fetched and converted if this is the first read of this generation."""
        key = hashlib.sha256(f"{item.uri}#{item.generation}".encode()).hexdigest()
        target = self.folder / definition.conversion_key() / f"{key}.parquet"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            self._convert(item, definition, target)
        return target

    def _convert(self, item: ObjectVersion, definition: Definition, target: Path) -> None:
        content = self.store.read(item)
        if definition.format != "PARQUET":
            content = inflate(content, item.uri)
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=target.parent) as folder:
            made = Path(folder) / "made.parquet"
            if definition.raw_lines:
                pq.write_table(
                    _with_name(read_lines(content, definition, item.uri), item.uri), made, compression="zstd"
                )
            else:
                source = Path(folder) / "source"
                source.write_bytes(content)
                _copy_typed(source, made, definition, item.uri)
            os.replace(made, target)


def _with_name(table: pa.Table, uri: str) -> pa.Table:
    names = pa.array([uri] * len(table), pa.string())
    return table.append_column("_FILE_NAME", names)


def _copy_typed(source: Path, made: Path, definition: Definition, uri: str) -> None:
    """Through DuckDB's readers, cast to the declared columns; a value that does not fit fails the query."""
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        reader = {"CSV": _csv_reader, "JSON": _json_reader, "PARQUET": _parquet_reader}[definition.format]
        query = reader(connection, str(source), definition)
        named = f'SELECT *, {quote(uri)} AS "_FILE_NAME" FROM ({query})'
        connection.execute(f"COPY ({named}) TO {quote(str(made))} (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.Error as error:
        raise invalid_query(f"Error while reading data from {uri}: {str(error).splitlines()[0]}") from error
    finally:
        connection.close()


def _struct_of_columns(definition: Definition) -> str:
    return ", ".join(f"{quote(field['name'])}: {quote(duck_type_of_field(field))}" for field in definition.columns)


def _csv_reader(_connection: duckdb.DuckDBPyConnection, source: str, definition: Definition) -> str:
    bad = "true" if definition.max_bad else "false"
    options = f"header = false, skip = {definition.skip_rows}, delim = {quote(definition.delimiter)}, quote = {quote(definition.quote)}"
    nulls = f", nullstr = {quote(definition.null_marker)}" if definition.null_marker else ""
    columns = f"columns = {{{_struct_of_columns(definition)}}}"
    return f"SELECT * FROM read_csv({quote(source)}, auto_detect = false, {options}, {columns}, ignore_errors = {bad}{nulls})"


def _json_reader(connection: duckdb.DuckDBPyConnection, source: str, definition: Definition) -> str:
    if not definition.ignore_unknown:
        _refuse_unknown_keys(connection, source, definition)
    lines = "format = 'newline_delimited', maximum_object_size = 104857600"
    return f"SELECT * FROM read_json({quote(source)}, {lines}, columns = {{{_struct_of_columns(definition)}}})"


def _refuse_unknown_keys(connection: duckdb.DuckDBPyConnection, source: str, definition: Definition) -> None:
    """DuckDB leaves undeclared keys out silently; BigQuery calls the row bad."""
    objects = f"read_json_objects({quote(source)}, format = 'newline_delimited', maximum_object_size = 104857600)"
    keys = {row[0] for row in connection.execute(f"SELECT DISTINCT unnest(json_keys(json)) FROM {objects}").fetchall()}
    unknown = sorted({key.lower() for key in keys} - {field["name"].lower() for field in definition.columns})
    if unknown:
        raise invalid_query(f"Error while reading data: JSON parsing error, no such field: {', '.join(unknown)}")


def _parquet_reader(connection: duckdb.DuckDBPyConnection, source: str, definition: Definition) -> str:
    present = {
        row[0].lower(): row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {_parquet(source)}").fetchall()
    }
    return (
        f"SELECT {', '.join(_parquet_column(field, present) for field in definition.columns)} FROM {_parquet(source)}"
    )


def _parquet(source: str) -> str:
    return f"read_parquet({quote(source)}, hive_partitioning = false)"


def _parquet_column(field: dict[str, object], present: dict[str, str]) -> str:
    """A missing column is NULL; one of another kind (text for a number) is an error, as in BigQuery."""
    name, duck = str(field["name"]), duck_type_of_field(field)
    found = present.get(name.lower())
    if found is None:
        return f"CAST(NULL AS {duck}) AS {quoted(name)}"
    if (found == "VARCHAR") != (duck in ("VARCHAR", "JSON")) and found != "BLOB":
        raise invalid_query(
            f"Error while reading data: Parquet column '{name}' has type {found}, which does not match {duck}"
        )
    return f"CAST({quoted(name)} AS {duck}) AS {quoted(name)}"

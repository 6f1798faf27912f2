"""DuckDB: one file, a cursor per job, the macros GoogleSQL is written in."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from laptop.bigquery import catalog, udfs
from laptop.bigquery.table_locks import TableLocks

MACRO_FILES = ("casts", "maths", "text", "json", "times")
_SETTINGS = ("SET TimeZone = 'UTC'", "SET preserve_insertion_order = true", "SET enable_progress_bar = false")


@dataclass(slots=True, kw_only=True)
class Engine:
    """Every job works through its own cursor."""

    connection: duckdb.DuckDBPyConnection
    locks: TableLocks = field(default_factory=TableLocks)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        with self._guard:
            cursor = self.connection.cursor()
        for setting in _SETTINGS:
            cursor.execute(setting)
        return cursor

    def close(self) -> None:
        self.connection.close()


def open_engine(state: Path) -> Engine:
    """Open (or create) `state/warehouse.duckdb` and define the macros again, so that they are this version's."""
    connection = duckdb.connect(str(state / "warehouse.duckdb"))
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.execute(catalog.SCHEMA)
    udfs.register_all(connection)
    for name in MACRO_FILES:
        connection.execute(macro_text(name))
    return Engine(connection=connection)


def macro_text(name: str) -> str:
    """A macro file, as temporary macros."""
    text = files("laptop.bigquery").joinpath("macros", f"{name}.sql").read_text()
    return text.replace("CREATE MACRO", "CREATE OR REPLACE MACRO")


def fetch(cursor: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return cursor.sql(sql).to_arrow_table()


def describe(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    """Column names and DuckDB types of a query, without running it."""
    return [(row[0], row[1]) for row in cursor.execute(f"DESCRIBE {sql}").fetchall()]

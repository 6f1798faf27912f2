"""Datasets and tables as the REST API shows them, kept in the same DuckDB file as the rows, in the same transactions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from laptop.bigquery.errors import not_found
from laptop.bigquery.sql.references import TableName

Resource = dict[str, Any]
Connection = duckdb.DuckDBPyConnection

SCHEMA = """
CREATE SCHEMA IF NOT EXISTS _catalog;
CREATE TABLE IF NOT EXISTS _catalog.datasets (dataset VARCHAR, resource VARCHAR);
CREATE TABLE IF NOT EXISTS _catalog.tables (dataset VARCHAR, name VARCHAR, resource VARCHAR);
"""


@dataclass(frozen=True, slots=True)
class WarehouseCatalog:
    """Reads and writes through one connection, so that it sees and joins that connection's transaction.

    A table that has expired at `now` (milliseconds since the epoch) is not there.
    """

    connection: Connection
    project: str
    now: int

    def dataset(self, dataset: str) -> Resource | None:
        rows = self._rows("SELECT resource FROM _catalog.datasets WHERE dataset = ?", [dataset])
        return rows[0] if rows else None

    def datasets(self) -> list[Resource]:
        return self._rows("SELECT resource FROM _catalog.datasets ORDER BY dataset", [])

    def put_dataset(self, dataset: str, resource: Resource) -> None:
        self.connection.execute("DELETE FROM _catalog.datasets WHERE dataset = ?", [dataset])
        self.connection.execute("INSERT INTO _catalog.datasets VALUES (?, ?)", [dataset, json.dumps(resource)])

    def drop_dataset(self, dataset: str) -> None:
        self.connection.execute("DELETE FROM _catalog.datasets WHERE dataset = ?", [dataset])
        self.connection.execute("DELETE FROM _catalog.tables WHERE dataset = ?", [dataset])

    def table(self, name: TableName) -> Resource | None:
        if name.project != self.project:
            return None
        found = self._rows(
            "SELECT resource FROM _catalog.tables WHERE dataset = ? AND name = ?", [name.dataset, name.table]
        )
        return found[0] if found and not self._expired(found[0]) else None

    def expired(self) -> list[TableName]:
        """The tables that are not there any more and are still stored."""
        rows = self._rows("SELECT resource FROM _catalog.tables WHERE resource LIKE '%\"expirationTime\"%'", [])
        names = [found["tableReference"] for found in rows if self._expired(found)]
        return [
            TableName(project=name["projectId"], dataset=name["datasetId"], table=name["tableId"]) for name in names
        ]

    def _expired(self, resource: Resource) -> bool:
        return int(resource.get("expirationTime") or self.now + 1) <= self.now

    def tables(self, dataset: str) -> list[Resource]:
        found = self._rows("SELECT resource FROM _catalog.tables WHERE dataset = ? ORDER BY name", [dataset])
        return [resource for resource in found if not self._expired(resource)]

    def put_table(self, name: TableName, resource: Resource) -> None:
        self.drop_table(name)
        values = [name.dataset, name.table, json.dumps(resource)]
        self.connection.execute("INSERT INTO _catalog.tables VALUES (?, ?, ?)", values)

    def drop_table(self, name: TableName) -> None:
        self.connection.execute(
            "DELETE FROM _catalog.tables WHERE dataset = ? AND name = ?", [name.dataset, name.table]
        )

    def need_dataset(self, project: str, dataset: str) -> Resource:
        found = self.dataset(dataset) if project == self.project else None
        if found is None:
            raise not_found("Dataset", f"{project}:{dataset}")
        return found

    def need_table(self, name: TableName) -> Resource:
        found = self.table(name)
        if found is None:
            self.need_dataset(name.project, name.dataset)
            raise not_found("Table", str(name))
        return found

    def _rows(self, sql: str, parameters: list[str]) -> list[Resource]:
        return [json.loads(row[0]) for row in self.connection.execute(sql, parameters).fetchall()]

"""One job's session: its cursor, its variables, its transaction, and the translation of its statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from laptop.bigquery.catalog import Resource, WarehouseCatalog
from laptop.bigquery.engine import Engine, describe, fetch
from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.external.cache import ObjectCache
from laptop.bigquery.external.definition import read_definition
from laptop.bigquery.external.scan import plan_scan
from laptop.bigquery.running.billing import bill, check_limit, measure, mentioned_columns, unqualified_names
from laptop.bigquery.running.set_operations import check_set_operations
from laptop.bigquery.running.transactions import Transaction, is_conflict
from laptop.bigquery.sql.dialect import parse_one
from laptop.bigquery.sql.generator import write_duckdb
from laptop.bigquery.sql.joins import order_using_columns
from laptop.bigquery.sql.parameters import Parameter, bind_parameters
from laptop.bigquery.sql.references import Place, TableName, resolve
from laptop.bigquery.sql.shape import (
    FILE_NAME,
    build_structs,
    group_by_alias,
    hide_file_name,
    mentions_file_name,
    name_columns,
    partition_predicates,
)
from laptop.bigquery.sql.structs import unite_structs
from laptop.bigquery.sql.system_variables import bind_system_variables, text, whole_number
from laptop.bigquery.table_locks import Change

_VIEW_DEPTH = 16


@dataclass(slots=True, kw_only=True)
class Session:
    """`now` gives milliseconds since the epoch; `bytes_read` holds what each table brings to the job, once.

    `row_count` is of the script's last data change, `error_message` what its exception handler handles.
    A table of the warehouse is measured for a dry run and for a job with a limit (`most_bytes`, 0 is none) only: that is a scan.
    """

    engine: Engine
    cursor: duckdb.DuckDBPyConnection
    cache: ObjectCache
    place: Place
    project: str
    now: Callable[[], int]
    parameters: Sequence[Parameter] = ()
    dry: bool = False
    variables: frozenset[str] = frozenset()
    transaction: Transaction | None = None
    row_count: int | None = None
    error_message: str | None = None
    most_bytes: int = 0
    bytes_read: dict[TableName, int] = field(default_factory=dict)
    tables_read: set[TableName] = field(default_factory=set)
    _exact: bool = False

    @property
    def catalog(self) -> WarehouseCatalog:
        return WarehouseCatalog(self.cursor, self.project, self.now())

    def translate(self, tree: exp.Expr, *, depth: int = 0) -> str:
        """DuckDB SQL for a statement or query. Raises ApiError for what is not supported or not found."""
        self._exact = False
        prepared = self.prepare(tree, depth=depth)
        check_limit(bill(self.bytes_read.values()), self.most_bytes)
        check_set_operations(prepared, lambda side: self.describe(self._written(side)))
        return self._written(prepared)

    def _written(self, prepared: exp.Expr) -> str:
        return write_duckdb(prepared, exact=self._exact, variables=self.variables)

    def translate_query(self, tree: exp.Expr) -> str:
        """As `translate`, with the columns named as BigQuery names them."""
        name_columns(tree)
        return self.translate(tree)

    def prepare(self, tree: exp.Expr, *, depth: int = 0) -> exp.Expr:
        if depth > _VIEW_DEPTH:
            raise invalid_query("Views nest too deeply")
        root = exp.Paren(this=tree.copy())
        known = {"row_count": whole_number(self.row_count), "error.message": text(self.error_message)}
        bind_system_variables(root, known)
        bind_parameters(root, self.parameters)
        build_structs(root)
        unite_structs(root)
        order_using_columns(root)
        group_by_alias(root)
        self._exact = self._exact or any(kind.is_type("decimal") for kind in root.find_all(exp.DataType))
        mentioned, bare = mentioned_columns(root), unqualified_names(root)
        resolve(root, self.place, lambda name, table, select: self._source(name, table, select, mentioned, bare, depth))
        prepared = root.this
        assert isinstance(prepared, exp.Expr)
        return prepared

    def _source(
        self,
        name: TableName,
        table: exp.Table,
        select: exp.Select | None,
        mentioned: frozenset[str] | None,
        bare: frozenset[str],
        depth: int,
    ) -> exp.Expr:
        resource = self.catalog.need_table(name)
        self.tables_read.add(name)
        self._refuse_ambiguous(name, resource, bare)
        self._exact = self._exact or '"NUMERIC"' in str(resource.get("schema")).replace("'", '"')
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name.table, quoted=True))
        if resource["type"] == "VIEW":
            inner = self.prepare(parse_one(resource["view"]["query"]), depth=depth + 1)
            name_columns(inner)
            return exp.Subquery(this=inner, alias=alias.copy())
        if resource["type"] == "EXTERNAL":
            return self._external(name, resource, table, select, alias)
        if (self.dry or self.most_bytes) and not isinstance(table.parent, exp.Insert | exp.Schema):
            self._meter(name, measure(self.cursor, name, resource, mentioned))
        parts = [exp.to_identifier(part, quoted=True) for part in (name.table, name.dataset)]
        return exp.Table(this=parts[0], db=parts[1], alias=table.args.get("alias"))

    def _refuse_ambiguous(self, name: TableName, resource: Resource, bare: frozenset[str]) -> None:
        """BigQuery would take the column; the generator, which does not know the columns, the variable."""
        columns = {field["name"].lower() for field in resource["schema"]["fields"]}
        both = sorted(columns & bare & self.variables)
        if both:
            raise unsupported(f"{both[0]}, which is a variable and a column of {name}: qualify the column")

    def _meter(self, name: TableName, size: int) -> None:
        self.bytes_read[name] = max(size, self.bytes_read.get(name, 0))

    def _external(
        self, name: TableName, resource: Resource, table: exp.Table, select: exp.Select | None, alias: exp.Expr
    ) -> exp.Expr:
        definition = read_definition(resource)
        names = {column["name"].lower() for column in definition.partitions}
        conjuncts = partition_predicates(select, table, names, self.variables)
        predicates = [write_duckdb(conjunct, variables=self.variables) for conjunct in conjuncts]
        scan = plan_scan(definition, self.cache, self.cursor, predicates, lambda _item: None)
        self._meter(name, scan.size)
        shown = f"SELECT * FROM ({scan.sql})"
        if mentions_file_name(select) and select is not None:
            hide_file_name(select)
        else:
            shown = f'SELECT * EXCLUDE ("{FILE_NAME}") FROM ({scan.sql})'
        return exp.Subquery(this=exp.Var(this=shown), alias=alias.copy())

    def fetch(self, sql: str) -> pa.Table:
        return fetch(self.cursor, sql)

    def describe(self, sql: str) -> list[tuple[str, str]]:
        return describe(self.cursor, sql)

    def execute(self, sql: str) -> Any:
        return self.cursor.execute(sql)

    def count(self, sql: str) -> int:
        """Run a change; the number of rows it touched."""
        rows = self.cursor.execute(sql).fetchall()
        return int(rows[0][0]) if rows else 0

    @contextmanager
    def changing(self, *names: TableName, change: Change = Change.DEFINE) -> Iterator[None]:
        """One change: it takes its turn at its tables, all or nothing; inside BEGIN TRANSACTION it joins that transaction."""
        tables = {str(name) for name in names}
        if self.transaction is not None:
            with self.transaction.changing(tables, change):
                yield
            return
        with self.engine.locks.holding(tables, change):
            self.cursor.execute("BEGIN TRANSACTION")
            try:
                yield
                self.cursor.execute("COMMIT")
            except BaseException as error:
                self._undo()
                if isinstance(error, duckdb.Error) and is_conflict(error):
                    message = (
                        f"Could not serialize access to table {', '.join(sorted(tables))} due to concurrent update"
                    )
                    raise invalid_query(message) from error
                raise

    def _undo(self) -> None:
        # A COMMIT that failed has rolled back already.
        with suppress(duckdb.TransactionException):
            self.cursor.execute("ROLLBACK")

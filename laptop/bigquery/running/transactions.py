"""BEGIN, COMMIT and ROLLBACK TRANSACTION: a snapshot, all or nothing, aborted where another has mutated a table meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from laptop.bigquery.engine import Engine
from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.table_locks import Change
from laptop.http import ApiError

_PINS_THE_SNAPSHOT = "SELECT count(*) FROM _catalog.datasets"


_REFUSED = ("CREATE", "ALTER", "DROP", "EXPORT")


def is_conflict(error: duckdb.Error) -> bool:
    """Whether DuckDB's own optimistic check failed: what another job committed meanwhile."""
    return isinstance(error, duckdb.TransactionException) or "conflict" in str(error).lower()


@dataclass(slots=True, kw_only=True)
class Transaction:
    """`held` are the tables that it mutates, `changed` all that it writes; `broken`: DuckDB takes nothing more but a rollback."""

    engine: Engine
    cursor: duckdb.DuckDBPyConnection
    moment: int
    held: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    broken: bool = False

    @contextmanager
    def changing(self, names: set[str], change: Change) -> Iterator[None]:
        """Raises ApiError as BigQuery does when it cannot be the only one to mutate these tables."""
        self.changed |= names
        if change is Change.MUTATE:
            for name in sorted(names):
                self._take(name)
        try:
            yield
        except duckdb.Error as error:
            if is_conflict(error):
                raise self._aborted(sorted(names)[0]) from error
            raise

    def _take(self, name: str) -> None:
        if name not in self.held:
            if not self.engine.locks.try_mutate(name):
                raise self._aborted(name)
            self.held.add(name)
        if self.engine.locks.mutated_since(name, self.moment):
            raise self._aborted(name)

    def _aborted(self, name: str) -> ApiError:
        self.broken = True
        return invalid_query(f"Transaction is aborted due to concurrent update against table {name}.")

    def admit(self, kind: str) -> None:
        """Raises ApiError for what a transaction does not take, by the statement's type.

        After a statement that failed BigQuery would go on, in an exception handler; DuckDB does not.
        """
        if self.broken and kind != "ROLLBACK_TRANSACTION":
            raise unsupported("a statement other than ROLLBACK TRANSACTION after one that failed in the transaction")
        if kind.split("_", maxsplit=1)[0] in _REFUSED:
            raise invalid_query(f"{kind.replace('_', ' ')} is not supported inside a transaction")

    def commit(self) -> None:
        try:
            self.cursor.execute("COMMIT")
        except duckdb.Error as error:
            if is_conflict(error):
                raise self._aborted(", ".join(sorted(self.changed))) from error
            raise
        self.engine.locks.record(self.held)
        self._release()

    def rollback(self) -> None:
        try:
            self.cursor.execute("ROLLBACK")
        except duckdb.TransactionException:
            pass  # a COMMIT that failed has rolled back already
        finally:
            self._release()

    def _release(self) -> None:
        self.engine.locks.release(self.held)
        self.held = set()


def begin(engine: Engine, cursor: duckdb.DuckDBPyConnection) -> Transaction:
    """Its reads are of this moment: DuckDB takes its snapshot at the first one."""
    moment = engine.locks.moment()
    cursor.execute("BEGIN TRANSACTION")
    cursor.execute(_PINS_THE_SNAPSHOT).fetchall()
    return Transaction(engine=engine, cursor=cursor, moment=moment)

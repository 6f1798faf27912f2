"""How many partitions a table may have, and a statement change.

https://cloud.google.com/bigquery/quotas, "Partitioned tables": 10,000 partitions in a table, 4,000 that one job modifies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from laptop.bigquery.catalog import Resource
from laptop.bigquery.errors import invalid_query
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.types import Field, quoted
from laptop.http import ApiError

MOST_MODIFIED = 4_000
MOST = 10_000
Partitions = dict[Any, tuple[Any, ...]]


def check_partition_column(fields: list[Field], more: Resource) -> None:
    """Raises ApiError if a table is partitioned by what is no column of it."""
    column = (more.get("timePartitioning") or more.get("rangePartitioning") or {}).get("field")
    if column is not None and column.lower() not in {field["name"].lower() for field in fields}:
        raise invalid_query(f"The field specified for partitioning cannot be found in the schema: {column}")


@contextmanager
def within_partition_limits(session: Session, name: TableName) -> Iterator[None]:
    """Raises ApiError after a change of too many partitions; the caller takes it back. For a table partitioned by time."""
    before = _partitions(session, name, summed=False)
    summed = len(before) > MOST_MODIFIED
    if summed:
        before = _partitions(session, name, summed=True)
    yield
    check_limits(name, before, _partitions(session, name, summed=summed))


def _partitions(session: Session, name: TableName, *, summed: bool) -> Partitions:
    """The number of rows of each partition, and if `summed` a checksum of them.

    In a table of no more partitions than may be modified only those count that a change adds to, or takes from.
    """
    by = ((session.catalog.table(name) or {}).get("timePartitioning") or {}).get("field")
    if by is None:
        return {}
    unit = session.catalog.need_table(name)["timePartitioning"].get("type", "DAY")
    checksum = ", bit_xor(hash(t))" if summed else ""
    sql = f"SELECT date_trunc({quote(unit)}, {quoted(by)}), count(*){checksum} FROM {name.duck} AS t GROUP BY 1"
    return {row[0]: tuple(row[1:]) for row in session.execute(sql).fetchall()}


def check_limits(name: TableName, before: Partitions, after: Partitions) -> None:
    modified = sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())
    if modified > MOST_MODIFIED:
        raise invalid_query(f"Too many partitions produced by query, allowed {MOST_MODIFIED}, "
                            f"query produces at least {modified} partitions")  # fmt: skip
    if len(after) > MOST:
        message = f"Quota exceeded: {name} would have {len(after)} partitions, at most {MOST} are allowed"
        raise ApiError(403, message, reason="quotaExceeded")


def check_created(session: Session, name: TableName) -> None:
    """As `within_partition_limits`, of a table that a query has just filled."""
    check_limits(name, {}, _partitions(session, name, summed=False))

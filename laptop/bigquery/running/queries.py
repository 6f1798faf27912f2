"""SELECT, with or without a destination table."""

from __future__ import annotations

from sqlglot import exp

from laptop.bigquery.errors import duplicate, invalid_query
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.partitions import within_partition_limits
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.table_storage import append_rows, new_table
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.types import Field, duck_type_of_field, field_of_duck, quoted


def run_query(session: Session, tree: exp.Expr) -> StatementOutcome:
    sql = session.translate_query(tree)
    fields = result_fields(session, sql)
    outcome = StatementOutcome(kind="SELECT", fields=fields)
    if not session.dry:
        outcome.rows = session.fetch(with_canonical_types(sql, fields))
    return outcome


def result_fields(session: Session, sql: str) -> list[Field]:
    """The REST schema of a query. Raises ApiError for two columns of one name."""
    columns = session.describe(sql)
    names = [name.lower() for name, _ in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid_query(f"Duplicate column names in the result are not supported: {', '.join(twice)}")
    return [field_of_duck(name, duck) for name, duck in columns]


def with_canonical_types(sql: str, fields: list[Field]) -> str:
    """DuckDB's narrower and wider integers as INT64: out of range is an error, as it is in BigQuery."""
    casts = (f"CAST({_written(field)} AS {duck_type_of_field(field)}) AS {quoted(field['name'])}" for field in fields)
    return f"SELECT {', '.join(casts)} FROM ({sql})"


def _written(field: Field) -> str:
    """The column, which as an array may not hold a NULL once it is written."""
    name = quoted(field["name"])
    return f"bq_without_null({name}, {quote(field['name'])})" if field.get("mode") == "REPEATED" else name


def run_query_into(session: Session, tree: exp.Expr, target: TableName, disposition: str) -> StatementOutcome:
    """A query job with a destination: WRITE_EMPTY (the default), WRITE_TRUNCATE or WRITE_APPEND."""
    outcome = run_query(session, tree)
    if session.dry:
        return outcome
    assert outcome.rows is not None
    session.cursor.register("_result", outcome.rows)
    try:
        with session.changing(target), within_partition_limits(session, target):
            _store(session, outcome.fields, target, disposition or "WRITE_EMPTY")
    finally:
        session.cursor.unregister("_result")
    return outcome


def _store(session: Session, fields: list[Field], target: TableName, disposition: str) -> None:
    existing = session.catalog.table(target)
    if existing is None or disposition == "WRITE_TRUNCATE":
        new_table(session, target, fields, existing or {})
    elif disposition == "WRITE_EMPTY" and session.count(f"SELECT count(*) FROM {target.duck}"):
        raise duplicate("Table", str(target))
    append_rows(session, target, fields, "_result")

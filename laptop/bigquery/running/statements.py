"""Runs one statement, by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.running.alterations import run_alter
from laptop.bigquery.running.changes import run_change
from laptop.bigquery.running.definitions import run_create, run_create_external, run_drop, run_drop_external
from laptop.bigquery.running.exports import run_export
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.queries import run_query, run_query_into
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.transactions import begin
from laptop.bigquery.running.variables import assign, declare, run_assert
from laptop.bigquery.sql.dialect import parse_tokens
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.script import Statement, statement_type

_RUNNERS: dict[type[exp.Expr], Callable[[Session, Any], StatementOutcome]] = {
    **{exp.Create: run_create, exp.Alter: run_alter, exp.Drop: run_drop},
    **{exp.Declare: declare, exp.Set: assign},
}
_CHANGES = ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE")


def run_statement(
    session: Session, statement: Statement, target: TableName | None, disposition: str
) -> StatementOutcome:
    kind = statement_type(statement)
    if session.transaction is not None:
        session.transaction.admit(kind)
    return _run_kind(session, statement, kind, target, disposition)


def _run_kind(
    session: Session, statement: Statement, kind: str, target: TableName | None, disposition: str
) -> StatementOutcome:
    if kind == "CREATE_EXTERNAL_TABLE":
        return run_create_external(session, statement)
    if kind == "DROP_EXTERNAL_TABLE":
        return run_drop_external(session, statement)
    if kind == "EXPORT_DATA":
        return run_export(session, statement)
    if kind == "ASSERT":
        return run_assert(session, statement)
    if kind.endswith("_TRANSACTION"):
        return _transact(session, kind)
    return _run_parsed(session, _parse(statement, kind), kind, target, disposition)


def _parse(statement: Statement, kind: str) -> exp.Expr:
    tree = parse_tokens(statement.tokens, statement.script)
    if isinstance(tree, exp.Command):
        raise unsupported(f"statement {kind.replace('_', ' ')}")
    return tree


def _run_parsed(
    session: Session, tree: exp.Expr, kind: str, target: TableName | None, disposition: str
) -> StatementOutcome:
    if isinstance(tree, exp.Query):
        return run_query_into(session, tree, target, disposition) if target else run_query(session, tree)
    if kind in _CHANGES:
        return run_change(session, tree, kind)
    runner = _RUNNERS.get(type(tree))
    if runner is not None:
        return runner(session, tree)
    raise unsupported(f"statement {kind.replace('_', ' ')}")


def _transact(session: Session, kind: str) -> StatementOutcome:
    opening = kind == "BEGIN_TRANSACTION"
    if opening == (session.transaction is not None):
        raise invalid_query("Transaction already in progress" if opening else "There is no transaction in progress")
    if opening:
        session.transaction = begin(session.engine, session.cursor)
    else:
        end_transaction(session, kind)
    return StatementOutcome(kind=kind)


def end_transaction(session: Session, kind: str) -> None:
    """A commit that fails leaves the transaction open, to be rolled back."""
    assert session.transaction is not None
    if kind == "COMMIT_TRANSACTION":
        session.transaction.commit()
    else:
        session.transaction.rollback()
    session.transaction = None

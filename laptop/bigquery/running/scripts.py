"""Runs a script's statements in order: the last SELECT gives the rows."""

from __future__ import annotations

import duckdb
from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.running.changes import run_change
from laptop.bigquery.running.definitions import run_create, run_create_external, run_drop
from laptop.bigquery.running.exports import run_export
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.queries import run_query, run_query_into
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.table_storage import remove_expired
from laptop.bigquery.running.transactions import begin
from laptop.bigquery.sql.dialect import parse_one, parse_tokens
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.script import Statement, split_script, statement_type
from laptop.bigquery.sql.types import duck_type

_CHANGES = ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE")


def run_script(session: Session, text: str, target: TableName | None = None, disposition: str = "") -> StatementOutcome:
    """Raises ApiError for what BigQuery would refuse or what is not served. An open transaction is rolled back."""
    statements = split_script(text)
    if not session.dry:
        remove_expired(session)
    outcomes: list[StatementOutcome] = []
    try:
        for statement in statements:
            outcomes.append(_run(session, statement, target, disposition))
    except duckdb.Error as error:
        raise invalid_query(explain(error)) from error
    finally:
        if session.transaction is not None:
            end_transaction(session, "ROLLBACK_TRANSACTION")
    return outcomes[0] if len(outcomes) == 1 else _of_script(outcomes)


def explain(error: duckdb.Error) -> str:
    """DuckDB's message less its excerpt of SQL the caller did not write."""
    if "multiple overloads" in str(error):
        return "Unsupported: NUMERIC arithmetic on an aggregate or a window: name it in a subquery first"
    if "(1 % 0)" in str(error) or "isfinite(v)" in str(error):  # how the macros fail, so that SAFE. can make NULL of it
        return "Division by zero or floating point error"
    return str(error).split("\n\nLINE")[0].split("\nLINE")[0].strip()


def _of_script(outcomes: list[StatementOutcome]) -> StatementOutcome:
    last = next((outcome for outcome in reversed(outcomes) if outcome.rows is not None), None)
    return StatementOutcome(kind="SCRIPT", fields=last.fields if last else [], rows=last.rows if last else None)


def _run(session: Session, statement: Statement, target: TableName | None, disposition: str) -> StatementOutcome:
    kind = statement_type(statement)
    if session.transaction is not None:
        session.transaction.admit(kind)
    try:
        return _run_kind(session, statement, kind, target, disposition)
    except duckdb.Error:
        if session.transaction is not None:
            session.transaction.broken = True
        raise


def _run_kind(
    session: Session, statement: Statement, kind: str, target: TableName | None, disposition: str
) -> StatementOutcome:
    if kind == "CREATE_EXTERNAL_TABLE":
        return run_create_external(session, statement)
    if kind == "EXPORT_DATA":
        return run_export(session, statement)
    if kind == "ASSERT":
        return _assert(session, statement)
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
    if isinstance(tree, exp.Create):
        return run_create(session, tree)
    if isinstance(tree, exp.Drop):
        return run_drop(session, tree)
    if isinstance(tree, exp.Declare):
        return _declare(session, tree)
    if isinstance(tree, exp.Set):
        return _set(session, tree)
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


def _declare(session: Session, tree: exp.Declare) -> StatementOutcome:
    for item in tree.expressions:
        names = item.this if isinstance(item.this, list) else [item.this]
        kind, default = item.args.get("kind"), item.args.get("default")
        value = session.translate(default) if default else "NULL"
        typed = f"CAST({value} AS {duck_type(kind)})" if isinstance(kind, exp.DataType) else value
        for name in names:
            _assign(session, name.name, typed)
            session.variables |= {name.name.lower()}
    return StatementOutcome(kind="DECLARE")


def _set(session: Session, tree: exp.Set) -> StatementOutcome:
    for item in tree.expressions:
        pair = item.this
        if not isinstance(pair, exp.EQ) or pair.this.name.lower() not in session.variables:
            raise unsupported(f"SET {item.sql('bigquery')}")
        name = pair.this.name
        declared = session.execute(f"SELECT typeof(getvariable({quote(name.lower())}))").fetchall()[0][0]
        value = session.translate(pair.expression)
        _assign(session, name, value if declared == '"NULL"' else f"CAST({value} AS {declared})")
    return StatementOutcome(kind="SET")


def _assign(session: Session, name: str, value: str) -> None:
    session.execute(f'SET VARIABLE "{name.lower()}" = ({value})')


def _assert(session: Session, statement: Statement) -> StatementOutcome:
    """ASSERT condition [AS 'message']."""
    tokens, message = statement.tokens[1:], "Assertion failed"
    if len(tokens) > 2 and tokens[-2].text.upper() == "AS":
        message, tokens = f"Assertion failed: {tokens[-1].text}", tokens[:-2]
    condition = parse_one(f"SELECT {statement.script[tokens[0].start : tokens[-1].end + 1]}")
    rows = session.fetch(session.translate(condition)).to_pylist()
    if not session.dry and next(iter(rows[0].values())) is not True:
        raise invalid_query(message)
    return StatementOutcome(kind="ASSERT")

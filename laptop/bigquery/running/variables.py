"""DECLARE, SET, ASSERT and conditions: what a script computes for itself."""

from __future__ import annotations

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.dialect import parse_expression
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.script import Statement
from laptop.bigquery.sql.types import duck_type


def declare(session: Session, tree: exp.Declare) -> StatementOutcome:
    for item in tree.expressions:
        names = item.this if isinstance(item.this, list) else [item.this]
        kind, default = item.args.get("kind"), item.args.get("default")
        value = session.translate(default) if default else "NULL"
        typed = f"CAST({value} AS {duck_type(kind)})" if isinstance(kind, exp.DataType) else value
        for name in names:
            if name.name.lower() in session.variables:
                raise invalid_query(f"Variable '{name.name}' redeclaration is not allowed")
            _store(session, name.name, typed)
            session.variables |= {name.name.lower()}
    return StatementOutcome(kind="DECLARE")


def assign(session: Session, tree: exp.Set) -> StatementOutcome:
    for item in tree.expressions:
        pair = item.this
        if not isinstance(pair, exp.EQ) or pair.this.name.lower() not in session.variables:
            raise unsupported(f"SET {item.sql('bigquery')}")
        name = pair.this.name
        declared = session.execute(f"SELECT typeof(getvariable({quote(name.lower())}))").fetchall()[0][0]
        value = session.translate(pair.expression)
        _store(session, name, value if declared == '"NULL"' else f"CAST({value} AS {declared})")
    return StatementOutcome(kind="SET")


def _store(session: Session, name: str, value: str) -> None:
    session.execute(f'SET VARIABLE "{name.lower()}" = ({value})')


def run_assert(session: Session, statement: Statement) -> StatementOutcome:
    """ASSERT condition [AS 'message']."""
    tokens, message = statement.tokens[1:], "Assertion failed"
    if len(tokens) > 2 and tokens[-2].text.upper() == "AS":
        message, tokens = f"Assertion failed: {tokens[-1].text}", tokens[:-2]
    held = evaluate(session, parse_expression(tokens, statement.script), "ASSERT")
    if not session.dry and not held:
        raise invalid_query(message)
    return StatementOutcome(kind="ASSERT")


def evaluate(session: Session, condition: exp.Expr, where: str) -> bool:
    """Whether a condition, given as a SELECT of it, is TRUE; NULL is not. Raises ApiError for what is no BOOL."""
    sql = session.translate(condition)
    [(_, kind)] = session.describe(sql)
    if kind not in ("BOOLEAN", '"NULL"'):
        raise invalid_query(f"{where} expects a condition of type BOOL: {condition.sql('bigquery')}")
    return session.execute(sql).fetchall()[0][0] is True

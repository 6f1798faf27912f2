"""Runs a script: its statements in order, its branches and its blocks; the last SELECT gives the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from laptop.bigquery.errors import invalid_query
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.statements import end_transaction, run_statement
from laptop.bigquery.running.table_storage import remove_expired
from laptop.bigquery.running.variables import evaluate
from laptop.bigquery.sql.dialect import parse_expression
from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.script import Block, Branches, Node, Statement, split_script, statement_type
from laptop.http import ApiError


def run_script(session: Session, text: str, target: TableName | None = None, disposition: str = "") -> StatementOutcome:
    """Raises ApiError for what BigQuery would refuse or what is not served. An open transaction is rolled back."""
    nodes = split_script(text)
    if not session.dry:
        remove_expired(session)
    run = _ScriptRun(session=session, target=target, disposition=disposition)
    try:
        run.run_all(nodes)
    except duckdb.Error as error:
        raise invalid_query(explain(error)) from error
    finally:
        if session.transaction is not None:
            end_transaction(session, "ROLLBACK_TRANSACTION")
    single = len(nodes) == 1 and isinstance(nodes[0], Statement)
    return run.outcomes[0] if single else _of_script(run.outcomes)


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


@dataclass(slots=True, kw_only=True)
class _ScriptRun:
    """`outcomes` are those of the statements that have run."""

    session: Session
    target: TableName | None
    disposition: str
    outcomes: list[StatementOutcome] = field(default_factory=list)

    def run_all(self, nodes: Sequence[Node]) -> None:
        """Variables may be declared before all else, and are gone at the end."""
        outer, first = self.session.variables, True
        for node in nodes:
            declares = isinstance(node, Statement) and statement_type(node) == "DECLARE"
            if declares and not first:
                raise invalid_query("Variable declarations are allowed only at the start of a block or script")
            first = declares
            self._run_node(node)
        self.session.variables = outer

    def _run_node(self, node: Node) -> None:
        if isinstance(node, Statement) and node.words[0] == "RAISE":
            self._raise(node)
        elif isinstance(node, Statement):
            self._run_one(node)
        elif isinstance(node, Branches):
            self._run_branches(node)
        else:
            self._run_block(node)

    def _run_one(self, statement: Statement) -> None:
        outcome = run_statement(self.session, statement, self.target, self.disposition)
        if outcome.affected is not None:
            self.session.row_count = outcome.affected
        self.outcomes.append(outcome)

    def _run_branches(self, node: Branches) -> None:
        """A dry run checks all bodies."""
        for condition, body in node.cases:
            held = evaluate(self.session, parse_expression(condition.tokens, condition.script), "IF")
            if held or self.session.dry:
                self.run_all(body)
            if held and not self.session.dry:
                return
        self.run_all(node.otherwise)

    def _run_block(self, node: Block) -> None:
        variables = self.session.variables
        try:
            self.run_all(node.body)
        except (ApiError, duckdb.Error) as error:
            if node.handler is None or isinstance(error, duckdb.InterruptException):
                raise
            self.session.variables = variables
            self._handle(node.handler, error)
        if self.session.dry and node.handler is not None:
            self.run_all(node.handler)

    def _handle(self, handler: Sequence[Node], error: ApiError | duckdb.Error) -> None:
        if self.session.transaction is not None and isinstance(error, duckdb.Error):
            self.session.transaction.broken = True
        before = self.session.error_message
        self.session.error_message = error.message if isinstance(error, ApiError) else explain(error)
        try:
            self.run_all(handler)
        finally:
            self.session.error_message = before

    def _raise(self, statement: Statement) -> None:
        """RAISE again what is handled, or USING MESSAGE = a text. Raises ApiError, but in a dry run."""
        words = [token.text.upper() for token in statement.tokens]
        if words[1:4] == ["USING", "MESSAGE", "="]:
            sql = self.session.translate(parse_expression(statement.tokens[4:], statement.script))
            message = self.session.execute(sql).fetchall()[0][0]
        elif len(words) > 1:
            raise invalid_query(f"Syntax error: Expected USING MESSAGE = but got {words[1]}")
        else:
            message = self.session.error_message
        if message is None and len(words) == 1 and not self.session.dry:
            raise invalid_query("Cannot re-raise an existing exception outside of an exception handler")
        if not self.session.dry:
            raise invalid_query(str(message))

"""How one GoogleSQL function is written in DuckDB: a template, or a function that writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported


class SqlWriter(Protocol):
    """What a rule may ask of the generator."""

    @property
    def exact(self) -> bool:
        """Whether NUMERIC is in play, and arithmetic is chosen by type."""

    def sql(self, expression: exp.Expr) -> str: ...


Rule = Callable[[SqlWriter, Sequence[exp.Expr]], str]


def template(*shapes: str) -> Rule:
    """A rule from one template per number of arguments: `{0}` is the first, `{prefix}` the arithmetic's family."""
    by_arity = {len(set(re.findall(r"\{(\d)\}", shape))): shape for shape in shapes}

    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        shape = by_arity.get(len(args))
        if shape is None:
            raise invalid_query(f"No matching signature for {len(args)} arguments")
        return shape.format(*(writer.sql(arg) for arg in args), prefix="bqn" if writer.exact else "bq")

    return write


def same(name: str) -> Rule:
    """A rule for a function that means the same under `name` in DuckDB."""

    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        return f"{name}({', '.join(writer.sql(arg) for arg in args)})"

    return write


def taking(rule: Rule, low: int, high: int) -> Rule:
    """The rule for `low` to `high` arguments: one more is refused, never dropped."""

    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        if not low <= len(args) <= high:
            raise invalid_query(f"No matching signature for {len(args)} arguments")
        return rule(writer, args)

    return write


def constant_text(argument: exp.Expr, what: str) -> str:
    """The text of a string literal argument; anything else is refused, since the translation depends on it."""
    if isinstance(argument, exp.Literal) and argument.is_string:
        return str(argument.this)
    if isinstance(argument, exp.RawString):
        return str(argument.this)
    raise unsupported(f"{what} that is not a string literal")


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def keyword(argument: exp.Expr) -> str:
    """`DAY`, `WEEK(MONDAY)`: a date part as text, in upper case."""
    if isinstance(argument, exp.Anonymous):
        return f"{argument.name}({', '.join(keyword(arg) for arg in argument.expressions)})".upper()
    return (argument.name or argument.sql()).upper()

"""UNION, INTERSECT, EXCEPT: columns meet by place, and must have a common type. DuckDB casts anything, and matches structs by name."""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb
from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.types import split_struct

Describe = Callable[[exp.Expr], list[tuple[str, str]]]
_WIDENED = {"DATE", "TIMESTAMP"}  # a DATE meets a DATETIME as one
_NUMBERS = re.compile(r"(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DOUBLE|DECIMAL.*)")


def check_set_operations(tree: exp.Expr, describe: Describe) -> None:
    """Raises ApiError for columns that do not meet. A branch that cannot be described alone is left to DuckDB."""
    for operation in tree.find_all(exp.SetOperation):
        if not _goes_on(operation):
            _check_chain(operation, describe)


def _goes_on(operation: exp.SetOperation) -> bool:
    """Whether another one takes its rows as they are: `a UNION b UNION c` is one chain, each branch described once."""
    return isinstance(operation.parent, exp.SetOperation) and operation.parent.this is operation


def _check_chain(operation: exp.SetOperation, describe: Describe) -> None:
    met: list[str] = []
    for branch in _branches(operation):
        try:
            kinds = [kind for _, kind in describe(_standing_alone(branch))]
        except duckdb.Error:
            continue
        for place, (first, second) in enumerate(zip(met, kinds, strict=False)):
            _check(operation.key.upper(), place + 1, first, second)
        met = [kinds[place] if '"NULL"' in first else first for place, first in enumerate(met[: len(kinds)])] or kinds


def _branches(side: exp.Expr) -> list[exp.Expr]:
    if isinstance(side, exp.SetOperation):
        return [*_branches(side.this), side.expression]
    return [side]


def _standing_alone(side: exp.Expr) -> exp.Expr:
    """A copy with every WITH that is in scope."""
    clauses = [node.args["with_"] for node in _ancestors(side) if node.args.get("with_")]
    alone = side.unnest().copy()
    if not clauses:
        return alone
    outer = exp.select("*").from_(exp.Subquery(this=alone, alias=exp.TableAlias(this=exp.to_identifier("_side"))))
    named = [cte.copy() for clause in reversed(clauses) for cte in clause.expressions]
    outer.set("with_", exp.With(expressions=named, recursive=any(clause.args.get("recursive") for clause in clauses)))
    return outer


def _ancestors(node: exp.Expr) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    parent = node.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found


def _check(operation: str, place: int, first: str, second: str) -> None:
    if first == second or '"NULL"' in first + second:
        return
    if "STRUCT(" in first and "STRUCT(" in second and _names(first) != _names(second):
        raise unsupported(f"{operation} of structs whose fields have other names: column {place}, {first} and {second}")
    if not {_kind(first), _kind(second)} <= _WIDENED and _kind(first) != _kind(second):
        raise invalid_query(f"Column {place} in {operation} has incompatible types: {first}, {second}")


def _kind(duck: str) -> str:
    return "number" if _NUMBERS.fullmatch(duck) else duck.split("(", maxsplit=1)[0] if "(" in duck else duck


def _names(duck: str) -> list[str]:
    inner = duck.removesuffix("[]")
    return [name.lower() for name, _ in split_struct(inner)] if inner.startswith("STRUCT(") else []

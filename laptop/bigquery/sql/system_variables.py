"""`@@name`: what the server knows about a script, as constants in the tree."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from laptop.bigquery.errors import unsupported

Constants = Mapping[str, exp.Expr]


def bind_system_variables(tree: exp.Expr, known: Constants) -> None:
    """Put values in the place of `@@row_count` and `@@error.message`, in place. Raises ApiError for others, by name."""
    for node in list(tree.find_all(exp.Parameter)):
        if isinstance(node.this, exp.Parameter):
            whole = _whole_name(node)
            name = whole.sql("bigquery").replace("@", "").lower()
            if name not in known:
                raise unsupported(f"system variable @@{name}")
            whole.replace(known[name].copy())


def _whole_name(node: exp.Expr) -> exp.Expr:
    while isinstance(node.parent, exp.Dot) and node.arg_key == "this":
        node = node.parent
    return node


def whole_number(value: int | None) -> exp.Expr:
    """An INT64."""
    return exp.cast(exp.null() if value is None else exp.Literal.number(value), "BIGINT")


def text(value: str | None) -> exp.Expr:
    """A STRING."""
    return exp.cast(exp.null() if value is None else exp.Literal.string(value), "TEXT")

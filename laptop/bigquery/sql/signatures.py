"""Where GoogleSQL finds no matching signature and DuckDB would cast: refused, as far as the text or a value's type shows it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.rules import SqlWriter

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between)
_FAMILIES = {
    **dict.fromkeys(("BIGINT", "INT", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT", "DECIMAL"), "number"),
    **dict.fromkeys(("TEXT", "VARCHAR"), "STRING"),
    "BOOLEAN": "BOOL",
    "BINARY": "BYTES",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "DATETIME",
    "DATETIME": "DATETIME",
    "TIMESTAMPTZ": "TIMESTAMP",
}
_TEMPORAL = {"DATE", "DATETIME", "TIMESTAMP", "TIME"}


_BITS = (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift)


def refuse_mixed_bits(expression: exp.Expr) -> None:
    """`1 | 2 & 3`: the parser gives all bitwise operators one precedence, GoogleSQL gives each its own."""
    if isinstance(expression, _BITS):
        sides = (expression.this, expression.expression)
        if any(isinstance(side, _BITS) and type(side) is not type(expression) for side in sides):
            raise unsupported(f"bitwise operators of two kinds without parentheses: {expression.sql('bigquery')}")


def is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.RawString) or (isinstance(node, exp.Literal) and bool(node.is_string))


def family(node: exp.Expr) -> str:
    """What the text itself shows of a type: that of a literal or a cast; empty for anything else."""
    node = node.unnest()
    if isinstance(node, exp.Cast):
        return _FAMILIES.get(node.to.this.name, "")
    if isinstance(node, exp.Neg):
        return "number"
    if isinstance(node, exp.Literal) and not node.is_string:
        return "number"
    return "BOOL" if isinstance(node, exp.Boolean) else "STRING" if is_text(node) else ""


def is_temporal(node: exp.Expr) -> bool:
    return family(node) in _TEMPORAL


def refuse_mixed(where: str, parts: Sequence[exp.Expr]) -> None:
    """Values that must have a common type. A string literal takes that of a date or a time; DATE widens to DATETIME."""
    texts = [part for part in parts if is_text(part)]
    kinds = {family(part) for part in parts if not is_text(part)} - {""}
    if texts and kinds - _TEMPORAL:
        kinds.add("STRING")
    if len(kinds) > 1 and kinds != {"DATE", "DATETIME"}:
        raise invalid_query(f"No matching signature for {where} with argument types {', '.join(sorted(kinds))}")


_TEXT_FUNCTIONS = {
    "JSON_VALUE",
    "UPPER",
    "LOWER",
    "TRIM",
    "SUBSTR",
    "CONCAT",
    "REGEXP_EXTRACT",
    "REGEXP_REPLACE",
    "TO_HEX",
}


def _gives_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() in _TEXT_FUNCTIONS


def refuse_text_operand(expression: exp.Binary) -> None:
    """`1 + '1'`: no operator takes a string literal as a number."""
    if is_text(expression.this) or is_text(expression.expression):
        raise invalid_query(f"No matching signature for operator {expression.key.upper()} with a STRING")


def refuse_incomparable(expression: exp.Expr) -> None:
    """ARRAY and JSON have no equality and no order, as far as the text shows that a side is one."""
    sides = (expression.this, expression.expression) if isinstance(expression, exp.Binary) else ()
    for side in (side.unnest() for side in sides):
        kind = "ARRAY" if isinstance(side, exp.Array) else ""
        if isinstance(side, exp.ParseJSON) or (isinstance(side, exp.Cast) and side.to.is_type("json")):
            kind = "JSON"
        if kind:
            raise invalid_query(f"{expression.key.upper()} is not defined for arguments of type {kind}")


def refuse_not(operand: exp.Expr) -> None:
    """`NOT 1`: no number is a truth value."""
    if family(operand) not in ("", "BOOL"):
        raise invalid_query(
            f"No matching signature for operator NOT with a {family(operand)}: {operand.sql('bigquery')}"
        )


def beside_text(writer: SqlWriter, expression: exp.Expr, parts: Sequence[exp.Expr], written: str) -> str:
    """A comparison with a string literal, which fails when the other side is a number or a truth value.

    In a join's condition nothing is added: DuckDB finds its keys by the plain form.
    """
    if not isinstance(expression, _COMPARISONS):
        return written
    refuse_mixed(f"operator {expression.key.upper()}", parts)
    refuse_incomparable(expression)
    others = [
        part for part in parts if not is_text(part) and not _gives_text(part) and not part.find(exp.Query, exp.Window)
    ]
    in_join = isinstance(expression.find_ancestor(exp.Join, exp.Merge, exp.Select), exp.Join | exp.Merge)
    if not any(map(is_text, parts)) or not others or in_join:
        return written
    return f"bq_beside_text(typeof({writer.sql(others[0])}), {written})"

"""Structs that meet in one column take the first one's field names, place by place; DuckDB would match them by name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.sql.arrays import struct_names, struct_values

_MEET = {"COALESCE", "IFNULL", "NULLIF"}


def unite_structs(tree: exp.Expr) -> None:
    """Rename the fields of struct constructors in UNION, IF, CASE, COALESCE, comparisons and IN, in place."""
    for operation in list(tree.find_all(exp.SetOperation)):
        for column in zip(*(select.expressions for select in _branches(operation)), strict=False):
            _rename([item.unalias() for item in column])
    for node in list(tree.find_all(exp.If, exp.Case, exp.Anonymous, exp.EQ, exp.NEQ, exp.In)):
        _rename(_meeting(node))


def _branches(operation: exp.Expr) -> list[exp.Select]:
    if isinstance(operation, exp.SetOperation):
        return [*_branches(operation.this), *_branches(operation.expression)]
    inner = operation.unnest()
    return [inner] if isinstance(inner, exp.Select) else _branches(inner) if isinstance(inner, exp.SetOperation) else []


def _meeting(node: exp.Expr) -> Sequence[exp.Expr]:
    if isinstance(node, exp.If):
        return [] if isinstance(node.parent, exp.Case) else [node.args["true"], node.args.get("false") or exp.null()]
    if isinstance(node, exp.Case):
        return [*(when.args["true"] for when in node.args["ifs"]), node.args.get("default") or exp.null()]
    if isinstance(node, exp.Anonymous):
        return node.expressions if node.name.upper() in _MEET else []
    if isinstance(node, exp.In):
        return [node.this, *node.expressions]
    return [node.this, node.expression]


def _rename(items: Sequence[exp.Expr]) -> None:
    """Nothing to do for tuples alone: they have no names."""
    built = [item for item in items if struct_values(item)]
    if all(isinstance(item, exp.Tuple) for item in built):
        return
    names = struct_names(built[0])
    for item in built[1:]:
        values = struct_values(item)
        if len(values) == len(names):
            pairs = zip(values, names, strict=True)
            fields = [exp.alias_(value.unalias().copy(), name, quoted=True) for value, name in pairs]
            item.replace(exp.Anonymous(this="STRUCT", expressions=fields))

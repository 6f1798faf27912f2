"""Aggregate and window functions. `{over}` is where OVER (...) goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.rules import SqlWriter

AggregateRule = Callable[[SqlWriter, "Call"], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An aggregate taken apart: arguments, DISTINCT, IGNORE NULLS, ORDER BY, LIMIT, HAVING MAX/MIN, OVER (...)."""

    args: Sequence[exp.Expr]
    distinct: bool
    ignore_nulls: bool
    order: exp.Order | None
    limit: exp.Expr | None
    having: exp.HavingMax | None
    over: str

    def first(self, writer: SqlWriter) -> str:
        return writer.sql(self.args[0])


def take_apart(arguments: Sequence[exp.Expr], over: str) -> Call:
    """The modifiers may hang on any argument (the last one, mostly): peel them off."""
    found: dict[str, exp.Expr] = {}
    args: list[exp.Expr] = []
    for argument in arguments:
        args.extend(_peel(argument, found))
    limit = found.get("Limit")
    order, having = found.get("Order"), found.get("HavingMax")
    return Call(
        args=args,
        distinct="Distinct" in found,
        ignore_nulls="IgnoreNulls" in found,
        order=order if isinstance(order, exp.Order) else None,
        limit=limit.expression if limit else None,
        having=having if isinstance(having, exp.HavingMax) else None,
        over=over,
    )


def _peel(node: exp.Expr, found: dict[str, exp.Expr]) -> list[exp.Expr]:
    if isinstance(node, exp.Limit | exp.Order | exp.IgnoreNulls | exp.RespectNulls | exp.HavingMax):
        found[type(node).__name__] = node
        return _peel(node.this, found)
    if isinstance(node, exp.Distinct):
        found["Distinct"] = node
        return [part for item in node.expressions for part in _peel(item, found)]
    return [node]


def _order(writer: SqlWriter, call: Call) -> str:
    if call.order is None:
        return ""
    return " ORDER BY " + ", ".join(writer.sql(item) for item in call.order.expressions)


def plain(name: str, wrap: str = "{0}") -> AggregateRule:
    """An aggregate that skips NULLs on both sides."""

    def write(writer: SqlWriter, call: Call) -> str:
        distinct = "DISTINCT " if call.distinct else ""
        if call.order is not None or call.limit is not None or call.having is not None:
            raise unsupported(f"ORDER BY, LIMIT or HAVING in {name}")
        args = ", ".join(writer.sql(arg) for arg in call.args)
        return wrap.format(f"{name}({distinct}{args}){call.over}")

    return write


def _countif(writer: SqlWriter, call: Call) -> str:
    distinct = "DISTINCT " if call.distinct else ""
    return f"count({distinct}CASE WHEN {call.first(writer)} THEN 1 END){call.over}"


def _average(writer: SqlWriter, call: Call) -> str:
    prefix = "bqn" if writer.exact else "bq"
    inner = ("DISTINCT " if call.distinct else "") + call.first(writer)
    return f"{prefix}_average(sum({inner}){call.over}, count({inner}){call.over})"


def _array_agg(writer: SqlWriter, call: Call) -> str:
    inner = ("DISTINCT " if call.distinct else "") + call.first(writer) + _order(writer, call)
    where = f" FILTER (WHERE {call.first(writer)} IS NOT NULL)" if call.ignore_nulls else ""
    items = f"list({inner}){where}{call.over}"
    return items if call.limit is None else f"list_slice({items}, 1, {writer.sql(call.limit)})"


def _string_agg(writer: SqlWriter, call: Call) -> str:
    separator = writer.sql(call.args[1]) if len(call.args) > 1 else "','"
    inner = ("DISTINCT " if call.distinct else "") + call.first(writer) + _order(writer, call)
    items = f"list({inner}) FILTER (WHERE {call.first(writer)} IS NOT NULL){call.over}"
    if call.limit is not None:
        items = f"list_slice({items}, 1, {writer.sql(call.limit)})"
    return f"array_to_string({items}, {separator})"


def _any_value(writer: SqlWriter, call: Call) -> str:
    if call.having is None:
        return f"any_value({call.first(writer)}){call.over}"
    name = "arg_max" if call.having.args.get("max") else "arg_min"
    return f"{name}({call.first(writer)}, {writer.sql(call.having.expression)}){call.over}"


def _by(name: str) -> AggregateRule:
    return lambda writer, call: f"{name}({call.first(writer)}, {writer.sql(call.args[1])}){call.over}"


def _distinct_count(writer: SqlWriter, call: Call) -> str:
    return f"count(DISTINCT {call.first(writer)}){call.over}"


AGGREGATES: dict[str, AggregateRule] = {
    "COUNT": plain("count"),
    "COUNTIF": _countif,
    "SUM": plain("sum"),
    "AVG": _average,
    "MIN": plain("min"),
    "MAX": plain("max"),
    "ANY_VALUE": _any_value,
    "MAX_BY": _by("arg_max"),
    "MIN_BY": _by("arg_min"),
    "ARRAY_AGG": _array_agg,
    "STRING_AGG": _string_agg,
    "ARRAY_CONCAT_AGG": lambda writer, call: f"flatten({_array_agg(writer, call)})",
    "APPROX_COUNT_DISTINCT": _distinct_count,
    "LOGICAL_AND": plain("bool_and"),
    "LOGICAL_OR": plain("bool_or"),
    "BIT_XOR": plain("bit_xor"),
    "BIT_AND": plain("bit_and"),
    "BIT_OR": plain("bit_or"),
    **{
        name: plain(duck)
        for name, duck in {
            "STDDEV": "stddev_samp",
            "STDDEV_SAMP": "stddev_samp",
            "STDDEV_POP": "stddev_pop",
            "VARIANCE": "var_samp",
            "VAR_SAMP": "var_samp",
            "VAR_POP": "var_pop",
            "CORR": "corr",
            "COVAR_POP": "covar_pop",
            "COVAR_SAMP": "covar_samp",
        }.items()
    },
}


def _navigation(name: str) -> AggregateRule:
    def write(writer: SqlWriter, call: Call) -> str:
        if not call.over:
            raise invalid_query(f"Window function {name.upper()} requires an OVER clause")
        nulls = " IGNORE NULLS" if call.ignore_nulls else ""
        args = [writer.sql(arg) for arg in call.args]
        return f"{name}({', '.join(args)}{nulls}){call.over}"

    return write


def _percentile(name: str) -> AggregateRule:
    return lambda writer, call: f"{name}({call.first(writer)}, {writer.sql(call.args[1])}){call.over}"


WINDOWS: dict[str, AggregateRule] = {
    name.upper(): _navigation(name)
    for name in (
        *("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"),
        *("lag", "lead", "first_value", "last_value", "nth_value"),
    )
} | {"PERCENTILE_CONT": _percentile("quantile_cont"), "PERCENTILE_DISC": _percentile("quantile_disc")}

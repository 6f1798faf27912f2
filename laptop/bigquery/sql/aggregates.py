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
    """An aggregate taken apart: arguments, modifiers, OVER (...). `nulls`: IGNORE NULLS or RESPECT NULLS is said."""

    args: Sequence[exp.Expr]
    distinct: bool
    ignore_nulls: bool
    nulls: bool
    order: exp.Order | None
    limit: exp.Expr | None
    having: exp.HavingMax | None
    over: str

    def first(self, writer: SqlWriter) -> str:
        return writer.sql(self.args[0])

    def modifiers(self) -> set[str]:
        """What is said beside the arguments, by the names that `takes` knows."""
        said = {"distinct": self.distinct, "nulls": self.nulls, "order": self.order, "limit": self.limit}
        return {name for name, value in {**said, "having": self.having}.items() if value}


def takes(rule: AggregateRule, low: int, high: int, *modifiers: str) -> AggregateRule:
    """The rule for `low` to `high` arguments and these modifiers; others are refused by name, never dropped."""

    def write(writer: SqlWriter, call: Call) -> str:
        if not low <= len(call.args) <= high:
            raise invalid_query(f"No matching signature for aggregate function with {len(call.args)} arguments")
        unread = sorted(call.modifiers() - set(modifiers))
        if unread:
            raise unsupported(f"{', '.join(unread).upper()} in this aggregate or analytic function")
        return rule(writer, call)

    return write


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
        nulls="IgnoreNulls" in found or "RespectNulls" in found,
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


def plain(name: str, arguments: int = 1) -> AggregateRule:
    """An aggregate that skips NULLs on both sides."""

    def write(writer: SqlWriter, call: Call) -> str:
        distinct = "DISTINCT " if call.distinct else ""
        args = ", ".join(writer.sql(arg) for arg in call.args)
        return f"{name}({distinct}{args}){call.over}"

    return takes(write, arguments, arguments, "distinct")


def _sum(writer: SqlWriter, call: Call) -> str:
    return f"bq_finite_product({plain('sum')(writer, call)})"


def _least(writer: SqlWriter, call: Call) -> str:
    """NaN where there is one: DuckDB has it as the greatest number."""
    return f"bq_least({plain('min')(writer, call)}, {plain('max')(writer, call)})"


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
    name = "arg_max_null" if call.having.args.get("max") else "arg_min_null"
    return f"{name}({call.first(writer)}, {writer.sql(call.having.expression)}){call.over}"


def _by(name: str) -> AggregateRule:
    return lambda writer, call: f"{name}({call.first(writer)}, {writer.sql(call.args[1])}){call.over}"


def _distinct_count(writer: SqlWriter, call: Call) -> str:
    return f"count(DISTINCT {call.first(writer)}){call.over}"


_LIST = ("distinct", "nulls", "order", "limit")
AGGREGATES: dict[str, AggregateRule] = {
    "COUNT": plain("count"),
    "COUNTIF": takes(_countif, 1, 1, "distinct"),
    "SUM": takes(_sum, 1, 1, "distinct"),
    "AVG": takes(_average, 1, 1, "distinct"),
    "MIN": takes(_least, 1, 1, "distinct"),
    "MAX": plain("max"),
    "ANY_VALUE": takes(_any_value, 1, 1, "having"),
    "MAX_BY": takes(_by("arg_max_null"), 2, 2),
    "MIN_BY": takes(_by("arg_min_null"), 2, 2),
    "ARRAY_AGG": takes(_array_agg, 1, 1, *_LIST),
    "STRING_AGG": takes(_string_agg, 1, 2, "distinct", "order", "limit"),
    "ARRAY_CONCAT_AGG": takes(lambda writer, call: f"flatten({_array_agg(writer, call)})", 1, 1, "order", "limit"),
    "APPROX_COUNT_DISTINCT": takes(_distinct_count, 1, 1),
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
        }.items()
    },
    **{name: plain(name.lower(), 2) for name in ("CORR", "COVAR_POP", "COVAR_SAMP")},
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
    """Without NULLs, as BigQuery has it unless RESPECT NULLS is said."""

    def write(writer: SqlWriter, call: Call) -> str:
        if not call.over:
            raise invalid_query(f"{name} requires an OVER clause")
        if call.nulls and not call.ignore_nulls:
            raise unsupported("RESPECT NULLS in PERCENTILE_CONT, PERCENTILE_DISC")
        return f"{name}({call.first(writer)}, {writer.sql(call.args[1])}){call.over}"

    return takes(write, 2, 2, "nulls")


WINDOWS: dict[str, AggregateRule] = {
    **{
        name.upper(): takes(_navigation(name), 0, 0)
        for name in ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist")
    },
    "NTILE": takes(_navigation("ntile"), 1, 1),
    "LAG": takes(_navigation("lag"), 1, 3),
    "LEAD": takes(_navigation("lead"), 1, 3),
    "FIRST_VALUE": takes(_navigation("first_value"), 1, 1, "nulls"),
    "LAST_VALUE": takes(_navigation("last_value"), 1, 1, "nulls"),
    "NTH_VALUE": takes(_navigation("nth_value"), 2, 2, "nulls"),
    "PERCENTILE_CONT": _percentile("quantile_cont"),
    "PERCENTILE_DISC": _percentile("quantile_disc"),
}

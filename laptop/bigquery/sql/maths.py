"""Arithmetic and conditionals."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.sql.rules import Rule, SqlWriter, taking, template
from laptop.bigquery.sql.signatures import refuse_mixed


def _extreme(name: str, shown: str) -> Rule:
    """GREATEST and LEAST are NULL when any argument is, NaN when one is; DuckDB's leave NULLs out."""

    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        values = [writer.sql(arg) for arg in args]
        missing = " OR ".join(f"{value} IS NULL" for value in values)
        found = shown.format(f"{name}({', '.join(values)})", ", ".join(values))
        return f"CASE WHEN {missing} THEN NULL ELSE {found} END"

    return write


def _common(name: str) -> Rule:
    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        refuse_mixed(name, args)
        return f"{name}({', '.join(writer.sql(arg) for arg in args)})"

    return write


RULES: dict[str, Rule] = {
    **{
        name: template(f"{name.lower()}({{0}})")
        for name in ("ABS", "SIN", "COS", "TAN", "ATAN", "SINH", "COSH", "TANH")
    },
    **{
        name: template(f"bq_finite({name.lower()}({{0}}), {{0}})")
        for name in ("EXP", "SQRT", "LN", "LOG10", "ASIN", "ACOS")
    },
    "SIGN": template("bq_sign({0})"),
    "ATAN2": template("atan2({0}, {1})"),
    "LOG": template("bq_finite(ln({0}), {0})", "bq_div(bq_finite(ln({0}), {0}), bq_finite(ln({1}), {1}))"),
    "POW": template("bq_finite(pow({0}, {1}), {0})"),
    "POWER": template("bq_finite(pow({0}, {1}), {0})"),
    "ROUND": template("{prefix}_round({0})", "{prefix}_round({0}, {1})"),
    "TRUNC": template("{prefix}_trunc({0})", "{prefix}_trunc({0}, {1})"),
    "CEIL": template("{prefix}_ceil({0})"),
    "CEILING": template("{prefix}_ceil({0})"),
    "FLOOR": template("{prefix}_floor({0})"),
    "MOD": template("({0} % {1})"),
    "DIV": template("{prefix}_intdiv({0}, {1})"),
    "SAFE_DIVIDE": template("{prefix}_safe_divide({0}, {1})"),
    "IEEE_DIVIDE": template("bq_ieee_divide({0}, {1})"),
    "SAFE_ADD": template("TRY({0} + {1})"),
    "SAFE_SUBTRACT": template("TRY({0} - {1})"),
    "SAFE_MULTIPLY": template("TRY(bq_finite_product({prefix}_mul({0}, {1})))"),
    "SAFE_NEGATE": template("TRY(-({0}))"),
    "IS_NAN": template("isnan({0})"),
    "IS_INF": template("isinf({0})"),
    "BIT_COUNT": template("bit_count({0})"),
    "RAND": taking(lambda _writer, _args: "random()", 0, 0),
    "GREATEST": _extreme("greatest", "{}"),
    "LEAST": _extreme("least", "bq_least({}, greatest({}))"),
    "COALESCE": _common("coalesce"),
    "IFNULL": taking(_common("coalesce"), 2, 2),
    "NULLIF": taking(_common("nullif"), 2, 2),
    "ERROR": template("error({0})"),
    "RANGE_BUCKET": template("bq_range_bucket({0}, {1})"),
}

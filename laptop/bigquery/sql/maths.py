"""Arithmetic and conditionals."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.sql.rules import Rule, SqlWriter, same, taking, template


def _extreme(name: str) -> Rule:
    """GREATEST and LEAST are NULL when any argument is; DuckDB's leave NULLs out."""

    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        values = [writer.sql(arg) for arg in args]
        missing = " OR ".join(f"{value} IS NULL" for value in values)
        return f"CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(values)}) END"

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
    "LOG": template("bq_finite(ln({0}), {0})", "(bq_finite(ln({0}), {0}) / bq_finite(ln({1}), {1}))"),
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
    "SAFE_MULTIPLY": template("TRY({prefix}_mul({0}, {1}))"),
    "SAFE_NEGATE": template("TRY(-({0}))"),
    "IS_NAN": template("isnan({0})"),
    "IS_INF": template("isinf({0})"),
    "BIT_COUNT": template("bit_count({0})"),
    "RAND": taking(lambda _writer, _args: "random()", 0, 0),
    "GREATEST": _extreme("greatest"),
    "LEAST": _extreme("least"),
    "COALESCE": same("coalesce"),
    "IFNULL": template("coalesce({0}, {1})"),
    "NULLIF": template("nullif({0}, {1})"),
    "ERROR": template("error({0})"),
    "RANGE_BUCKET": template("len(list_filter({1}, lambda bound: bound <= {0}))"),
}

"""Operators and conditionals as DuckDB SQL, by what they mean in GoogleSQL."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.reads import reads
from laptop.bigquery.sql.signatures import beside_text, is_temporal, refuse_mixed, refuse_not, refuse_text_operand


class Operators(DuckDBGenerator):
    """`exact` says whether NUMERIC is in play, and arithmetic is chosen by type."""

    exact = False

    @reads("this", "expression")
    def div_sql(self, expression: exp.Div) -> str:
        prefix = "bqn" if self.exact else "bq"
        return f"{prefix}_div({self.sql(expression.this)}, {self.sql(expression.expression)})"

    @reads("this", "expression")
    def mul_sql(self, expression: exp.Mul) -> str:
        if not self.exact:
            product = f"{self.sql(expression.this)} * {self.sql(expression.expression)}"
            return product if isinstance(expression.parent, exp.Mul) else f"bq_finite_product({product})"
        return f"bqn_mul({self.sql(expression.this)}, {self.sql(expression.expression)})"

    @reads("this", "expression")
    def add_sql(self, expression: exp.Add) -> str:
        return self._shifted(expression, "+")

    @reads("this", "expression")
    def sub_sql(self, expression: exp.Sub) -> str:
        return self._shifted(expression, "-")

    def _shifted(self, expression: exp.Binary, sign: str) -> str:
        left, right = expression.this, expression.expression
        refuse_text_operand(expression)
        if isinstance(left, exp.Interval) or isinstance(right, exp.Interval):
            raise unsupported(f"INTERVAL with {sign}: use TIMESTAMP_ADD, DATE_ADD or their SUB")
        if sign == "-" and is_temporal(left) and is_temporal(right):
            raise unsupported("INTERVAL as the difference of two dates: use DATE_DIFF, TIMESTAMP_DIFF")
        return f"{self.sql(left)} {sign} {self.sql(right)}"

    @reads("this", "expression", "negate")
    def like_sql(self, expression: exp.Like) -> str:
        if isinstance(expression.expression, exp.Any | exp.All):
            raise unsupported("LIKE ANY, LIKE ALL")
        operator = "NOT LIKE" if expression.args.get("negate") else "LIKE"
        return f"{self.sql(expression.this)} {operator} {self.sql(expression.expression)} ESCAPE '\\'"

    @reads("this")
    def not_sql(self, expression: exp.Not) -> str:
        refuse_not(expression.this)
        return str(super().not_sql(expression))

    def mod_sql(self, expression: exp.Mod) -> str:
        raise invalid_query(f'Syntax error: Unexpected "%": {expression.sql("bigquery")}')

    def binary(self, expression: exp.Binary, op: str) -> str:
        written = str(super().binary(expression, op))
        return beside_text(self, expression, [expression.this, expression.expression], written)

    def between_sql(self, expression: exp.Between) -> str:
        parts = [expression.this, expression.args["low"], expression.args["high"]]
        return beside_text(self, expression, parts, str(super().between_sql(expression)))

    @reads("this")
    def neg_sql(self, expression: exp.Neg) -> str:
        """The least INT64 is a literal with a sign: without it there would be one too many."""
        number = expression.this
        if isinstance(number, exp.Literal) and not number.is_string and str(number.this).isdigit():
            return f"CAST(-{number.this} AS BIGINT)"
        return str(super().neg_sql(expression))

    @reads("this", "expression")
    def bitwisexor_sql(self, expression: exp.BitwiseXor) -> str:
        return f"xor({self.sql(expression.this)}, {self.sql(expression.expression)})"

    @reads("this", "expression")
    def bitwiserightshift_sql(self, expression: exp.BitwiseRightShift) -> str:
        return f"bq_shift_right({self.sql(expression.this)}, {self.sql(expression.expression)})"

    @reads("this", "expressions", "query", "unnest")
    def in_sql(self, expression: exp.In) -> str:
        unnest = expression.args.get("unnest")
        if unnest is None:
            parts = [expression.this, *expression.expressions]
            return beside_text(self, expression, parts, str(super().in_sql(expression)))
        items = unnest.expressions[0] if isinstance(unnest, exp.Unnest) else unnest
        return f"{self.sql(expression.this)} IN (SELECT unnest({self.sql(items)}))"

    @reads("this", "true", "false")
    def if_sql(self, expression: exp.If) -> str:
        otherwise = expression.args.get("false")
        if not isinstance(expression.parent, exp.Case):
            refuse_mixed("IF", [expression.args["true"], otherwise or exp.null()])
        shown = f" ELSE {self.sql(otherwise)}" if otherwise else ""
        return f"CASE WHEN {self.sql(expression.this)} THEN {self.sql(expression.args['true'])}{shown} END"

    def case_sql(self, expression: exp.Case) -> str:
        results = [when.args["true"] for when in expression.args["ifs"]]
        refuse_mixed("CASE", [*results, expression.args.get("default") or exp.null()])
        return str(super().case_sql(expression))

"""Arrays and structs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.sql.rules import Rule, SqlWriter, template


def struct_fields(writer: SqlWriter, values: Sequence[exp.Expr], names: Sequence[str] = ()) -> str:
    """`struct_pack(a := 1)`: a field takes its alias, or its column's name, or `_field_N` as BigQuery shows it."""
    parts = []
    for position, value in enumerate(values):
        name = names[position] if names else field_name(value, position)
        inner = value.this if isinstance(value, exp.Alias) else value
        parts.append(f"{_identifier(name)} := {writer.sql(inner)}")
    return f"struct_pack({', '.join(parts)})"


def struct_values(item: exp.Expr) -> list[exp.Expr]:
    """The fields of a struct or tuple constructor; empty for anything else."""
    is_struct = isinstance(item, exp.Anonymous) and item.name.upper() == "STRUCT"
    return list(item.expressions) if is_struct or isinstance(item, exp.Struct | exp.Tuple) else []


def struct_names(item: exp.Expr) -> list[str]:
    return [field_name(value, position) for position, value in enumerate(struct_values(item))]


def field_name(value: exp.Expr, position: int) -> str:
    if isinstance(value, exp.Alias | exp.Column | exp.Dot | exp.PropertyEQ):
        return value.alias_or_name
    return f"_field_{position + 1}"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _struct(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    return struct_fields(writer, args)


RULES: dict[str, Rule] = {
    "STRUCT": _struct,
    "ARRAY_LENGTH": template("len({0})"),
    "ARRAY_TO_STRING": template("bq_join({0}, {1})", "bq_join_nulls({0}, {1}, {2})"),
    "ARRAY_REVERSE": template("list_reverse({0})"),
    "ARRAY_CONCAT": lambda writer, args: "(" + " || ".join(writer.sql(arg) for arg in args) + ")",
    "ARRAY_FIRST": template("bq_at({0}, 0)"),
    "ARRAY_LAST": template("bq_at({0}, len({0}) - 1)"),
    "BQ_UNNEST": template("unnest({0})"),
    "BQ_UNNEST_STRUCTS": template("unnest({0}, max_depth := 2)"),
    "BQ_SUBSCRIPTS": template("(generate_subscripts({0}, 1) - 1)"),
    "GENERATE_ARRAY": template("generate_series({0}, {1})", "bq_series({0}, {1}, {2})"),
}

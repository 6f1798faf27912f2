"""Writes a parsed GoogleSQL tree as DuckDB SQL: functions by the allow-list, operators by what they mean in GoogleSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, UnsupportedError
from sqlglot.generators.duckdb import DuckDBGenerator

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql import times
from laptop.bigquery.sql.aggregates import AGGREGATES, WINDOWS, take_apart
from laptop.bigquery.sql.arrays import struct_fields, struct_names, struct_values
from laptop.bigquery.sql.functions import SAFE_SCALARS, SCALARS
from laptop.bigquery.sql.operators import Operators
from laptop.bigquery.sql.reads import reads, refuse_unread
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.signatures import (
    refuse_mixed_bits,
)
from laptop.bigquery.sql.types import duck_type, quoted

_CASTS = {
    "BIGINT": "int64",
    "DOUBLE": "float64",
    "VARCHAR": "string",
    "BOOLEAN": "bool",
    "DECIMAL(38, 9)": "numeric",
    "BLOB": "bytes",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "TIMESTAMPTZ": "timestamp",
    "TIME": "time",
}
# An integer in these places is a count or an ordinal, not a value: it stays bare.
_BARE = (exp.Limit, exp.Offset, exp.Ordered, exp.Group, exp.DataTypeParam, exp.WindowSpec, exp.Interval)


class Generator(Operators):
    """`variables` names the script variables in scope."""

    variables: frozenset[str] = frozenset()

    def sql(self, expression: Any, key: str | None = None, comment: bool = True) -> str:
        """Every node comes through here: what it says and its method does not read is refused."""
        if isinstance(expression, exp.Expr) and not key:
            refuse_unread(expression, getattr(type(self), f"{expression.key}_sql", None))
            refuse_mixed_bits(expression)
        return str(super().sql(expression, key, comment))

    @reads("this", "expressions")
    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        name = expression.name.upper()
        if name in AGGREGATES or name in WINDOWS:
            return self._aggregate(expression, "")
        if name not in SCALARS:
            raise unsupported(f"function {name}")
        return SCALARS[name](self, expression.expressions)

    def _aggregate(self, call: exp.Anonymous, over: str) -> str:
        name = call.name.upper()
        rule = AGGREGATES.get(name) or WINDOWS.get(name)
        if rule is None:
            raise unsupported(f"analytic function {name}")
        return rule(self, take_apart(call.expressions, over))

    @reads("this", "partition_by", "order", "spec", "alias", "over")
    def window_sql(self, expression: exp.Window) -> str:
        call, nulls = expression.this, None
        if isinstance(call, exp.IgnoreNulls | exp.RespectNulls):
            nulls, call = call, call.this
        if isinstance(call, exp.Identifier):
            return str(super().window_sql(expression))
        if not isinstance(call, exp.Anonymous):
            raise unsupported(f"analytic function {call.sql('bigquery')}")
        frame = expression.copy()
        frame.set("this", exp.Var(this="~"))
        over = " " + super().window_sql(frame).removeprefix("~").strip()
        if isinstance(nulls, exp.IgnoreNulls):
            call = exp.Anonymous(
                this=call.name, expressions=[exp.IgnoreNulls(this=call.expressions[0]), *call.expressions[1:]]
            )
        return self._aggregate(call, over)

    @reads("this")
    def safefunc_sql(self, expression: exp.SafeFunc) -> str:
        call = expression.this
        rule = SAFE_SCALARS.get(call.name.upper())
        if rule is not None:
            return rule(self, call.expressions)
        return f"TRY({self.sql(call)})"

    @reads("this")
    def netfunc_sql(self, expression: exp.NetFunc) -> str:
        raise unsupported(f"function NET.{expression.this.name.upper()}")

    @reads("this", "is_string")
    def literal_sql(self, expression: exp.Literal) -> str:
        text = str(expression.this)
        if expression.is_string:
            return quote(text)
        if isinstance(expression.parent, _BARE):
            return text
        kind = "BIGINT" if text.isdigit() else "DOUBLE"
        return f"CAST({text} AS {kind})"

    @reads("this")
    def rawstring_sql(self, expression: exp.RawString) -> str:
        return quote(str(expression.this))

    @reads("this", "is_bytes")
    def bytestring_sql(self, expression: exp.ByteString) -> str:
        text = str(expression.this)
        if not text.isascii():  # the parser has lost whether this was \xff or a letter
            raise unsupported("BYTES literal beyond ASCII: use FROM_HEX")
        return f"unhex('{text.encode().hex()}')"

    @reads("this", "is_integer")
    def hexstring_sql(self, expression: exp.HexString, binary_function_repr: str | None = None) -> str:
        _ = binary_function_repr
        return f"CAST({int(str(expression.this), 16)} AS BIGINT)"

    @reads("this", "to", "format")
    def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
        _ = safe_prefix
        return self._cast(expression, "bq_")

    @reads("this", "to", "format", "safe")
    def trycast_sql(self, expression: exp.TryCast) -> str:
        return self._cast(expression, "bq_try_")

    def _cast(self, expression: exp.Cast, prefix: str) -> str:
        if expression.args.get("format"):
            raise unsupported("CAST with FORMAT")
        duck = duck_type(expression.to)
        value = expression.this
        if duck in _CASTS:
            return f"{prefix}{_CASTS[duck]}({self.sql(value)})"
        if isinstance(value, exp.Struct):
            names = [part.name for part in expression.to.expressions]
            return f"CAST({struct_fields(self, value.expressions, names)} AS {duck})"
        if isinstance(value, exp.Array) and duck.startswith("STRUCT("):
            names = [part.name for part in expression.to.expressions[0].expressions]
            items = ", ".join(self._element(item, names) for item in value.expressions)
            return f"CAST([{items}] AS {duck})"
        if duck == "JSON":
            return f"bq_parse_json({self.sql(value)})"
        return f"{'TRY_CAST' if prefix == 'bq_try_' else 'CAST'}({self.sql(value)} AS {duck})"

    @reads("this", "expressions", "nested")
    def datatype_sql(self, expression: exp.DataType) -> str:
        return duck_type(expression)

    @reads("this", "unit")
    def interval_sql(self, expression: exp.Interval) -> str:
        raise unsupported(f"INTERVAL as a value: {expression.sql('bigquery')}")

    @reads("this", "expression")
    def extract_sql(self, expression: exp.Extract) -> str:
        return times.extract(self, expression)

    @reads("expressions")
    def struct_sql(self, expression: exp.Struct) -> str:
        return struct_fields(self, expression.expressions)

    @reads("expressions", "bracket_notation", "struct_name_inheritance")
    def array_sql(self, expression: exp.Array) -> str:
        items = expression.expressions
        if len(items) == 1 and isinstance(items[0], exp.Query):
            return f"ARRAY({self.sql(items[0])})"
        names = struct_names(items[0]) if items else []
        return f"[{', '.join(self._element(item, names) for item in items)}]"

    def _element(self, item: exp.Expr, names: list[str]) -> str:
        """Structs of one array share the first one's field names: DuckDB would match them by name, not place."""
        fields = struct_values(item)
        return struct_fields(self, fields, names) if names and fields else self.sql(item)

    @reads("this", "expressions", "offset", "safe")
    def bracket_sql(self, expression: exp.Bracket) -> str:
        base, index = self.sql(expression.this), expression.expressions[0]
        if isinstance(index, exp.Literal) and index.is_string:
            return f"json_extract({base}, {quote('$.' + quoted(str(index.this)))})"
        kind, index = _subscript(expression, index)
        return f"bq_{kind}at({base}, {self.sql(index)})"

    def unnest_sql(self, expression: exp.Unnest) -> str:
        raise unsupported(f"UNNEST here: {expression.sql('bigquery')}")

    @reads("this", "table", "db", "catalog")
    def column_sql(self, expression: exp.Column) -> str:
        if not expression.table and expression.name.lower() in self.variables:
            return f"getvariable({quote(expression.name.lower())})"
        return str(super().column_sql(expression))

    def parameter_sql(self, expression: exp.Parameter) -> str:
        raise invalid_query(f"Query parameter '{expression.name}' not found")

    def tablesample_sql(self, expression: exp.TableSample, tablesample_keyword: str | None = None) -> str:
        raise unsupported(f"{tablesample_keyword or 'TABLESAMPLE'} ({expression.key})")

    def pivot_sql(self, expression: exp.Pivot) -> str:
        raise unsupported(f"{expression.key.upper()}")

    def command_sql(self, expression: exp.Command) -> str:
        raise unsupported(f"statement {expression.name.upper()}")

    def function_fallback_sql(self, expression: exp.Func) -> str:
        raise unsupported(f"function {expression.sql_name()}")


def _clock(name: str) -> Callable[[Any, exp.Expr], str]:
    return lambda self, node: SCALARS[name](self, [node.this] if node.this else [])


class _Transforms(Generator):
    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **{
            kind: transform
            for kind, transform in DuckDBGenerator.TRANSFORMS.items()
            if f"{kind.key}_sql" not in {**vars(Operators), **vars(Generator)}
        },
        exp.CurrentTimestamp: _clock("CURRENT_TIMESTAMP"),
        exp.CurrentDate: _clock("CURRENT_DATE"),
        exp.CurrentDatetime: _clock("CURRENT_DATETIME"),
        exp.CurrentTime: _clock("CURRENT_TIME"),
    }


def write_duckdb(tree: exp.Expr, *, exact: bool = False, variables: frozenset[str] = frozenset()) -> str:
    """DuckDB SQL for a tree whose tables are resolved. Raises ApiError (invalidQuery) for what is not supported."""
    generator = _Transforms(dialect=DuckDB(), comments=False, unsupported_level=ErrorLevel.IMMEDIATE)
    generator.exact = exact
    generator.variables = variables
    try:
        return str(generator.generate(tree, copy=True))
    except UnsupportedError as error:
        raise unsupported(str(error)) from error


def _subscript(expression: exp.Bracket, index: exp.Expr) -> tuple[str, exp.Expr]:
    """`safe_` or nothing, and the zero-based index."""
    safe = "safe_" if expression.args.get("safe") else ""
    if expression.args.get("offset") == 1:
        index = exp.Sub(this=index.copy(), expression=exp.Literal.number(1))
    return safe, index

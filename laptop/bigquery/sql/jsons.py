"""JSON: paths are constants in GoogleSQL, so they are rewritten here, every key quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.errors import invalid_query
from laptop.bigquery.sql.rules import Rule, SqlWriter, constant_text, quote, taking, template

_STEP = re.compile(r"""\.(?P<key>[^.\[\]"'\s*]+)|\."(?P<quoted>[^"]*)"|\['(?P<bracket>[^']*)'\]|\[(?P<index>\d+)\]""")


def rewrite_path(path: str, *, brackets: bool = False) -> str:
    """`$.a."b c"[0]` (JSON_EXTRACT: `$.a['b c'][0]`) as DuckDB's `$."a"."b c"[0]`. Raises ApiError for what is no GoogleSQL path."""
    if not path.startswith("$"):
        raise invalid_query(f"JSONPath must start with '$': {path}")
    position, written = 1, "$"
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None or (step["bracket"] is not None and not brackets):
            raise invalid_query(f"Unsupported JSONPath: {path}")
        key = next((step[name] for name in ("key", "quoted", "bracket") if step[name] is not None), None)
        written += f"[{step['index']}]" if key is None else f'."{key}"'
        position = step.end()
    return written


def _at_path(macro: str, *, brackets: bool = False) -> Rule:
    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        path = rewrite_path(constant_text(args[1], "a JSONPath"), brackets=brackets) if len(args) > 1 else "$"
        return f"{macro}({writer.sql(args[0])}, {quote(path)})"

    return taking(write, 1, 2)


RULES: dict[str, Rule] = {
    "JSON_VALUE": _at_path("bq_json_value"),
    "JSON_EXTRACT_SCALAR": _at_path("bq_json_value", brackets=True),
    "JSON_QUERY": _at_path("bq_json_query"),
    "JSON_EXTRACT": _at_path("bq_json_query", brackets=True),
    "JSON_VALUE_ARRAY": _at_path("bq_json_value_array"),
    "JSON_EXTRACT_STRING_ARRAY": _at_path("bq_json_value_array", brackets=True),
    "JSON_QUERY_ARRAY": _at_path("bq_json_query_array"),
    "JSON_EXTRACT_ARRAY": _at_path("bq_json_query_array", brackets=True),
    "PARSE_JSON": template("bq_parse_json({0})"),
    "TO_JSON": template("bq_to_json({0})"),
    "TO_JSON_STRING": template("bq_to_json_string({0})"),
    "JSON_TYPE": template("bq_json_type({0})"),
    "INT64": template("bq_json_int64({0})"),
    "FLOAT64": template("bq_json_float64({0})"),
    "BOOL": template("bq_json_bool({0})"),
    "LAX_STRING": template("bq_lax_string({0})"),
}
SAFE_RULES: dict[str, Rule] = {"PARSE_JSON": template("bq_safe_parse_json({0})")}

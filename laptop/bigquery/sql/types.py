"""The three spellings of a type: GoogleSQL's, the REST API's and DuckDB's."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from laptop.bigquery.errors import unsupported

Field = dict[str, Any]

_SQL_TO_DUCK = {
    "BIGINT": "BIGINT",
    "INT": "BIGINT",
    "SMALLINT": "BIGINT",
    "TINYINT": "BIGINT",
    "TEXT": "VARCHAR",
    "VARCHAR": "VARCHAR",
    "DOUBLE": "DOUBLE",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DECIMAL": "DECIMAL(38, 9)",
    "BINARY": "BLOB",
    "VARBINARY": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMPTZ",
    "JSON": "JSON",
    "INTERVAL": "INTERVAL",
}
_REST_TO_DUCK = {
    "INTEGER": "BIGINT",
    "INT64": "BIGINT",
    "FLOAT": "DOUBLE",
    "FLOAT64": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "BOOL": "BOOLEAN",
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMPTZ",
    "NUMERIC": "DECIMAL(38, 9)",
    "JSON": "JSON",
}
_DUCK_TO_REST = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER", '"NULL"'), "INTEGER"
    ),
    "DOUBLE": "FLOAT",
    "FLOAT": "FLOAT",
    "BOOLEAN": "BOOLEAN",
    "VARCHAR": "STRING",
    "BLOB": "BYTES",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "JSON": "JSON",
    "INTERVAL": "INTERVAL",
}


def duck_type(node: exp.DataType) -> str:
    """GoogleSQL's type, parsed, as DuckDB writes it. Raises ApiError for parameterized and unknown types."""
    kind = node.this.name if hasattr(node.this, "name") else str(node.this)
    if kind == "ARRAY":
        return f"{duck_type(_inner(node))}[]"
    if kind == "STRUCT":
        return f"STRUCT({', '.join(_struct_part(part, i) for i, part in enumerate(node.expressions))})"
    if kind not in _SQL_TO_DUCK:
        raise unsupported(f"type {node.sql('bigquery')}")
    if node.expressions:
        raise unsupported(f"parameterized type {node.sql('bigquery')}")
    return _SQL_TO_DUCK[kind]


def _inner(node: exp.DataType) -> exp.DataType:
    inner = node.expressions[0]
    assert isinstance(inner, exp.DataType)
    return inner


def _struct_part(part: exp.Expr, position: int) -> str:
    if isinstance(part, exp.ColumnDef):
        assert isinstance(part.kind, exp.DataType)
        return f"{quoted(part.name)} {duck_type(part.kind)}"
    assert isinstance(part, exp.DataType)
    return f"_field_{position + 1} {duck_type(part)}"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def duck_type_of_field(field: Field) -> str:
    """A REST TableFieldSchema as DuckDB's type."""
    kind = str(field["type"]).upper()
    if kind in ("RECORD", "STRUCT"):
        parts = (f"{quoted(part['name'])} {duck_type_of_field(part)}" for part in field.get("fields", []))
        duck = f"STRUCT({', '.join(parts)})"
    elif kind in _REST_TO_DUCK:
        duck = _REST_TO_DUCK[kind]
    else:
        raise unsupported(f"type {kind}")
    return f"{duck}[]" if field.get("mode") == "REPEATED" else duck


def field_of_duck(name: str, duck: str) -> Field:
    """A column of DuckDB (as DESCRIBE shows it) as a REST TableFieldSchema."""
    if duck.endswith("[]"):
        return {**field_of_duck(name, duck[:-2]), "mode": "REPEATED"}
    if duck.startswith("STRUCT("):
        parts = [field_of_duck(*pair) for pair in split_struct(duck)]
        return {"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": parts}
    if duck.startswith("DECIMAL("):
        digits, scale = (int(number) for number in re.findall(r"\d+", duck))
        kind = "INTEGER" if scale == 0 and digits == 38 else "NUMERIC"
        return {"name": name, "type": kind, "mode": "NULLABLE"}
    if duck not in _DUCK_TO_REST:
        raise unsupported(f"result type {duck} of column {name}")
    return {"name": name, "type": _DUCK_TO_REST[duck], "mode": "NULLABLE"}


def split_struct(duck: str) -> list[tuple[str, str]]:
    """`STRUCT(a BIGINT, b VARCHAR[])` as [("a", "BIGINT"), ("b", "VARCHAR[]")]."""
    return [_name_and_type(part) for part in _split_top_level(duck[len("STRUCT(") : -1])]


def _split_top_level(text: str) -> list[str]:
    parts, depth, inside, start = [], 0, False, 0
    for position, letter in enumerate(text):
        if letter == '"':
            inside = not inside
        elif not inside and letter in "()":
            depth += 1 if letter == "(" else -1
        elif not inside and depth == 0 and letter == ",":
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _name_and_type(part: str) -> tuple[str, str]:
    part = part.strip()
    if part.startswith('"'):
        end = re.match(r'"((?:[^"]|"")*)"', part)
        assert end
        return end[1].replace('""', '"'), part[end.end() :].strip()
    name, _, duck = part.partition(" ")
    return name, duck

"""Query parameters, typed by the request, as constants in the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from laptop.bigquery.errors import invalid_query
from laptop.bigquery.sql.rules import quote
from laptop.bigquery.sql.types import duck_type_of_field, quoted

Parameter = Mapping[str, Any]


def bind_parameters(tree: exp.Expr, parameters: Sequence[Parameter]) -> None:
    """Put values in the place of `@name` and `?`, in place. Raises ApiError for one that was not given."""
    positional = (item for item in parameters if not item.get("name"))
    given = {f"_{position}": item for position, item in enumerate(positional)}
    given.update((item["name"].lower(), item) for item in parameters if item.get("name"))
    for node in list(tree.find_all(exp.Parameter)):
        if node.name.lower() not in given:
            raise invalid_query(f"Query parameter '{node.name}' not found")
        node.replace(_constant(given[node.name.lower()]))


def _constant(given: Parameter) -> exp.Expr:
    return exp.Var(this=write_value(given["parameterType"], given.get("parameterValue") or {}))


def write_value(kind: Parameter, value: Parameter) -> str:
    """A REST parameter as DuckDB SQL."""
    duck = duck_type_of_field(_field("", kind))
    if kind["type"] == "ARRAY":
        items = ", ".join(write_value(kind["arrayType"], item) for item in value.get("arrayValues") or [])
        return f"CAST([{items}] AS {duck})"
    if kind["type"] == "STRUCT":
        given = value.get("structValues") or {}
        parts = (
            f"{quoted(part['name'])} := {write_value(part['type'], given[part['name']])}"
            for part in kind["structTypes"]
        )
        return f"struct_pack({', '.join(parts)})"
    text = value.get("value")
    if text is None:
        return f"CAST(NULL AS {duck})"
    return f"from_base64({quote(str(text))})" if duck == "BLOB" else f"CAST({quote(str(text))} AS {duck})"


def _field(name: str, kind: Parameter) -> dict[str, Any]:
    if kind["type"] == "ARRAY":
        return {**_field(name, kind["arrayType"]), "mode": "REPEATED"}
    parts = [_field(part["name"], part["type"]) for part in kind.get("structTypes", [])]
    return {"name": name, "type": kind["type"], "fields": parts}

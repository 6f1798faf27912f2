"""What the flow files say as the Dataform project reads it: one JavaScript module, `includes/declared.js`. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from ripple.flows.declaration import Flow

PATH = "includes/declared.js"
SILVER = "definitions/silver"
_HEAD = "// Made from flows/*.yaml: change those. `make docs` writes it here, and a deployment makes it again.\n\n"
_TYPES = {
    "string": "STRING",
    "integer": "INT64",
    "float": "FLOAT64",
    "boolean": "BOOL",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "strings": "ARRAY<STRING>",
    "json": "STRING",
}


def write_declared(flows: Iterable[Flow], files: Collection[str]) -> str:
    """The module for the flows. `files`: paths of the project, which show whose silver table has SQLX of its own."""
    own = {PurePosixPath(path).stem for path in files if str(PurePosixPath(path).parent) == SILVER}
    declared = {flow.name: _describe(flow) | ({"own_silver": True} if flow.silver in own else {}) for flow in flows}
    return f"{_HEAD}module.exports = {json.dumps(declared, indent=2, ensure_ascii=False)};\n"


def _describe(flow: Flow) -> dict[str, Any]:
    rules = {column: flow.rule_of(column) for column in flow.texts}
    time = flow.time
    said: dict[str, Any] = {
        "silver": flow.silver,
        "grain": flow.grain,
        "key": flow.key_column,
        "key_fields": list(flow.key),
        "change": flow.change,
        "version": flow.version,
        "time": {"field": time.field, "column": time.column, "grain": time.grain} if time else None,
        "cluster": list(flow.cluster or (flow.key_column,)),
        "sources": {column: source for source, column in flow.columns.items()},
        "is_exported": flow.collection is not None,
    }
    said |= {name: flow.contract[name] for name in ("rewrite", "max_deleted") if name in flow.contract}
    columns = {name: bigquery_type(rule) for name, rule in rules.items()}
    return said | {"columns": columns, "rules": flow.contract.get("rules", {}), "texts": dict(flow.texts)}


def bigquery_type(rule: Mapping[str, Any]) -> str:
    """The type of a field's column."""
    if rule["kind"] == "list":
        return f"ARRAY<{bigquery_type(rule['items'])}>"
    if rule["kind"] not in ("record", "records"):
        return _TYPES[rule["kind"]]
    inner = ", ".join(f"`{name}` {bigquery_type(field)}" for name, field in rule["fields"].items())
    return f"STRUCT<{inner}>" if rule["kind"] == "record" else f"ARRAY<STRUCT<{inner}>>"

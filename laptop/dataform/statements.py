"""The SQL an action is run by, as Dataform writes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laptop.dataform.graph import Action, ActionTarget


def quote(target: ActionTarget) -> str:
    return f"`{target.database}.{target.schema}.{target.name}`"


def join_script(parts: Sequence[str]) -> str:
    """One multi-statement script, so that variables declared first are known to the end."""
    return ";\n".join(text for text in (part.strip().rstrip(";").strip() for part in parts) if text)


def build_script(action: Action, *, columns: Sequence[str] | None, full_refresh: bool) -> str:
    """`columns` are those of the table as it exists, or None. An assertion's script is its query.

    Empty for a declaration.
    """
    body = action.body
    if action.kind == "operations":
        return join_script(body.get("queries", []))
    if action.kind in ("assertion", "declaration"):
        return str(body.get("query", "")).strip().rstrip(";")
    return _table_script(action, columns, full_refresh)


def _table_script(action: Action, columns: Sequence[str] | None, full_refresh: bool) -> str:
    body = action.body
    fresh = columns is None or (full_refresh and not body.get("protected"))
    if action.kind == "incremental" and not fresh:
        assert columns is not None
        change = _add_rows(action, columns)
        return join_script([*body.get("incrementalPreOps", []), change, *body.get("incrementalPostOps", [])])
    return join_script([*body.get("preOps", []), _create(action), *body.get("postOps", [])])


def _create(action: Action) -> str:
    kind = "VIEW" if action.kind == "view" else "TABLE"
    clauses = [f"CREATE OR REPLACE {kind} {quote(action.target)}"]
    if kind == "TABLE":
        clauses += _layout(action.body.get("bigquery", {}))
    return "\n".join([*clauses, f"AS {_query(action, 'query')}"])


def _layout(options: Mapping[str, Any]) -> list[str]:
    clauses = []
    if options.get("partitionBy"):
        clauses.append(f"PARTITION BY {options['partitionBy']}")
    if options.get("clusterBy"):
        clauses.append(f"CLUSTER BY {', '.join(options['clusterBy'])}")
    pairs = [f"{name}={value}" for name, value in _table_options(options)]
    return [*clauses, f"OPTIONS({', '.join(pairs)})"] if pairs else clauses


def _table_options(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    if options.get("partitionExpirationDays"):
        pairs.append(("partition_expiration_days", str(options["partitionExpirationDays"])))
    if options.get("requirePartitionFilter"):
        pairs.append(("require_partition_filter", "true"))
    return [*pairs, *sorted(options.get("additionalOptions", {}).items())]


def _query(action: Action, key: str) -> str:
    return str(action.body[key]).strip().rstrip(";")


def _add_rows(action: Action, columns: Sequence[str]) -> str:
    """MERGE by the unique key, or plain INSERT where there is none."""
    query = _query(action, "incrementalQuery")
    names = ", ".join(f"`{name}`" for name in columns)
    keys = action.body.get("uniqueKey", [])
    if not keys:
        return f"INSERT INTO {quote(action.target)} ({names})\nSELECT {names} FROM (\n{query}\n) AS insertions"
    matches = " AND ".join(f"T.{key} = S.{key}" for key in keys)
    partition = action.body.get("bigquery", {}).get("updatePartitionFilter")
    matches += f" AND T.{partition}" if partition else ""
    updates = ", ".join(f"`{name}` = S.{name}" for name in columns)
    return (
        f"MERGE {quote(action.target)} T USING (\n{query}\n) S ON {matches}\n"
        f"WHEN MATCHED THEN UPDATE SET {updates}\n"
        f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({names})"
    )

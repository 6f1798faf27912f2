"""A compiled Dataform graph as the actions of a manifest. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cli.delivery.manifest import CompiledAction

Graph = Mapping[str, Any]
_STATEMENTS = ("preOps", "query", "postOps", "incrementalPreOps", "incrementalQuery", "incrementalPostOps", "queries")
_KINDS = (("operations", "operations"), ("assertions", "assertion"), ("declarations", "declaration"))
_QUOTED = (
    r"(?P<text>\"\"\"(?:\\.|[\s\S])*?\"\"\"|'''(?:\\.|[\s\S])*?'''|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`)"
)
_BLANK = re.compile(_QUOTED + r"|(?:--[^\n]*|#[^\n]*|/\*[\s\S]*?\*/|\s)+")
_SPACE = re.compile(_QUOTED + r"| *(?P<mark>[(),]) *| +")


def read_actions(graph: Graph) -> dict[str, CompiledAction]:
    """Every action by `dataset.name`."""
    return {name_of(body["target"]): _read(kind, body) for kind, body in records(graph)}


def records(graph: Graph) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The compiler's own records with their kinds."""
    for table in graph.get("tables", ()):
        yield str(table["enumType"]).lower(), table
    for key, kind in _KINDS:
        for body in graph.get(key, ()):
            yield kind, body


def name_of(target: Mapping[str, str]) -> str:
    return f"{target.get('schema', '')}.{target['name']}"


def statements_of(body: Mapping[str, Any]) -> Iterator[str]:
    for key in _STATEMENTS:
        found = body.get(key, ())
        yield from [found] if isinstance(found, str) else found


def _read(kind: str, body: Mapping[str, Any]) -> CompiledAction:
    layout = body.get("bigquery", {})
    columns = body.get("actionDescriptor", {}).get("columns", ())
    text = "\n;\n".join(squeeze(statement) for statement in statements_of(body))
    return CompiledAction(
        kind=kind,
        file=body.get("fileName", ""),
        statements=hashlib.sha256(text.encode()).hexdigest(),
        columns=tuple(sorted(column["path"][0] for column in columns if len(column["path"]) == 1)),
        partition=squeeze(layout.get("partitionBy", "")),
        cluster=tuple(layout.get("clusterBy", ())),
        unique_key=tuple(body.get("uniqueKey", ())),
    )


def squeeze(statement: str) -> str:
    """SQL without comments, and outside quotes without whitespace that says nothing: what differs in them only is equal after it."""
    blank = _BLANK.sub(lambda found: found["text"] or " ", statement)
    return _SPACE.sub(lambda found: found["text"] or found["mark"] or " ", blank).strip()

"""A compiled graph as actions that can be ordered and run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Graph = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class ActionTarget:
    """A table, view, assertion or operation by its full name."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.database}.{self.schema}.{self.name}"

    def as_json(self) -> dict[str, str]:
        return {"database": self.database, "schema": self.schema, "name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`kind` is table, incremental, view, operations, assertion or declaration; `body` is the compiler's own record of it."""

    target: ActionTarget
    kind: str
    dependencies: tuple[ActionTarget, ...] = ()
    tags: tuple[str, ...] = ()
    disabled: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)


def target_of(record: Mapping[str, Any]) -> ActionTarget:
    return ActionTarget(record.get("database", ""), record.get("schema", ""), record.get("name", ""))


def read_actions(graph: Graph) -> list[Action]:
    """Every action of the graph, in the compiler's order."""
    return [_action(kind, body) for kind, body in _records(graph)]


def _records(graph: Graph) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for table in graph.get("tables", []):
        yield table["enumType"].lower(), table
    for kind, key in (("operations", "operations"), ("assertion", "assertions"), ("declaration", "declarations")):
        for body in graph.get(key, []):
            yield kind, body


def _action(kind: str, body: Mapping[str, Any]) -> Action:
    return Action(
        target=target_of(body["target"]),
        kind=kind,
        dependencies=tuple(target_of(item) for item in body.get("dependencyTargets", [])),
        tags=tuple(body.get("tags", [])),
        disabled=bool(body.get("disabled")),
        body=body,
    )


def unsupported_parts(graph: Graph) -> list[str]:
    """What the graph holds that is not run here, by name: the caller refuses it."""
    found = [key for key in ("notebooks", "dataPreparations") if graph.get(key)]
    for action in read_actions(graph):
        body = action.body
        strategy = body.get("incrementalStrategy", "INCREMENTAL_STRATEGY_UNSPECIFIED")
        found += [f"jitCode of {action.target}"] if body.get("jitCode") else []
        found += [f"{strategy} of {action.target}"] if strategy == "INSERT_OVERWRITE" else []
        found += [f"onSchemaChange of {action.target}"] if body.get("onSchemaChange", "IGNORE") != "IGNORE" else []
        found += [f"materialized view {action.target}"] if body.get("materialized") else []
    return found

"""Compile the Dataform project with its own @dataform/core, and put its actions in order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from laptop.dataform.statements import join_script
from laptop.node import find_node
from ripple.flows import DECLARED, list_flows
from ripple.flows.dataform_module import PATH, write_declared

ROOT = Path(__file__).parents[2]
DATAFORM = ROOT / "dataform"
PROJECT = "demo-proj"
VARS = {
    "project": PROJECT,
    **{
        f"{bucket}_bucket": f"{PROJECT}-{bucket}"
        for bucket in ("bronze", "checked", "quarantine", "control", "features")
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action: `first` runs where its table is not there yet, `again` where it is; `query` is set for tables."""

    kind: str
    target: str
    needs: tuple[str, ...]
    node: dict[str, Any]


def declare(project: Path, **changes: Mapping[str, Any]) -> None:
    """Let a copy of the project have the flows with what is changed of their contracts."""
    flows = [replace(flow, contract={**flow.contract, **changes.get(flow.name, {})}) for flow in DECLARED.read_all()]
    files = [path.relative_to(project).as_posix() for path in (project / "definitions").rglob("*.sqlx")]
    (project / PATH).write_text(write_declared(flows, files))


def install_core() -> None:
    """Install the locked packages, unless they are there."""
    if not (DATAFORM / "node_modules/@dataform/core/bundle.js").exists():
        subprocess.run([sys.executable, "-m", "cli.install_node", str(DATAFORM)], cwd=ROOT, check=True)


def compile_graph(
    batch: int,
    epoch: int = 1,
    part: int = 0,
    *,
    is_trial: bool = False,
    project: Path = DATAFORM,
    **lists: Sequence[str],
) -> dict[str, Any]:
    """The compiled graph for a run; `flows`, `checked` and `quarantined` are all flows unless given, `forgotten` none.

    Raises AssertionError with the compilation's errors.
    """
    install_core()
    files = [
        str(path.relative_to(project)) for name in ("definitions", "includes") for path in (project / name).rglob("*.*")
    ]
    named = {name: ",".join(lists.get(name, list_flows())) for name in ("flows", "checked", "quarantined")}
    named["forgotten"] = ",".join(lists.get("forgotten", ()))
    values = {
        **VARS,
        "batch": str(batch),
        "epoch": str(epoch),
        "part": str(part),
        "trial": "true" if is_trial else "",
        **named,
    }
    request = {
        "projectDir": str(project),
        "modulesDir": str(DATAFORM / "node_modules"),
        "filePaths": sorted(files),
        "override": {"defaultDatabase": PROJECT, "vars": values},
    }
    node = [find_node(), str(ROOT / "laptop/dataform/compile.cjs")]
    done = subprocess.run(node, input=json.dumps(request), capture_output=True, text=True, check=True)
    graph: dict[str, Any] = json.loads(done.stdout)
    errors = [
        f"{error.get('fileName')}: {error['message']}" for error in graph["graphErrors"].get("compilationErrors", [])
    ]
    assert not errors, "\n".join(errors)
    return graph


def actions_of(graph: dict[str, Any]) -> list[Action]:
    """What a run runs, dependencies first: disabled ones and declarations are not here."""
    return [action for action in definitions_of(graph) if not action.node.get("disabled")]


def definitions_of(graph: dict[str, Any]) -> list[Action]:
    """All tables and operations, dependencies first. Views are among them, which `ops.create_tables` makes."""
    kinds = ("tables", "operations", "assertions")
    found = {name_of(node["target"]): _action(kind, node) for kind in kinds for node in graph.get(kind, [])}
    order = TopologicalSorter({name: action.needs for name, action in sorted(found.items())}).static_order()
    return [found[name] for name in order if name in found]


def _action(kind: str, node: dict[str, Any]) -> Action:
    needs = tuple(sorted(name_of(target) for target in node.get("dependencyTargets", [])))
    return Action(kind=kind, target=name_of(node["target"]), needs=needs, node=node)


def name_of(target: dict[str, str]) -> str:
    return f"{target['schema']}.{target['name']}"


def statements(action: Action, *, exists: bool, columns: list[str] | None = None) -> Iterator[str]:
    """The statements that run the action; `columns` are those of the existing table."""
    node = action.node
    if action.kind == "operations":
        yield join_script(node["queries"])
        return
    again = exists and node["enumType"] == "INCREMENTAL"
    yield from (text for text in node.get("incrementalPreOps" if again else "preOps", []) if text.strip())
    if again:
        names = ", ".join(f"`{name}`" for name in columns or [])
        yield f"INSERT INTO `{PROJECT}.{action.target}` ({names})\nSELECT {names} FROM (\n{node['incrementalQuery']}\n)"
    else:
        kind = "VIEW" if node["enumType"] == "VIEW" else "TABLE"
        yield f"CREATE OR REPLACE {kind} `{PROJECT}.{action.target}`{_layout(node)} AS\n{node['query']}"
    yield from (text for text in node.get("incrementalPostOps" if again else "postOps", []) if text.strip())


def _layout(node: dict[str, Any]) -> str:
    bigquery = node.get("bigquery", {})
    partition = f" PARTITION BY {bigquery['partitionBy']}" if bigquery.get("partitionBy") else ""
    cluster = f" CLUSTER BY {', '.join(bigquery['clusterBy'])}" if bigquery.get("clusterBy") else ""
    return partition + cluster

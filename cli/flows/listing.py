"""The flows of a checkout in words: a line each, or all that is made of one; what stands in the way of taking one out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.delivery.compatibility import compare_contract
from ripple.errors import PermanentError
from ripple.flows import Flow, FlowFolder
from ripple.flows.dataform_module import bigquery_type


def list_declared(folder: FlowFolder) -> list[dict[str, Any]]:
    """A mapping a flow; of a file that declares none, what is wrong."""
    return [_list_one(folder, name) for name in folder.names()]


def _list_one(folder: FlowFolder, name: str) -> dict[str, Any]:
    try:
        flow = folder.find(name)
    except PermanentError as error:
        return {"flow": name, "error": error.reason}
    key = ", ".join(flow.key) or "content"
    said = {"format": flow.contract["format"], "key": key, "change": flow.change, "day": flow.day}
    return {"flow": name, "table": f"silver.{flow.silver}", **said, "fields": len(flow.texts)}


def describe_flow(flow: Flow) -> dict[str, Any]:
    """What is made of its file: tables, and silver's own columns with their types."""
    columns = {name: bigquery_type(flow.rule_of(name)) for name in flow.texts}
    columns |= {flow.key_column: "STRING"} | ({flow.day: "DATE"} if flow.day not in columns else {})
    return {
        "flow": flow.name,
        **flow.about,
        "grain": flow.grain,
        "folder": f"{flow.name}/dt=YYYY-MM-DD/",
        "format": flow.contract["format"],
        "key": list(flow.key) or ["content"],
        "change": flow.change,
        "tables": list(flow.tables),
        "columns": columns,
        "rules": dict(flow.contract.get("rules", {})),
    }


def find_readers(name: str, flow: Flow, project: Path) -> list[str]:
    """Files of the Dataform project that read the flow's tables, and would not compile without it. Their own checks follow them."""
    words = (f'"{flow.silver}"', f'"{flow.silver}_versions"', f'"{name}"')
    files = [path for path in sorted((project / "definitions").rglob("*.sqlx")) if path.parent.name != "checks"]
    files += [project / "includes" / "snapshot.js"] if (project / "includes" / "snapshot.js").is_file() else []
    return [str(path.relative_to(project.parent)) for path in files if any(word in path.read_text() for word in words)]


def compare_flows(old: Flow, new: Flow) -> list[tuple[str, bool]]:
    """Each difference that matters to rows: a sentence, and whether what is there may stay as it is."""
    return [*compare_contract(old.contract, new.contract), *_compare_layout(old, new)]


def _compare_layout(old: Flow, new: Flow) -> Iterator[tuple[str, bool]]:
    named: Mapping[str, Any] = {
        "table": lambda flow: flow.silver,
        "key": lambda flow: flow.key,
        "change": lambda flow: (flow.change, flow.version),
        "day": lambda flow: flow.time,
        "clustering": lambda flow: flow.cluster,
        "names of columns": lambda flow: flow.columns,
    }
    for what, read in named.items():
        if read(old) != read(new):
            yield (
                f"{what}: was {read(old)} and is {read(new)}: rows that are there are of another shape, and want a rebuild",
                False,
            )
    if old.contract.get("rules", {}) != new.contract.get("rules", {}):
        yield "rules: apply to rows that come; a replay puts older ones to them", True

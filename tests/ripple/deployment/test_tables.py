"""The lists of flows and tables that Python has are those of the compiled Dataform project."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ripple.deployment.routes import FLOWS
from ripple.deployment.tables import BATCH_TABLES, FLOW_TABLES, VIEWS, WHOLE_TABLES
from ripple.rows.contracts import load_contract
from tests.sql.project import compile_graph, name_of


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, Any]]:
    return {name_of(node["target"]): node for node in compile_graph(1)["tables"]}


def needs(node: dict[str, Any]) -> set[str]:
    return {name_of(target) for target in node["dependencyTargets"]}


def test_the_tables_of_a_run_are_those_of_the_compiled_project(tables: dict[str, dict[str, Any]]) -> None:
    by_kind = {
        kind: sorted(name for name, node in tables.items() if node["type"] == kind)
        for kind in {node["type"] for node in tables.values()}
    }
    assert by_kind == {"incremental": sorted(BATCH_TABLES), "table": sorted(WHOLE_TABLES), "view": sorted(VIEWS)}


def test_the_tables_of_a_flow_are_those_with_its_tag_alone(tables: dict[str, dict[str, Any]]) -> None:
    tagged = {flow: {name for name, node in tables.items() if node["tags"] == [flow]} for flow in FLOWS}
    assert {flow: set(found) for flow, found in FLOW_TABLES.items()} == tagged


@pytest.mark.parametrize(
    "name", ["silver.rejected_rows", "silver.duplicate_rows", "ops.batch_files", "ops.file_counts"]
)
def test_a_table_of_all_flows_is_tagged_with_each(name: str, tables: dict[str, dict[str, Any]]) -> None:
    assert sorted(tables[name]["tags"]) == sorted(FLOWS)


@pytest.mark.parametrize("flow", FLOWS)
def test_the_rows_of_a_flow_are_counted_and_set_aside(flow: str, tables: dict[str, dict[str, Any]]) -> None:
    silver = FLOW_TABLES[flow][0]
    assert silver in needs(tables["ops.file_counts"])
    assert {silver, f"bronze.ext_{flow}"} <= needs(tables["silver.duplicate_rows"])
    assert f"bronze.ext_quarantine_{flow}" in needs(tables["silver.rejected_rows"])


def test_flows_of_lines_have_corrections(tables: dict[str, dict[str, Any]]) -> None:
    corrected = set(re.findall(r"'(\w+)' AS flow", tables["silver.corrections"]["query"]))
    assert corrected == {flow for flow in FLOWS if load_contract(flow).format == "jsonl"}

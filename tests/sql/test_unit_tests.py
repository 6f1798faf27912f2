"""The project's own unit tests, and those of its incremental tables, run on the laptop's BigQuery. Every table has one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sql.project import PROJECT, compile_graph, definitions_of, name_of
from tests.sql.warehouse import Warehouse

BATCH = 3
GRAPH = compile_graph(BATCH)
TESTS: list[dict[str, Any]] = GRAPH["tests"]
CASES = yaml.safe_load((Path(__file__).parent / "incremental.yaml").read_text())
TABLES = {action.target: action for action in definitions_of(GRAPH) if action.kind == "tables"}
VIEWS = {name for name, table in TABLES.items() if table.node["enumType"] == "VIEW"}
_PUBLISHED = ("_versions", "_rejected", "_objects")
OVER_FILES = {"silver.kept_keys"} | {
    name for name in VIEWS if any(need.endswith(_PUBLISHED) for need in TABLES[name].needs)
}
"""Views of what runs published: what they show is tested with files, by batches."""


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test["name"])
def test_a_table_makes_of_its_inputs_what_its_unit_test_expects(warehouse: Warehouse, test: dict[str, Any]) -> None:
    assert in_order(warehouse.rows(test["testQuery"])) == in_order(warehouse.rows(test["expectedOutputQuery"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['table']}: {case['name']}")
def test_an_incremental_table_makes_of_its_inputs_what_is_expected(warehouse: Warehouse, case: dict[str, Any]) -> None:
    query = TABLES[case["table"]].node["query"]
    for name, rows in case["inputs"].items():
        query = query.replace(f"`{PROJECT}.{name}`", f"({rows})")
    assert f"`{PROJECT}." not in query, "an input is missing"
    expected = [{name: value for name, value in row.items() if name != case.get("without")} for row in case["rows"]]
    assert in_order(warehouse.rows(query)) == in_order(expected)


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(list(row.values())))


def test_every_table_has_a_unit_test_or_is_tested_with_files() -> None:
    by_dataform = {name_of(test["target"]).removesuffix("_test") for test in TESTS}
    tested = by_dataform | {case["table"] for case in CASES} | OVER_FILES
    assert {name for name in TABLES if name.startswith(("silver.", "features.", "gold."))} - tested == set()
    assert by_dataform <= TABLES.keys()

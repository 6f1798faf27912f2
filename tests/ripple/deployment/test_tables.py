"""The lists of flows and tables that Python has are those of the compiled Dataform project."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ripple.deployment.tables import BATCH_TABLES, VIEWS, list_published, list_whole
from ripple.flows import find_flow, list_flows
from tests.sql.project import PROJECT, compile_graph, name_of

OF_RUNS = ("ops.fence_", "ops.touched_")
"""What runs agree by; nobody reads rows there."""


@pytest.fixture(scope="module")
def graph() -> dict[str, Any]:
    return compile_graph(1)


def test_the_tables_of_a_run_are_those_of_the_compiled_project(graph: dict[str, Any]) -> None:
    kinds = {node["type"] for node in graph["tables"]}
    by_kind = {
        kind: sorted(name_of(node["target"]) for node in graph["tables"] if node["type"] == kind) for kind in kinds
    }
    assert by_kind == {"incremental": sorted(BATCH_TABLES), "table": sorted(list_whole()), "view": sorted(VIEWS)}


def test_what_runs_publish_into_is_created_whatever_they_have_files_of(graph: dict[str, Any]) -> None:
    (create,) = [node for node in graph["operations"] if name_of(node["target"]) == "ops.create_tables"]
    created = re.findall(rf"CREATE TABLE IF NOT EXISTS `{PROJECT}\.(\S+)`", "".join(create["queries"]))
    expected = sorted([*list_published(), *list_whole()])
    assert sorted(name for name in created if not name.startswith(OF_RUNS)) == expected


@pytest.mark.parametrize("flow", list_flows())
def test_the_tables_of_a_flow_are_those_that_its_action_writes_and_those_with_its_tag(
    flow: str, graph: dict[str, Any]
) -> None:
    silver, *_ = tables = find_flow(flow).tables
    (publish,) = [node for node in graph["operations"] if name_of(node["target"]) == silver]
    written = set(re.findall(rf"INSERT INTO `{PROJECT}\.((?:silver|ops)\S+)`", "".join(publish["queries"])))
    tagged = {name_of(node["target"]) for node in graph["tables"] if node["tags"] == [flow]}
    assert set(tables) == {name for name in written if not name.startswith(OF_RUNS)} | tagged


@pytest.mark.parametrize("name", [name for name in VIEWS if not name.startswith("gold.")])
def test_a_view_of_all_flows_is_tagged_with_each(name: str, graph: dict[str, Any]) -> None:
    (view,) = [node for node in graph["tables"] if name_of(node["target"]) == name]
    assert sorted(view["tags"]) == sorted(list_flows())

"""What every definition of the project has: a grain, described columns, tags, no clock."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from laptop.tests.bigquery.googlesql import GoogleSql
from ripple.flows import list_flows
from tests.sql.project import DATAFORM, PROJECT, Action, actions_of, compile_graph, definitions_of, statements
from tests.sql.test_googlesql import check_script

GRAPH: dict[str, Any] = compile_graph(7)
ACTIONS = definitions_of(GRAPH)
WITH_OUTPUT = [action for action in ACTIONS if action.kind == "tables" or action.node.get("hasOutput")]


@pytest.mark.parametrize("action", WITH_OUTPUT, ids=lambda action: action.target)
def test_a_table_states_its_grain_and_has_tags(action: Action) -> None:
    assert action.node["actionDescriptor"]["description"].startswith("Grain: ")
    assert action.node["tags"]


def test_every_column_is_described_and_nothing_else() -> None:
    analyzer = GoogleSql(PROJECT)
    for action in ACTIONS:
        for script in statements(action, exists=False):
            check_script(analyzer, script)
    for action in WITH_OUTPUT:
        described = {".".join(column["path"]) for column in action.node["actionDescriptor"]["columns"]}
        top = {name for name in described if "." not in name}
        assert top == set(analyzer.columns(action.target)), action.target


def test_no_statement_reads_what_a_source_wrote() -> None:
    read = {action.target for action in ACTIONS if f"{PROJECT}-bronze" in "".join(statements(action, exists=False))}
    assert read == set()


def test_what_reads_versions_waits_until_the_run_has_published_its_own() -> None:
    needs = {action.target: set(action.needs) for action in ACTIONS}
    for action in ACTIONS:
        read = {name.removesuffix("_versions") for name in action.needs if name.endswith("_versions")}
        if read and action.node.get("enumType") != "VIEW":
            assert read <= waits_for(action.target, needs), action.target


def waits_for(name: str, needs: dict[str, set[str]]) -> set[str]:
    """All that ends before the action begins."""
    direct = needs.get(name, set())
    return direct.union(*(waits_for(other, needs) for other in direct))


def test_no_statement_reads_a_clock_or_draws_a_number() -> None:
    text = "\n".join(statement for action in actions_of(GRAPH) for statement in statements(action, exists=False))
    assert not re.search(r"\bCURRENT_|\bRAND\s*\(|GENERATE_UUID|SESSION_USER", text, re.IGNORECASE)


def test_an_incremental_table_forgets_the_batch_before_it_inserts_it() -> None:
    for action in ACTIONS:
        if action.node.get("enumType") == "INCREMENTAL":
            assert any("WHERE batch = 7" in text for text in action.node["incrementalPreOps"]), action.target


def test_what_is_made_of_silver_stops_behind_the_fence_of_a_newer_run() -> None:
    fenced = "ASSERT (SELECT epoch FROM `demo-proj.ops.fence_run`) = 1 "
    for action in ACTIONS:
        if action.target.startswith(("gold.", "features.")) and action.node.get("enumType") != "VIEW":
            for exists in (False, True):
                first = next(iter(statements(action, exists=exists, columns=["batch"])))
                assert first.strip().startswith(fenced), action.target


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((DATAFORM / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert lock["packages"]["node_modules/@dataform/core"]["version"] == "3.0.62"


@pytest.mark.parametrize("text", ["1; DROP TABLE x", "-1"])
@pytest.mark.parametrize("name", ["batch", "epoch", "part"])
def test_a_run_that_is_no_number_does_not_compile(name: str, text: str) -> None:
    with pytest.raises(AssertionError, match=f"Compilation var {name}"):
        compile_graph(**{"batch": 1, name: text})  # type: ignore[arg-type]


@pytest.mark.parametrize("flow", ["nope", "sales,,startups", "sales'"])
def test_a_run_of_a_flow_that_is_not_in_the_project_does_not_compile(flow: str) -> None:
    with pytest.raises(AssertionError, match=r"Compilation var flows|No flow"):
        compile_graph(1, flows=[flow])


@pytest.mark.parametrize(("flow", "count"), [("clickstream", 9), ("sales", 10), ("startups", 9)])
def test_a_file_of_one_flow_runs_few_actions_and_none_that_writes_anothers(flow: str, count: int) -> None:
    actions = actions_of(compile_graph(7, flows=[flow], checked=[flow], quarantined=[flow]))
    assert len(actions) == count
    assert [
        action.target
        for action in actions
        if {*action.node["tags"]} & {*list_flows()} not in ({flow}, {*list_flows()}, set())
    ] == []


def test_a_run_makes_every_view_behind_what_it_reads() -> None:
    (create,) = [action for action in ACTIONS if action.target == "ops.create_tables"]
    made = re.findall(
        rf"CREATE (?:OR REPLACE VIEW|TABLE IF NOT EXISTS) `{PROJECT}\.([^`]+)`", "".join(create.node["queries"])
    )
    views = {action.target: action.needs for action in ACTIONS if action.node.get("enumType") == "VIEW"}
    assert views.keys() <= {*made}
    for name, needs in views.items():
        assert all(made.index(other) < made.index(name) for other in {*needs} - {"ops.create_tables"}), name


def test_a_table_of_gold_or_features_asserts_its_key_in_its_own_script() -> None:
    for action in ACTIONS:
        if action.target.startswith(("gold.", "features.")) and action.node["enumType"] != "VIEW":
            for exists in (False, True):
                script = "\n".join(statements(action, exists=exists, columns=["batch"]))
                assert f"AS '{action.target} breaks a rule: " in script
    assert GRAPH.get("assertions", []) == []

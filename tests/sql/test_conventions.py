"""What every definition of the project has: a grain, described columns, tags, no clock."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from laptop.tests.bigquery.googlesql import GoogleSql
from tests.sql.project import DATAFORM, PROJECT, Action, actions_of, compile_graph, statements

GRAPH: dict[str, Any] = compile_graph(7)
ACTIONS = [action for action in actions_of(GRAPH) if action.kind != "assertions"]
WITH_OUTPUT = [action for action in ACTIONS if action.kind == "tables" or action.node.get("hasOutput")]


@pytest.mark.parametrize("action", WITH_OUTPUT, ids=lambda action: action.target)
def test_a_table_states_its_grain_and_has_tags(action: Action) -> None:
    assert action.node["actionDescriptor"]["description"].startswith("Grain: ")
    assert action.node["tags"]


def test_every_column_is_described_and_nothing_else() -> None:
    analyzer = GoogleSql(PROJECT)
    for action in WITH_OUTPUT:
        (create,) = [text for text in statements(action, exists=False) if text.strip()]
        analyzer.create(action.target, create.strip())
        described = {".".join(column["path"]) for column in action.node["actionDescriptor"]["columns"]}
        top = {name for name in described if "." not in name}
        assert top == {name for name in analyzer.columns(action.target) if name != "_FILE_NAME"}, action.target


def test_no_statement_reads_a_clock_or_draws_a_number() -> None:
    text = "\n".join(statement for action in actions_of(GRAPH) for statement in statements(action, exists=False))
    assert not re.search(r"\bCURRENT_|\bRAND\s*\(|GENERATE_UUID|SESSION_USER", text, re.IGNORECASE)


def test_an_incremental_table_forgets_the_batch_before_it_inserts_it() -> None:
    for action in ACTIONS:
        if action.node.get("enumType") == "INCREMENTAL":
            assert "WHERE batch = 7" in action.node["incrementalPreOps"][0], action.target


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((DATAFORM / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert lock["packages"]["node_modules/@dataform/core"]["version"] == "3.0.62"


@pytest.mark.parametrize("batch", ["1; DROP TABLE x", "-1"])
def test_a_batch_that_is_no_number_does_not_compile(batch: str) -> None:
    with pytest.raises(AssertionError, match="Compilation var batch"):
        compile_graph(batch)  # type: ignore[arg-type]

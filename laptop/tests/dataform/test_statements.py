"""The SQL of actions, and which of them run."""

from __future__ import annotations

import pytest

from laptop.dataform.graph import Action, ActionTarget
from laptop.dataform.plan import ready_actions, select_actions, skipped_actions
from laptop.dataform.statements import build_script


def _incremental(**body: object) -> Action:
    base = {
        "query": "SELECT 1 AS a",
        "incrementalQuery": "SELECT 2 AS a;",
        "preOps": ["SELECT 'first'"],
        "incrementalPreOps": ["DECLARE d DATE;\nDELETE FROM t WHERE a = 2;"],
        "bigquery": {"partitionBy": "day", "clusterBy": ["a", "b"]},
    }
    return Action(target=ActionTarget("p", "s", "t"), kind="incremental", body={**base, **body})


def test_a_table_that_is_missing_is_created_with_its_layout() -> None:
    assert build_script(_incremental(), columns=None, full_refresh=False) == (
        "SELECT 'first';\nCREATE OR REPLACE TABLE `p.s.t`\nPARTITION BY day\nCLUSTER BY a, b\nAS SELECT 1 AS a"
    )


def test_a_table_that_is_there_gets_rows_after_its_incremental_operations() -> None:
    assert build_script(_incremental(), columns=["a"], full_refresh=False) == (
        "DECLARE d DATE;\nDELETE FROM t WHERE a = 2;\n"
        "INSERT INTO `p.s.t` (`a`)\nSELECT `a` FROM (\nSELECT 2 AS a\n) AS insertions"
    )


def test_a_unique_key_merges() -> None:
    script = build_script(_incremental(uniqueKey=["a"], incrementalPreOps=[]), columns=["a", "b"], full_refresh=False)
    assert script == (
        "MERGE `p.s.t` T USING (\nSELECT 2 AS a\n) S ON T.a = S.a\n"
        "WHEN MATCHED THEN UPDATE SET `a` = S.a, `b` = S.b\n"
        "WHEN NOT MATCHED THEN INSERT (`a`, `b`) VALUES (`a`, `b`)"
    )


@pytest.mark.parametrize(("protected", "begins"), [(True, "DECLARE"), (False, "SELECT 'first'")])
def test_a_protected_table_is_not_rebuilt_by_a_full_refresh(protected: bool, begins: str) -> None:
    assert build_script(_incremental(protected=protected), columns=["a"], full_refresh=True).startswith(begins)


def _action(name: str, *dependencies: str, tags: tuple[str, ...] = (), kind: str = "table") -> Action:
    needed = tuple(ActionTarget("p", "s", item) for item in dependencies)
    return Action(target=ActionTarget("p", "s", name), kind=kind, dependencies=needed, tags=tags)


CHAIN = [_action("a", kind="declaration"), _action("b", "a", tags=("x",)), _action("c", "b"), _action("d", "c")]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "bcd"),
        ({"includedTags": ["x"]}, "b"),
        ({"includedTags": ["x"], "transitiveDependentsIncluded": True}, "bcd"),
        ({"includedTargets": [{"database": "p", "schema": "s", "name": "c"}]}, "c"),
        (
            {
                "includedTargets": [{"database": "p", "schema": "s", "name": "c"}],
                "transitiveDependenciesIncluded": True,
            },
            "bc",
        ),
        ({"includedTags": ["nobody"]}, ""),
    ],
)
def test_the_configuration_selects(config: dict[str, object], expected: str) -> None:
    assert "".join(action.target.name for action in select_actions(CHAIN, config)) == expected


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p\.s\.z"):
        select_actions(CHAIN, {"includedTargets": [{"database": "p", "schema": "s", "name": "z"}]})


def test_an_action_is_ready_when_all_it_leans_on_has_succeeded() -> None:
    run = CHAIN[1:]
    states = {action.target: "PENDING" for action in run}
    assert [action.target.name for action in ready_actions(run, states)] == ["b"]
    states[run[0].target] = "SUCCEEDED"
    assert [action.target.name for action in ready_actions(run, states)] == ["c"]


def test_skipping_spreads() -> None:
    run = CHAIN[1:]
    states = {action.target: "PENDING" for action in run} | {run[0].target: "FAILED"}
    assert [action.target.name for action in skipped_actions(run, states)] == ["c"]
    states[run[1].target] = "SKIPPED"
    assert [action.target.name for action in skipped_actions(run, states)] == ["d"]

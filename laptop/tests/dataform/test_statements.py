"""The SQL of actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.dataform.graph import Action, ActionTarget
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


CASES = yaml.safe_load((Path(__file__).parent / "cases" / "statements.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_action_is_run_by_the_script_dataform_writes(case: dict[str, Any]) -> None:
    action = Action(target=ActionTarget("p", "s", "t"), kind=case["kind"], body=case["body"])
    found = build_script(action, columns=case.get("columns"), full_refresh=case.get("full_refresh", False))
    assert found == case["script"]

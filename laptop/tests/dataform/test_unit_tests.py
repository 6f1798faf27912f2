"""The runner of `type: "test"` actions."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from laptop.bigquery.server import start as start_bigquery
from laptop.dataform.__main__ import main
from laptop.dataform.testing import run_tests
from laptop.hosting import Service
from laptop.tests.dataform.conftest import PROJECT


def test_a_unit_test_passes_when_both_queries_give_the_same_rows(
    launch: Callable[..., Service], tmp_path: Path
) -> None:
    address = launch(start_bigquery).address
    outcomes = asyncio.run(run_tests(PROJECT, tmp_path, address, {}))
    assert [(outcome.name, outcome.problem) for outcome in outcomes] == [("dear_prices_test", "")]


def test_a_failing_unit_test_names_the_rows_and_the_command_fails(
    launch: Callable[..., Service], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    path = project / "definitions/dear_prices_test.sqlx"
    path.write_text(path.read_text().replace("SELECT 'y' AS sku\n", "SELECT 'z' AS sku\n"))
    address = launch(start_bigquery).address
    outcomes = asyncio.run(run_tests(project, tmp_path / "cache", address, {}))
    assert outcomes[0].problem == '1 rows missing, 1 unexpected: missing ["z"]; unexpected ["y"]'
    assert main(["test", str(project), "--bigquery", address]) == 1

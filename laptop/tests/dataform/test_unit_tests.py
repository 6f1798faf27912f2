"""The runner of `type: "test"` actions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from laptop.bigquery.server import start as start_bigquery
from laptop.command import app
from laptop.dataform_tests import run_project_tests
from laptop.hosting import Service
from laptop.tests.conftest import NODE_MODULES
from laptop.tests.dataform.conftest import PROJECT


def test_a_unit_test_passes_when_both_queries_give_the_same_rows(
    launch: Callable[..., Service],
) -> None:
    address = launch(start_bigquery).address
    outcomes = run_project_tests(PROJECT, address, {}, NODE_MODULES)
    assert [(outcome.name, outcome.problem) for outcome in outcomes] == [("dear_prices_test", "")]


def test_a_failing_unit_test_names_the_rows_and_the_command_fails(
    launch: Callable[..., Service], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    path = project / "definitions/dear_prices_test.sqlx"
    path.write_text(path.read_text().replace("SELECT 'y' AS sku\n", "SELECT 'z' AS sku\n"))
    address = launch(start_bigquery).address
    outcomes = run_project_tests(project, address, {}, NODE_MODULES)
    assert outcomes[0].problem == '1 rows missing, 1 unexpected: missing ["z"]; unexpected ["y"]'
    words = ["test-dataform", str(project), "--bigquery", address, "--node-modules", str(NODE_MODULES)]
    answer = CliRunner().invoke(app, words)
    assert (answer.exit_code, answer.stdout.split()[:2]) == (1, ["FAILED", "dear_prices_test"])

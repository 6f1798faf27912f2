"""The commands of flows in a checkout of their own: each says what it does, and writes only what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

ROWS = [{"id": f"a-{at}", "at": "2026-01-02T03:04:05Z", "n": at} for at in range(30)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (tmp_path / "dataform" / "definitions").mkdir(parents=True)
    return tmp_path


def flow(checkout: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["flow", *words, "--checkout", str(checkout)])


def make(checkout: Path, *more: str) -> Result:
    return flow(checkout, "new", "mine", "--from", str(checkout / "rows.jsonl"), *more)


def test_a_dry_run_shows_the_file_and_writes_none(checkout: Path) -> None:
    shown = make(checkout, "--dry-run")
    assert (shown.exit_code, (checkout / "flows").exists()) == (0, False)
    assert make(checkout).exit_code == 0
    assert (checkout / "flows" / "mine.yaml").read_text() == shown.stdout.removesuffix("\n")


def test_a_file_that_is_there_is_replaced_by_force_only(checkout: Path) -> None:
    make(checkout)
    again = make(checkout)
    assert (again.exit_code, "--force" in again.stderr) == (2, True)
    assert make(checkout, "--force").exit_code == 0


@pytest.mark.parametrize("name", ["Mine", "run", "2nd", "rejected_rows"])
def test_a_name_that_no_flow_may_have_is_refused(name: str, checkout: Path) -> None:
    refused = flow(checkout, "new", name, "--from", str(checkout / "rows.jsonl"))
    assert (refused.exit_code, "name" in refused.stderr) == (2, True)
    assert not (checkout / "flows" / f"{name}.yaml").exists()


def test_a_check_says_what_is_wrong_with_every_file(checkout: Path) -> None:
    make(checkout)
    assert flow(checkout, "check").exit_code == 0
    assert json.loads(flow(checkout, "check", "mine", str(checkout / "rows.jsonl"), "--json").stdout)["accepted"] == 30
    (checkout / "flows" / "broken.yaml").write_text("kind: DataContract\nnmae: broken\n")
    mine = (checkout / "flows" / "mine.yaml").read_text()
    (checkout / "flows" / "twin.yaml").write_text(mine.replace("name: mine\nversion", "name: twin\nversion"))
    found = flow(checkout, "check")
    assert found.exit_code == 1
    assert "perhaps name?" in found.stdout
    assert "flows/twin.yaml: silver.mine is the table of flows/mine.yaml too" in found.stdout
    assert "broken" in flow(checkout, "list").stdout


def test_a_flow_that_sql_reads_stays_and_another_goes(checkout: Path) -> None:
    make(checkout)
    reader = checkout / "dataform" / "definitions" / "mine_days.sqlx"
    reader.write_text('SELECT * FROM ${ref("silver", "mine")}')
    refused = flow(checkout, "remove", "mine", "--yes")
    assert (refused.exit_code, "dataform/definitions/mine_days.sqlx" in refused.stderr) == (1, True)
    reader.unlink()
    assert flow(checkout, "remove", "mine").exit_code == 0
    assert (checkout / "flows" / "mine.yaml").exists()
    assert "silver.mine_versions" in flow(checkout, "remove", "mine", "--yes").stdout
    assert not (checkout / "flows" / "mine.yaml").exists()


def test_dataforms_module_follows_what_the_commands_do(checkout: Path) -> None:
    module = checkout / "dataform" / "includes" / "declared.js"
    module.parent.mkdir()
    module.write_text("")
    make(checkout)
    assert '"silver": "mine"' in module.read_text()
    flow(checkout, "remove", "mine", "--yes")
    assert module.read_text().endswith("module.exports = {};\n")


def test_a_difference_says_whether_rows_may_stay(checkout: Path) -> None:
    make(checkout)
    path = checkout / "flows" / "mine.yaml"
    old = checkout / "old.yaml"
    old.write_text(path.read_text())
    path.write_text(path.read_text() + "  - {property: rewrite, value: add}\n")
    assert flow(checkout, "diff", "mine", "--with", str(old)).exit_code == 0
    path.write_text(old.read_text().replace("        primaryKey: true\n", ""))
    found = flow(checkout, "diff", "mine", "--with", str(old))
    assert (found.exit_code, "INCOMPATIBLE: key" in found.stdout) == (1, True)


def test_a_flow_is_shown_with_what_is_made_of_it(checkout: Path) -> None:
    make(checkout)
    shown = json.loads(flow(checkout, "show", "mine", "--json").stdout)
    assert shown["tables"][0] == "silver.mine"
    assert shown["columns"] == {"id": "STRING", "at": "TIMESTAMP", "n": "INT64", "at_date": "DATE"}

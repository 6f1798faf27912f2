"""Projects compiled by the real `@dataform/core`, straight from their files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from laptop.dataform.compiler import compile_files
from laptop.dataform.graph import read_actions
from laptop.tests.conftest import NODE_MODULES
from laptop.tests.dataform.conftest import PROJECT

FILES = {name: (PROJECT / name).read_bytes() for name in ("package.json", "package-lock.json")}
SETTINGS = b"defaultProject: p\ndefaultLocation: US\ndefaultDataset: s\ndefaultAssertionDataset: checks\n"


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("modules")


def compile_project(folder: Path, modules: Path, override: Mapping[str, Any], **definitions: str) -> dict[str, Any]:
    sources = {f"definitions/{name}.sqlx": text.encode() for name, text in definitions.items()}
    files = {**FILES, "workflow_settings.yaml": SETTINGS, **sources}
    return asyncio.run(compile_files(files, folder / "checkout", modules, override, NODE_MODULES))


def messages(graph: dict[str, Any]) -> str:
    return " | ".join(each["message"] for each in graph["graphErrors"]["compilationErrors"])


def test_a_folder_that_cannot_be_made_is_not_taken_for_another_compilation(tmp_path: Path, modules: Path) -> None:
    (tmp_path / "checkout").write_text("in the way")
    with pytest.raises(NotADirectoryError):
        compile_project(tmp_path, modules, {}, one="SELECT 1")
    assert [path.name for path in tmp_path.iterdir()] == ["checkout"]


def test_assertions_of_a_table_are_actions_that_depend_on_it(tmp_path: Path, modules: Path) -> None:
    table = 'config { type: "table", assertions: { uniqueKey: ["id"], nonNull: ["id"] } }\nSELECT 1 AS id'
    after = 'config { type: "view" }\nSELECT * FROM ${ref("orders")}'
    graph = compile_project(tmp_path, modules, {}, orders=table, after=after)
    actions = {str(each.target): each for each in read_actions(graph)}
    assert sorted(actions) == [
        "p.checks.s_orders_assertions_rowConditions",
        "p.checks.s_orders_assertions_uniqueKey_0",
        "p.s.after",
        "p.s.orders",
    ]
    assert [str(each) for each in actions["p.s.after"].dependencies] == ["p.s.orders"]
    for name in ("uniqueKey_0", "rowConditions"):
        assert [str(each) for each in actions[f"p.checks.s_orders_assertions_{name}"].dependencies] == ["p.s.orders"]


def test_overrides_change_the_names_and_keep_the_canonical_ones(tmp_path: Path, modules: Path) -> None:
    override = {"schemaSuffix": "dev", "tablePrefix": "x", "defaultDatabase": "other"}
    graph = compile_project(tmp_path, modules, override, orders='config { type: "table" }\nSELECT 1 AS id')
    (action,) = read_actions(graph)
    assert str(action.target) == "other.s_dev.x_orders"
    assert action.body["canonicalTarget"]["name"] == "orders"


def test_two_actions_of_one_name_and_a_circle_are_errors(tmp_path: Path, modules: Path) -> None:
    graph = compile_project(
        tmp_path,
        modules,
        {},
        one='config { type: "table", name: "same" }\nSELECT 1 AS id',
        two='config { type: "table", name: "same" }\nSELECT 2 AS id',
        left='config { type: "table" }\nSELECT * FROM ${ref("right")}',
        right='config { type: "table" }\nSELECT * FROM ${ref("left")}',
    )
    assert "Duplicate action name" in messages(graph)
    assert "ircular dependency" in messages(graph)


def test_a_script_that_does_not_parse_is_an_error_of_the_project(tmp_path: Path, modules: Path) -> None:
    graph = compile_project(tmp_path, modules, {}, broken='config { type: "table" }\nSELECT ${(() => {}')
    assert messages(graph)


def test_a_project_is_written_once_for_all_its_compilations(tmp_path: Path, modules: Path) -> None:
    for batch in ("1", "2"):
        definition = 'config { type: "table" }\nSELECT ${dataform.projectConfig.vars.batch} AS id'
        graph = compile_project(tmp_path, modules, {"vars": {"batch": batch}}, orders=definition)
        assert graph["tables"][0]["query"].strip() == f"SELECT {batch} AS id"
    assert [path.name for path in tmp_path.iterdir()] == ["checkout"]

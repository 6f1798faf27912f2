"""Each record says who writes and who reads it, and the stages' code says no more than that."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import ripple.state
from ripple.deployment.routes import STAGES, WORKFLOW
from ripple.state.catalogue import STATE
from ripple.state.collection import Collection, SingleDocument

ROOT = Path(__file__).parents[3]
WRITES = {"create", "set", "update", "delete"}
READS = {"get", "get_many", "find", "find_all", "find_readable", "expect"}
HELPERS = {
    "find_waiting": "files",
    "is_any_waiting": "files",
    "find_first_waiting": "files",
    "keep_in_outbox": "outbox",
}
NOT_STAGES = {"the command", f"workflows/{WORKFLOW}", "every stage that states a fact deletes it here"}


def list_constants() -> dict[str, Collection[object]]:
    """The collections that the modules of `ripple/state/` define, by the name of their constant."""
    found = {}
    for path in Path(ripple.state.__path__[0]).glob("*.py"):
        module = importlib.import_module(f"ripple.state.{path.stem}")
        for name, value in vars(module).items():
            if isinstance(value, Collection | SingleDocument):
                found[name] = value.collection if isinstance(value, SingleDocument) else value
    return found


CONSTANTS = list_constants()


def find_uses(stage: str) -> Iterator[tuple[str, str]]:
    """`(collection, written or read)` of all that the stage's own modules do."""
    for path in (ROOT / "functions" / stage).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                kept, method = CONSTANTS.get(node.func.value.id), node.func.attr
                if kept is not None and method in WRITES | READS:
                    yield kept.name, "written" if method in WRITES else "read"
            elif isinstance(node.func, ast.Name) and node.func.id in HELPERS:
                yield HELPERS[node.func.id], "written" if node.func.id == "keep_in_outbox" else "read"


def test_the_catalogue_has_every_collection() -> None:
    assert {id(kept) for kept in CONSTANTS.values()} == {id(kept) for kept in STATE.values()}
    assert len({kept.name for kept in STATE.values()}) == len(STATE)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_and_writes_no_more_than_the_records_say(stage: str) -> None:
    kept = {one.name: one for one in STATE.values()}
    uses = set(find_uses(stage))
    assert uses
    for name, how in uses:
        said = kept[name].written_by if how == "written" else kept[name].read_by
        assert stage in said, f"{stage} has {name} {how}"


@pytest.mark.parametrize("name", STATE)
def test_who_reads_and_writes_a_record_is_there(name: str) -> None:
    named = {*STATE[name].written_by, *STATE[name].read_by}
    assert named <= set(STAGES) | NOT_STAGES
    assert STATE[name].written_by
    assert STATE[name].read_by


@pytest.mark.parametrize("name", STATE)
def test_the_page_names_who_writes_and_who_reads_a_record(name: str) -> None:
    (row,) = (
        line for line in (ROOT / "docs" / "state.md").read_text().splitlines() if line.startswith(f"| [`{name}`]")
    )
    users = [", ".join(STATE[name].written_by), ", ".join(STATE[name].read_by)]
    assert row.strip("| ").split(" | ")[2:] == users

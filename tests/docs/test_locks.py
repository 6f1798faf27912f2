"""A lock is what pyproject.toml asks for."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from requirements import inputs
from ripple.deployment.routes import STAGES

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text()
LAPTOP = (ROOT / "laptop" / "pyproject.toml").read_text()
RECORDED = json.loads(inputs.INPUTS.read_text())


def test_the_locks_are_what_pyproject_asks_for() -> None:
    assert inputs.find_faults(PYPROJECT, RECORDED, laptop=LAPTOP) == []


def test_a_changed_group_is_named_with_every_group_that_includes_it() -> None:
    changed = PYPROJECT.replace("sweep = [", 'sweep = ["attrs", ')
    assert inputs.find_faults(changed, RECORDED, laptop=LAPTOP) == [
        "functions/sweep/requirements.txt is stale",
        "requirements/dev.txt is stale",
    ]


def test_what_the_laptop_needs_is_locked_with_it_and_for_those_who_work_on_it() -> None:
    changed = LAPTOP.replace('"duckdb>=2.0"', '"duckdb>=2.0", "attrs"')
    assert inputs.find_faults(PYPROJECT, RECORDED, laptop=changed) == [
        "requirements/dev.txt is stale",
        "laptop/requirements.txt is stale",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a==1 \\\n    --hash=sha256:00\nb==2\n", "b==2 has no hash"),
        ("a @ https://example.org/a.whl --hash=sha256:00\n", "holds a download address"),
        (None, "is missing"),
    ],
)
def test_an_unsafe_lock_is_named(tmp_path: Path, text: str | None, fault: str) -> None:
    (tmp_path / "requirements").mkdir()
    if text is not None:
        (tmp_path / "requirements" / "one.txt").write_text(text)
    pyproject = '[dependency-groups]\none = ["a"]\n'
    faults = inputs.find_faults(pyproject, inputs.digest_groups(pyproject), tmp_path)
    assert faults == [f"requirements/one.txt: {fault}"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_developers_environment_has_what_a_function_has(stage: str) -> None:
    groups = tomllib.loads(PYPROJECT)["dependency-groups"]
    assert set(inputs.expand(groups, stage)) <= set(inputs.expand(groups, "dev"))

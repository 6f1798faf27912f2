"""An event and a stage are added to a copy of the checkout in the places of places.yaml, and nothing else needs a change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PLACES = yaml.safe_load((Path(__file__).parent / "places.yaml").read_text())
LEFT_OUT = shutil.ignore_patterns(
    ".venv*", ".git", ".ripple", ".*_cache", ".hypothesis", "__pycache__", "build", "node_modules"
)
CHECKED = (
    "tests/bundles/test_contents.py",
    "tests/cli/test_costing.py",
    *(f"tests/docs/test_{name}.py" for name in ("generated", "locks", "pages")),
    "tests/functions/test_ports.py",
    "tests/infra/test_topology.py",
    "tests/ripple/deployment/test_routes.py",
    "tests/ripple/wire/test_events.py",
)


def change(folder: Path, place: dict[str, Any]) -> None:
    """Make or change the file of a place; AssertionError if it does not fit the checkout."""
    path = folder / place["path"]
    if "append" in place:
        path.write_text(path.read_text() + place["append"])
    elif "after" in place:
        assert path.read_text().count(place["after"]) == 1, place
        path.write_text(path.read_text().replace(place["after"], place["after"] + place["text"]))
    else:
        assert not path.exists(), place
        path.parent.mkdir(exist_ok=True)
        path.write_text(place["text"])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout with another event and another stage; what commands write is written."""
    folder = tmp_path_factory.mktemp("places") / "checkout"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for place in (*PLACES["stage"], *PLACES["event"]):
        change(folder, place)
    # A lock needs a registry: this stage has the packages of one that is there.
    shutil.copy(folder / "functions/start_batch/requirements.txt", folder / "functions/count_objects")
    for words in (["requirements/inputs.py"], ["-m", "docs.generate"]):
        run(folder, sys.executable, *words)
    return folder


def run(folder: Path, *command: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_an_event_is_two_places_and_its_example() -> None:
    assert len({place["path"] for place in PLACES["event"]}) == 3


def test_a_stage_is_its_folder_and_two_places() -> None:
    paths = {place["path"] for place in PLACES["stage"]}
    assert {path for path in paths if not path.startswith("functions/count_objects/")} == {
        "ripple/deployment/routes.py",
        "pyproject.toml",
    }


def test_what_is_there_takes_them_as_they_are(copy: Path) -> None:
    run(copy, sys.executable, "-m", "requirements.imports", "count_objects")
    run(copy, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CHECKED)

"""The pages that add a flow, followed as they stand in a copy of the checkout: the flow works, and nothing that was there breaks."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import vega_datasets

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/extend.md").read_text()
TUTORIAL = (ROOT / "docs/tutorial-own-data.md").read_text()
COMMANDS = re.findall(r"^\$ ripple (.*)$", TUTORIAL, re.M)
AIRPORTS = Path(vega_datasets.__file__).parent / "_data" / "airports.csv"
BLOCK = re.compile(r"^`([^`\n]+)`\n\n```(\w+)\n(.*?)^```$", re.M | re.S)
LEFT_OUT = shutil.ignore_patterns(".venv*", ".git", ".ripple", ".*_cache", ".hypothesis", "__pycache__", "build")
OWN_CHECK = "tests/sql/test_refunds.py"
DERIVED = (
    *(f"tests/ripple/deployment/test_{name}.py" for name in ("tables", "routes")),
    *(f"tests/sql/test_{name}.py" for name in ("conventions", "googlesql")),
)


def blocks() -> list[tuple[str, str, str]]:
    """Path, language and text of every block with a path above it."""
    return BLOCK.findall(PAGE)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout with the page's flow. Dataform's packages are copied too: they must be a real folder."""
    folder = tmp_path_factory.mktemp("extended") / "checkout"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for name, _, text in blocks():
        assert not (folder / name).exists(), f"{name}: the page makes a file that is there already"
        (folder / name).write_text(text)
    shutil.copyfile(Path(__file__).with_name("refunds_check.py"), folder / OWN_CHECK)
    run(folder, "-m", "docs.generate")
    return folder


def run(copy: Path, *words: str) -> str:
    """Run Python in the copy, whose modules come before those of the checkout; what it printed."""
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_the_page_has_a_block_for_every_file_that_it_names() -> None:
    assert len(blocks()) == len(re.findall(r"^```\w+$", PAGE, re.M)) > 0
    assert [name for name, _, _ in blocks()] == ["flows/refunds.yaml"]


def test_the_code_that_runs_in_the_copy_is_the_copys(copy: Path) -> None:
    names = ("ripple", "functions", "laptop", "cli", "tests")
    found = run(copy, "-c", f"import {', '.join(names)}; print(*({', '.join(f'{name}.__file__' for name in names)}))")
    assert found.split() == [str(copy / name / "__init__.py") for name in names]


@pytest.mark.timeout(300)
def test_the_flow_works_and_what_derives_from_the_lists_takes_it(copy: Path) -> None:
    temporary = f"--basetemp={copy.parent / 'temporary'}"
    run(copy, "-m", "pytest", "-x", "-p", "no:cacheprovider", temporary, OWN_CHECK, *DERIVED)


@pytest.mark.timeout(300)
def test_the_tutorial_brings_a_public_data_set_to_its_table(copy: Path, tmp_path: Path) -> None:
    """The laptop runs before the flow is there: what is dropped into it is understood at once."""
    shutil.copyfile(AIRPORTS, copy / "airports.csv")
    new, check, up, drop, query = (shlex.split(command) for command in COMMANDS)
    ripple(copy, *up, "--state", str(tmp_path / "laptop"))
    try:
        ripple(copy, *new)
        assert "3376 accepted, 0 quarantined" in ripple(copy, *check)
        ripple(copy, *drop, "--state", str(tmp_path / "laptop"))
        until = time.monotonic() + 120
        while '"done"' not in (runs := ripple(copy, "runs", "--json", "--state", str(tmp_path / "laptop"))):
            assert time.monotonic() < until, runs
            time.sleep(1)
        found = ripple(copy, *query, "--json", "--state", str(tmp_path / "laptop"))
        assert json.loads(found)["rows"][0] == {"state": "AK", "airports": 263}, found
    finally:
        ripple(copy, "down", "--state", str(tmp_path / "laptop"))


def ripple(copy: Path, *words: str) -> str:
    return run(copy, "-c", "from cli.main import main; main()", *words)

"""The example of docs/extend.md, made as it stands in a copy of the checkout: its flow works, and nothing that was there breaks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/extend.md").read_text()
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

"""A bundle in an environment of its own: what it can import, from where, and that its bytecode outlasts the image's dates."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ripple.deployment.routes import STAGES
from tests.bundles.environments import ROOT, UV, Environment, build_environment, write_bundles


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("sweep")
    bundle = write_bundles(folder)["stages"]["sweep"]
    return build_environment(ROOT / bundle["path"], folder / "built")


def load(environment: Environment, source: str) -> str:
    """What is said when the framework loads the function from `source`: nothing, or why it cannot."""
    code = f"import functions_framework; functions_framework.create_app('sweep', {source!r})"
    return environment.run("-c", code).stderr


def test_a_bundle_loads_by_the_file_at_its_root(sweep: Environment) -> None:
    assert load(sweep, "main.py") == ""


def test_by_its_stages_own_file_it_would_not_find_its_packages(sweep: Environment) -> None:
    """The framework puts the source's folder on the path, not the bundle's: docs/decisions/0009."""
    assert "ModuleNotFoundError: No module named 'functions'" in load(sweep, "functions/sweep/main.py")


def test_its_own_packages_come_from_the_bundle(sweep: Environment) -> None:
    code = (
        "import sys; sys.path.append('.'); import main, ripple, functions; print(ripple.__file__, functions.__file__)"
    )
    said = sweep.run("-c", code)
    assert said.stderr == ""
    assert all(Path(name).is_relative_to(sweep.files) for name in said.stdout.split())


@pytest.mark.parametrize("module", ["cli", "laptop", "generators", "tests", "functions.replay"])
def test_nothing_else_of_the_checkout_is_there(sweep: Environment, module: str) -> None:
    said = sweep.run("-c", f"import sys; sys.path.append('.'); import {module}")
    assert f"No module named '{module}'" in said.stderr


def test_its_bytecode_is_checked_by_hash_and_so_is_never_stale(sweep: Environment) -> None:
    caches = {path: path.read_bytes() for path in sweep.files.rglob("*.pyc")}
    assert len(caches) > 30
    assert {int.from_bytes(content[4:8], "little") for content in caches.values()} == {0b11}
    said = sweep.run("-v", "-c", "import sys; sys.path.append('.'); import main").stderr
    assert re.search(r"code object from '.*/ripple/handling/__pycache__/shell", said)
    assert not re.search(r"bytecode is stale for '(ripple|functions|main)", said)
    assert {path: path.read_bytes() for path in sweep.files.rglob("*.pyc")} == caches


@pytest.mark.parametrize(
    "lock", [*(f"functions/{stage}/requirements.txt" for stage in STAGES), "requirements/generators.txt"]
)
def test_a_lock_installs_on_the_runtimes_python_without_a_compiler(lock: str, tmp_path: Path) -> None:
    """Functions and images run Python 3.13 on x86-64 Linux, whatever runs this."""
    there = ["--python-version", "3.13", "--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:"]
    where = ["--python", sys.executable, "--target", str(tmp_path), "--require-hashes", "-r", lock]
    command = [UV, "pip", "install", "--dry-run", *there, *where]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Would install" in done.stderr

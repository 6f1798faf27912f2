"""What an image copies runs with what it installs, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bundles.environments import UV
from tests.images.dockerfiles import ROOT, lay_out

PIPELINES_PYTHON = ROOT / ".venv-pipelines" / "bin" / "python"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the generators' lock."""
    venv = tmp_path_factory.mktemp("image") / "venv"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, str(venv)], check=True)
    lock = ["--require-hashes", "-r", str(ROOT / "requirements" / "generators.txt")]
    env = {**os.environ, "UV_COMPILE_BYTECODE": "0"}
    subprocess.run([UV, "pip", "install", "-q", "--python", str(venv / "bin" / "python"), *lock], env=env, check=True)
    return venv / "bin" / "python"


def run(python: Path, folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), **env}
    return subprocess.run([python, *words], cwd=folder, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("flow", ["clickstream", "startups"])
def test_the_generators_image_generates(python: Path, tmp_path: Path, flow: str) -> None:
    app, lake = tmp_path / "app", tmp_path / "lake"
    lay_out("generators", app)
    words = ["--from", "2026-01-01", "--to", "2026-01-03", "--customers", "50", "--startups", "40", "--batch-id", "b"]
    done = run(python, app, "-m", f"generators.{flow}", *words, "--out", str(lake))
    assert done.returncode == 0, done.stderr
    files = [path for path in lake.rglob("*.jsonl*") if flow in str(path)]
    assert files


def test_the_sales_job_of_the_image_starts(python: Path, tmp_path: Path) -> None:
    lay_out("generators", tmp_path)
    done = run(python, tmp_path, "-m", "generators.sales", "--help")
    assert done.returncode == 0, done.stderr


def test_the_pipelines_image_has_what_the_compiled_pipeline_imports(tmp_path: Path) -> None:
    """`make setup` installs the same lock into `.venv-pipelines`."""
    lay_out("pipelines", tmp_path)
    spec = json.loads((ROOT / "pipelines" / "train_repeat_purchase.json").read_text())
    commands = [task["container"]["command"] for task in spec["deploymentSpec"]["executors"].values()]
    assert len(commands) == 7
    sources = "\n".join(command[-1] for command in commands)
    lines = {line.strip() for line in sources.splitlines() if line.strip().startswith(("import ", "from "))}
    assert any("pipelines.repeat_purchase" in line for line in lines)
    done = run(PIPELINES_PYTHON, tmp_path, "-c", "\n".join(sorted(lines)), PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr

"""The committed spec is what the pipeline compiles to."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

PYTHON = ".venv-pipelines/bin/python"
SPEC = json.loads(Path("pipelines/train_repeat_purchase.json").read_text())


def test_the_committed_spec_is_current() -> None:
    command = [PYTHON, "-m", "pipelines.train_repeat_purchase", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_task_installs_anything_at_run_time() -> None:
    assert "pip install" not in json.dumps(SPEC)


def test_the_exit_task_runs_always_and_is_never_cached() -> None:
    ending = SPEC["root"]["dag"]["tasks"]["notify"]
    assert ending["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"
    assert ending["cachingOptions"].get("enableCache", False) is False


def test_another_image_replaces_the_committed_one_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    command = [PYTHON, "-m", "pipelines.train_repeat_purchase", "--output", str(path), "--image", "here/python:2"]
    subprocess.run(command, check=True)
    executors = json.loads(path.read_text())["deploymentSpec"]["executors"].values()
    assert {executor["container"]["image"] for executor in executors} == {"here/python:2"}
    assert "ripple-laptop" not in path.read_text()

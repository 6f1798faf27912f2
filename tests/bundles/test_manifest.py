"""What `python -m cli.bundling` says and leaves behind."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ripple.deployment.routes import STAGES
from tests.bundles.test_reproducible import ROOT, run_bundling


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "bundles"


def test_the_manifest_says_of_each_stage_what_is_there(out: Path) -> None:
    done = run_bundling(ROOT, "--out", str(out))
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["stages"].keys() == STAGES.keys()
    for stage, made in manifest["stages"].items():
        data = (ROOT / made["path"]).read_bytes()
        assert made["sha256"] == hashlib.sha256(data).hexdigest()
        assert made["bytes"] == len(data)
        assert Path(made["path"]).name == f"{stage}-{made['sha256'][:16]}.zip"
        assert (made["entry_point"], made["source"]) == (stage, "main.py")
        assert f"{made['sha256'][:16]}  {made['path']}" in done.stdout


def test_a_path_is_given_from_the_repositorys_root(out: Path) -> None:
    made = json.loads(run_bundling(ROOT, "--out", str(out), "--stage", "sweep", "--json").stdout)["stages"]["sweep"]
    assert not Path(made["path"]).is_absolute()
    assert (ROOT / made["path"]).resolve().parent == out.resolve()


def test_one_stage_alone_writes_no_manifest_and_keeps_the_others(out: Path) -> None:
    run_bundling(ROOT, "--out", str(out))
    (out / "manifest.json").unlink()
    listed = json.loads(run_bundling(ROOT, "--out", str(out), "--stage", "sweep", "--json").stdout)
    assert listed["stages"].keys() == {"sweep"}
    assert not (out / "manifest.json").exists()
    assert len(list(out.glob("*.zip"))) == len(STAGES)


def test_an_unknown_stage_is_refused_with_those_that_there_are(out: Path) -> None:
    done = run_bundling(ROOT, "--out", str(out), "--stage", "landing")
    assert done.returncode == 2
    assert "no such stage: landing" in done.stderr
    assert "land_object" in done.stderr
    assert not out.exists()

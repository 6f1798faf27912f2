"""What is in a bundle, and what a bundle refuses to hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cli.bundling.contents import StrayFileError, gather_files
from ripple.deployment.routes import STAGES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of which only what bundles read is there, caches and all."""
    for name in ("flows", "functions", "ripple"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("stage", STAGES)
def test_a_bundle_holds_its_stage_the_shared_package_and_its_lock(stage: str) -> None:
    files = gather_files(ROOT, stage)
    assert {name.split("/")[0] for name in files} == {"main.py", "requirements.txt", "flows", "functions", "ripple"}
    folders = {name.split("/")[1] for name in files if name.startswith("functions/")}
    assert folders == {"__init__.py", stage}
    assert files["requirements.txt"] == (ROOT / "functions" / stage / "requirements.txt").read_bytes()
    for folder in (f"functions/{stage}", "ripple"):
        code = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")}
        assert code <= files.keys()
    assert {"flows/sales.yaml", "flows/clickstream.yaml"} <= files.keys()


def test_caches_stay_out(copy: Path) -> None:
    before = gather_files(copy, "sweep")
    (copy / "ripple" / "__pycache__").mkdir(exist_ok=True)
    (copy / "ripple" / "__pycache__" / "left.pyc").write_bytes(b"x")
    assert gather_files(copy, "sweep") == before


@pytest.mark.parametrize(
    "name", ["ripple/wire/paths.py.orig", "functions/sweep/.env", "ripple/rows/contracts/notes.txt"]
)
def test_a_stray_file_is_named_and_refused(copy: Path, name: str) -> None:
    (copy / name).write_text("secret")
    with pytest.raises(StrayFileError, match=name):
        gather_files(copy, "sweep")


def test_a_link_is_refused_for_it_may_lead_out_of_the_checkout(copy: Path) -> None:
    (copy / "ripple" / "linked.py").symlink_to("/etc/hostname")
    with pytest.raises(StrayFileError, match=r"linked\.py"):
        gather_files(copy, "sweep")


def test_another_stages_files_do_not_matter(copy: Path) -> None:
    before = gather_files(copy, "sweep")
    (copy / "functions" / "replay" / "notes.txt").write_text("x")
    assert gather_files(copy, "sweep") == before

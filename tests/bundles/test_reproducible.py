"""The same input gives the same bytes, whatever machine, time, mask or order; any change of it gives others."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cli.bundling.archive import EPOCH, pack
from ripple.deployment.routes import STAGES

ROOT = Path(__file__).parents[2]


def copy_checkout(folder: Path, *, umask: int, mtime: int, backwards: bool) -> Path:
    """What bundles read, written in another order, with other modes and times."""
    before = os.umask(umask)
    try:
        paths = [
            path for name in ("flows", "functions", "ripple") for path in (ROOT / name).rglob("*") if path.is_file()
        ]
        for path in sorted(paths, reverse=backwards):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            os.utime(target, (mtime, mtime))
    finally:
        os.umask(before)
    return folder


def run_bundling(root: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.bundling", "--root", str(root), *words]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)


def bundle(root: Path, *words: str, **env: str) -> dict[str, Any]:
    done = run_bundling(root, "--json", *words, **env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["stages"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("checkouts")
    return (
        copy_checkout(folder / "one", umask=0o022, mtime=1_000_000_000, backwards=False),
        copy_checkout(folder / "two" / "deeper", umask=0o077, mtime=1_900_000_000, backwards=True),
    )


def test_two_checkouts_of_the_same_content_give_the_same_bytes(copies: tuple[Path, Path]) -> None:
    one = bundle(copies[0], TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C")
    two = bundle(copies[1], TZ="Pacific/Apia", PYTHONHASHSEED="2", LC_ALL="C.UTF-8")
    assert one == two
    assert one.keys() == STAGES.keys()
    for made in one.values():
        first, second = ((root / made["path"]).read_bytes() for root in copies)
        assert first == second


def test_a_changed_byte_gives_another_name(copies: tuple[Path, Path]) -> None:
    before = bundle(copies[0])
    changed = copies[0] / "ripple" / "wire" / "paths.py"
    text = changed.read_text()
    changed.write_text(text + "\n")
    after = bundle(copies[0])
    changed.write_text(text)
    assert all(before[stage]["sha256"] != after[stage]["sha256"] for stage in STAGES)
    kept = {path.name for path in (copies[0] / "build" / "bundles").glob("*.zip")}
    assert kept == {Path(made["path"]).name for made in after.values()}


def test_the_bytes_are_those_of_one_date_and_mode_uncompressed() -> None:
    data = pack({"b": b"two" * 99, "a": b"one"})
    assert data == pack({"a": b"one", "b": b"two" * 99})
    entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    assert [entry.filename for entry in entries] == ["a", "b"]
    assert {entry.date_time for entry in entries} == {EPOCH}
    assert {entry.external_attr >> 16 for entry in entries} == {stat.S_IFREG | 0o644}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}


def test_the_bytes_are_what_they_were_when_this_was_written() -> None:
    """Another Python's zipfile must not write them differently."""
    digest = hashlib.sha256(pack({"main.py": b"print(1)\n", "ripple/a.json": b"{}"})).hexdigest()
    assert digest == "113cc0c118f792c950a2d456bb0626428c1abf2ea57682e0585a7789e61d9f87"

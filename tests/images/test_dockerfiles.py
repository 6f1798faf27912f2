"""How the images are built: by digest and hash, in layers that keep, as a user who is not root."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.images.dockerfiles import IMAGES, ROOT, read_copies, read_instructions

HADOLINT = Path(sys.executable).with_name("hadolint")
WEAKENED = {
    "a user by name": ("USER 10001", "USER ripple"),
    "root at the end": ("USER 10001", "USER root"),
    "a package without a pin": (
        "RUN python -m compileall",
        "RUN pip install --no-cache-dir numpy && python -m compileall",
    ),
    "a cache in a layer": ("pip install --no-cache-dir --no-deps", "pip install --no-deps"),
    "a shell's cd": ("RUN python -m compileall", "RUN cd /app && python -m compileall"),
}


def lint(dockerfile: str) -> subprocess.CompletedProcess[str]:
    command = [HADOLINT, "--no-color", "-"]
    return subprocess.run(command, cwd=ROOT, input=dockerfile, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("image", IMAGES)
def test_the_linter_finds_nothing(image: str) -> None:
    done = lint((ROOT / image / "Dockerfile").read_text())
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("change", WEAKENED.values(), ids=WEAKENED)
def test_the_linter_finds_what_is_weakened(image: str, change: tuple[str, str]) -> None:
    text = (ROOT / image / "Dockerfile").read_text()
    assert change[0] in text
    assert lint(text.replace(*change)).returncode == 1


def test_every_stage_stands_on_one_base_pinned_by_digest() -> None:
    bases = {rest.split()[0] for image in IMAGES for word, rest in read_instructions(image) if word == "FROM"}
    (base,) = bases - {"installed"}
    assert re.fullmatch(r"python:3\.13-slim@sha256:[0-9a-f]{64}", base)


@pytest.mark.parametrize("image", IMAGES)
def test_everything_that_pip_installs_is_checked_by_hash_and_built_by_what_is_locked(image: str) -> None:
    runs = [rest for word, rest in read_instructions(image) if word == "RUN"]
    installs = [part for run in runs for part in re.split(r"&&", run) if re.search(r"\bpip install\b", part)]
    assert installs
    assert all("--require-hashes" in part and "--no-deps" in part and " -r requirements/" in part for part in installs)


def test_what_comes_as_source_is_built_without_fetching_tools() -> None:
    """Of the pipelines' packages some have no wheel; of the generators' none, as another test says."""
    (run,) = [rest for word, rest in read_instructions("pipelines") if word == "RUN" and "pipelines.txt" in rest]
    assert run.index("pipelines_build.txt") < run.index("--no-build-isolation") < run.index("pipelines.txt", 80)


@pytest.mark.parametrize("image", IMAGES)
def test_code_comes_after_the_packages_so_that_a_change_of_it_keeps_their_layer(image: str) -> None:
    steps = read_instructions(image)
    packages = next(i for i, (word, rest) in enumerate(steps) if word == "RUN" and f"{image}.txt" in rest)
    code = [i for i, (word, rest) in enumerate(steps) if word == "COPY" and "requirements" not in rest]
    assert min(code) > packages


@pytest.mark.parametrize("image", IMAGES)
def test_it_runs_as_a_numbered_user_with_a_list_of_what_was_installed(image: str) -> None:
    steps = read_instructions(image)
    assert [rest for word, rest in steps if word == "USER"] == ["10001"]
    assert ("COPY", "--from=inventory /opt/sbom.json sbom.json") in steps


def test_a_build_is_sent_what_the_images_copy_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    sources = {source for image in IMAGES for copied, _ in read_copies(image) for source in copied}
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == sources

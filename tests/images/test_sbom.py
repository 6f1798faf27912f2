"""A bill of materials lists its lock's packages, each at its version, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.sbom import LOCKS, TOOL, write_documents
from ripple.deployment.routes import STAGES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sbom")
    write_documents(out, LOCKS, validate=False)
    return out


def normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(lock: str) -> set[tuple[str, str]]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", (ROOT / lock).read_text(), re.M)
    return {(normalize(name), version) for name, version in pins}


def read_unconditional_pins(lock: str) -> set[tuple[str, str]]:
    """Those that every platform installs."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+) \\\\$", (ROOT / lock).read_text(), re.M)
    return {(normalize(name), version) for name, version in pins}


def read_components(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(normalize(found["name"]), found["version"]) for found in document["components"]]


def test_every_deployed_part_has_one() -> None:
    assert LOCKS.keys() == {*STAGES, "generators", "pipelines"}


@pytest.mark.parametrize("part", LOCKS)
def test_it_lists_exactly_what_the_lock_pins(documents: Path, part: str) -> None:
    listed = read_components(json.loads((documents / f"{part}.json").read_text()))
    assert len(listed) > 20
    assert sorted(listed) == sorted(read_pins(LOCKS[part]))


def test_it_says_the_hashes_that_the_lock_accepts(documents: Path) -> None:
    document = json.loads((documents / "sweep.json").read_text())
    given = {
        digest["content"]
        for component in document["components"]
        for reference in component["externalReferences"]
        for digest in reference.get("hashes", ())
    }
    assert given == set(re.findall(r"--hash=sha256:([0-9a-f]{64})", (ROOT / LOCKS["sweep"]).read_text()))


def test_the_same_lock_gives_the_same_bytes(documents: Path, tmp_path: Path) -> None:
    (again,) = write_documents(tmp_path, ["start_elt"], validate=False)
    assert again.read_bytes() == (documents / "start_elt.json").read_bytes()
    document = json.loads(again.read_text())
    assert "serialNumber" not in document
    assert "timestamp" not in document["metadata"]


def test_it_is_valid_by_cyclonedxs_own_schema(tmp_path: Path) -> None:
    (written,) = write_documents(tmp_path, ["pipelines"])
    document = json.loads(written.read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")


def test_the_command_that_an_image_runs_lists_what_is_installed(tmp_path: Path) -> None:
    """On this environment in place of the image's."""
    out = tmp_path / "sbom.json"
    command = [TOOL, "environment", "--output-reproducible", "--output-file", out, sys.executable]
    assert all(
        " ".join(map(str, command[1:3])) in (ROOT / image / "Dockerfile").read_text()
        for image in ("generators", "pipelines")
    )
    subprocess.run([*command, "--no-validate"], check=True, capture_output=True)
    listed = set(read_components(json.loads(out.read_text())))
    assert read_unconditional_pins("requirements/dev.txt") <= listed

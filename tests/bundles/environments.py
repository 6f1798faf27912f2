"""What a cloud makes of a bundle: its files unpacked, its lock installed into an environment of its own, all compiled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.bundling.manifest import BUILD_ENVIRONMENT

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
# A buildpack gives every file of an image this time, after it has compiled them.
IMAGE_TIME = 315532801


@dataclass(frozen=True, slots=True)
class Environment:
    """A bundle's files and the interpreter that has its requirements, and nothing else."""

    files: Path
    python: Path

    @property
    def framework(self) -> Path:
        return self.python.with_name("functions-framework")

    def cleared(self, **more: str) -> dict[str, str]:
        """Environment variables for a process of it: none that lead to this checkout's packages."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.files), **more}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Python in the bundle's folder, which is not on the path."""
        command = [str(self.python), "-P", *words]
        return subprocess.run(command, cwd=self.files, env=self.cleared(), capture_output=True, text=True, check=False)


def write_bundles(folder: Path) -> Mapping[str, Any]:
    """The manifest of this checkout's bundles, made into `folder` by the command."""
    command = [sys.executable, "-m", "cli.bundling", "--out", str(folder), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def build_environment(bundle: Path, folder: Path, *, compile_packages: bool = False) -> Environment:
    """Unpack, install, and see that nothing of this process's environment is there.

    Without `compile_packages` what is imported is compiled when it is first imported: a third of the time.
    """
    files, venv = folder / "workspace", folder / "venv"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(files)
    environment = Environment(files, venv / "bin" / "python")
    _uv({}, "venv", "-q", "--python", sys.executable, str(venv))
    lock = ["--require-hashes", "-r", str(files / "requirements.txt")]
    compiling = {"UV_COMPILE_BYTECODE": "1" if compile_packages else "0"}
    _uv(compiling, "pip", "install", "-q", "--python", str(environment.python), *lock)
    _uv({}, "pip", "check", "-q", "--python", str(environment.python))
    _compile_files(environment)
    assert "No module named 'pytest'" in environment.run("-c", "import pytest").stderr
    return environment


def _uv(more: Mapping[str, str], *words: str) -> None:
    subprocess.run([UV, *words], env={**os.environ, **more}, check=True, timeout=300)


def _compile_files(environment: Environment) -> None:
    """As the buildpack of Python functions does."""
    words = [str(environment.python), "-m", "compileall", "-f", "-q", "."]
    given = {name: value for name, value in BUILD_ENVIRONMENT.items() if name == "SOURCE_DATE_EPOCH"}
    subprocess.run(words, cwd=environment.files, env=environment.cleared(**given), check=True)
    for path in environment.files.rglob("*"):
        os.utime(path, (IMAGE_TIME, IMAGE_TIME))

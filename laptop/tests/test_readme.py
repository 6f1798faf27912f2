"""The README's project runs where nothing is installed but the laptop's wheel, its locked requirements and Google's clients."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

LAPTOP = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
README = (LAPTOP / "README.md").read_text()
FILES = dict(re.findall(r"^`(\w+\.py)`\n\n```python\n(.*?)^```$", README, re.M | re.S))
CLIENTS = re.search(r"^    pip install (google-.*)$", README, re.M)
STRANGERS = ("ripple", "cli", "functions", "generators", "laptop.tests")


def uv(*words: str | Path) -> None:
    subprocess.run([UV, *words], check=True, timeout=300, capture_output=True)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel, what it locks, and the clients that the README installs."""
    assert CLIENTS is not None
    folder = tmp_path_factory.mktemp("wheel")
    python = folder / "venv" / "bin" / "python"
    build = LAPTOP / "requirements-build.txt"
    uv("build", "-q", "--wheel", "--build-constraints", build, "--require-hashes", "-o", folder, LAPTOP)
    uv("venv", "-q", "--python", sys.executable, folder / "venv")
    install = ("pip", "install", "-q", "--python", python)
    uv(*install, "--require-hashes", "-r", LAPTOP / "requirements.txt")
    uv(*install, "--no-deps", *folder.glob("*.whl"))
    uv("pip", "check", "-q", "--python", python)
    # As here, and so as the development lock has them.
    here = folder / "here.txt"
    here.write_text("".join(f"{found.name}=={found.version}\n" for found in distributions()))
    uv(*install, "--constraint", here, *CLIENTS[1].split())
    return python.parent


@pytest.fixture
def folder(environment: Path, tmp_path: Path) -> Iterator[Path]:
    """A person's folder with the README's files; its laptop is stopped."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    yield tmp_path
    run(environment, tmp_path, "laptop down")


def run(environment: Path, folder: Path, script: str) -> str:
    """What the shell's script prints, with nothing of this checkout in its environment."""
    env = {"PATH": f"{environment}:{os.environ['PATH']}", "HOME": str(folder)}
    return subprocess.run(
        ["bash", "-euc", script], cwd=folder, env=env, check=True, timeout=100, stdout=subprocess.PIPE, text=True
    ).stdout


def test_the_five_lines_make_a_bucket_a_topic_and_a_function_that_is_called(environment: Path, folder: Path) -> None:
    assert list(FILES) == ["main.py", "project.py"]
    run(environment, folder, 'laptop up --detach; eval "$(laptop env)"; python project.py')
    log = folder / ".laptop" / "run" / "logs" / "greet.log"
    until = time.monotonic() + 30
    while "hello.txt arrived in inbox" not in log.read_text():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)


def test_nothing_of_ripple_comes_with_the_laptop(environment: Path, tmp_path: Path) -> None:
    asked = f"import importlib.util as u, laptop; print([n for n in {STRANGERS} if u.find_spec(n)], laptop.__file__)"
    found, _, place = run(environment, tmp_path, f'python -c "{asked}"').strip().rpartition(" ")
    assert found == "[]"
    assert Path(place).is_relative_to(environment.parent)

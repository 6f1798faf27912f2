"""Make each mistake of mistakes.yaml in a copy of the checkout, and see that its check fails and says why.

`python -m tests.infra.mistakes --tfcheck FOLDER --python PYTHON --checkov PATH` runs those that need Terraform, after every one of
their checks has passed without a mistake. The others are run by test_policies.py.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.infra.policies import POLICIES

ROOT = Path(__file__).parents[2]
CHECKED = ("infra", "workflows", "docs/runbooks", "docs/security.md", "tests/infra", "ripple/deployment/routes.py")
VARIABLES = "-var-file=../../../tests/infra/example.tfvars.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """An edit of one file, the check that must catch it (in the folder `where`), and words that the check must say."""

    name: str
    check: str
    says: str
    file: str
    find: str
    replace: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Where the checks' programs are: tfcheck's folder, a Python with its packages, checkov."""

    tfcheck: Path
    python: Path
    checkov: Path

    def command(self, check: str, where: str) -> list[str]:
        """The command of a check, to be run in the root of a copy."""
        tfcheck = str(self.tfcheck / "tfcheck.sh")
        if check in ("validate", "test"):
            return [tfcheck, where, check]
        if check == "plan":
            return [tfcheck, where, "plan", VARIABLES]
        if check == "golden list":
            table = f"'{tfcheck}' infra/envs/dev show {VARIABLES} | '{self.python}' '{self.tfcheck}/iam_table.py' | diff infra/iam.golden -"
            return ["bash", "-o", "pipefail", "-c", table]
        if check == "checkov":
            return [str(self.checkov), "--config-file", "infra/.checkov.yaml", "--directory", "infra"]
        return ["terraform", "fmt", "-check", "-recursive", "infra"]


def read_mistakes() -> list[Mistake]:
    entries: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests" / "infra" / "mistakes.yaml").read_text())
    return [Mistake(**entry) for entry in entries]


def copy_checked(folder: Path) -> Path:
    """What the checks look at, in `folder`; returns it."""
    for name in CHECKED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns(".terraform*", "__pycache__")
        shutil.copytree(source, target, ignore=ignored) if source.is_dir() else shutil.copy(source, target)
    return folder


def make(mistake: Mistake, root: Path) -> None:
    """Edit the copy; AssertionError if what is to be found is not there."""
    path = root / mistake.file
    before = path.read_text()
    assert mistake.find in before, f"{mistake.name}: {mistake.file} does not hold {mistake.find!r}"
    path.write_text(before.replace(mistake.find, mistake.replace))


def run(command: Sequence[str], root: Path, tools: Tools) -> tuple[int, str]:
    env = {**os.environ, "TFCHECK_ROOT": str(root), "TFCHECK_PYTHON": str(tools.python), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def try_one(mistake: Mistake, tools: Tools) -> str:
    """Why the mistake was not caught as it should be; empty if it was."""
    with tempfile.TemporaryDirectory() as name:
        root = copy_checked(Path(name))
        make(mistake, root)
        code, said = run(tools.command(mistake.check, mistake.where), root, tools)
    if code == 0:
        return f"{mistake.check} {mistake.where} passes".replace(" .", ".")
    return "" if mistake.says in said else f"{mistake.check} fails without saying {mistake.says!r}: {said[-600:]}"


def try_none(check: str, where: str, tools: Tools) -> str:
    """Why the check fails without a mistake; empty if it passes."""
    with tempfile.TemporaryDirectory() as name:
        code, said = run(tools.command(check, where), copy_checked(Path(name)), tools)
    return "" if code == 0 else said[-1500:]


def main(words: Sequence[str] | None = None) -> int:
    """Print a line for each; the exit code is 1 if any mistake slips through."""
    parser = argparse.ArgumentParser(prog="python -m tests.infra.mistakes", description=__doc__)
    parser.add_argument("--tfcheck", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--checkov", type=Path, required=True)
    parser.add_argument("--only", default="", help="mistakes with this word in name, check or place")
    parser.add_argument("--unharmed", action="store_true", help="the checks have just passed without a mistake")
    given = parser.parse_args(words)
    tools = Tools(tfcheck=given.tfcheck.resolve(), python=given.python.absolute(), checkov=given.checkov.absolute())
    wanted = [m for m in read_mistakes() if m.check not in POLICIES and given.only in f"{m.name} {m.check} {m.where}"]
    plain = [] if given.unharmed else sorted({(mistake.check, mistake.where) for mistake in wanted})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        unharmed = pool.map(lambda pair: (f"{pair[0]} {pair[1]}".strip(), try_none(pair[0], pair[1], tools)), plain)
        caught = pool.map(lambda mistake: (mistake.name, try_one(mistake, tools)), wanted)
        troubles = [report("passes without a mistake", name, why) for name, why in unharmed]
        troubles += [report("caught", name, why) for name, why in caught]
    return 1 if any(troubles) else 0


def report(good: str, name: str, why: str) -> bool:
    """Print how it went; whether it went wrong."""
    sys.stdout.write(f"  {'FAILS' if why else good}: {name}\n" + (f"    {why}\n" if why else ""))
    sys.stdout.flush()
    return bool(why)


if __name__ == "__main__":
    sys.exit(main())

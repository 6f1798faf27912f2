"""The Terraform command, run on one root module with the state in a bucket or, before there is one, nowhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.delivery.resource_plan import ResourcePlan, read_plan
from ripple.errors import PermanentError

_GET = "install Terraform 1.9 or newer (developer.hashicorp.com/terraform/install) and try again"
_LOCK_TIMEOUT = "-lock-timeout=120s"
_NO_STATE = 'terraform {\n  backend "local" {}\n}\n'
"""Overrides the bucket's backend: nothing is deployed, and nothing may be made only to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terraform:
    """`command` is the program's path, `folder` the root module, `variables` a file of `*.tfvars.json`, `data` what init downloads
    and what was planned last, kept between runs."""

    command: str
    folder: Path
    variables: Path
    data: Path

    def init(self, backend: Mapping[str, str]) -> None:
        """`backend` is the configuration of the gcs backend; empty plans against no state at all."""
        self.data.mkdir(parents=True, exist_ok=True)
        override = self.folder / "backend_override.tf"
        override.unlink(missing_ok=True)
        if not backend:
            override.write_text(_NO_STATE)
        self._run("init", "-reconfigure", *(f"-backend-config={name}={value}" for name, value in backend.items()))

    def plan(self, *, destroy: bool = False) -> ResourcePlan:
        """Make a plan, kept for `apply_plan`."""
        self._run(
            "plan",
            f"-out={self._plan_file}",
            f"-var-file={self.variables}",
            _LOCK_TIMEOUT,
            *(["-destroy"] if destroy else []),
        )
        return read_plan(json.loads(self._run("show", "-json", str(self._plan_file))))

    def apply_plan(self) -> None:
        """Apply the last plan; Terraform refuses it if the state has changed since."""
        self._run("apply", _LOCK_TIMEOUT, str(self._plan_file))

    def apply_targets(self, addresses: Sequence[str]) -> None:
        """Apply only these addresses and what they need."""
        targets = [f"-target={address}" for address in addresses]
        self._run("apply", "-auto-approve", _LOCK_TIMEOUT, f"-var-file={self.variables}", *targets)

    def read_output(self, name: str) -> Any:
        """An output of the root module; None if its state has none of that name."""
        outputs: dict[str, dict[str, Any]] = json.loads(self._run("output", "-json"))
        return outputs.get(name, {}).get("value")

    @property
    def _plan_file(self) -> Path:
        return self.data / "plan.tfplan"

    def _run(self, command: str, *words: str) -> str:
        env = {
            **os.environ,
            "TF_DATA_DIR": str(self.data),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }
        color = [] if "-json" in words else ["-no-color"]
        done = subprocess.run(
            [self.command, command, *color, *words],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = f"terraform {command} in {self.folder}: {read_errors(done.stderr or done.stdout)}"
            raise PermanentError("terraform_failed", reason, "fix it and run the same command again")
        return done.stdout


def find_terraform(search: str | None = None) -> str:
    """The path of the command, in `search` or on PATH; PermanentError says how to get it."""
    found = shutil.which("terraform", path=search)
    if found is None:
        raise PermanentError("terraform_missing", "there is no terraform on this machine's PATH", _GET)
    return found


def read_errors(text: str) -> str:
    """What Terraform says is wrong, without its frames and what it warns of before. Pure."""
    lines = [line.strip("│╷╵ ") for line in text.strip().splitlines()]
    kept = [line for line in lines if line]
    first = next((number for number, line in enumerate(kept) if line.startswith("Error:")), 0)
    return "\n".join(kept[first:])[:2000]


def compose_variables(given: Mapping[str, Any]) -> str:
    """The variables file's text; those without a value are left to what the root module says. Pure."""
    return json.dumps({name: value for name, value in given.items() if value not in (None, "", {}, [])}, indent=1)

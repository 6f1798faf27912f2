"""Deploy a release to the laptop: its own `cli.provisioning` does it, from its unpacked archive, as `ripple up` does from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.api_core.exceptions import NotFound

from cli import laptop_control
from cli.delivery.resource_plan import ResourcePlan
from cli.delivery.targets import Inputs
from cli.provisioning.clients import AdminClients
from cli.provisioning.sequence import PARTS, name_of
from laptop import control
from ripple.deployment.routes import STAGES
from ripple.errors import PermanentError


@dataclass(frozen=True, slots=True)
class LaptopTarget:
    """The laptop that keeps its state in the folder."""

    state: Path
    clients: AdminClients

    def preview(self, _inputs: Inputs) -> ResourcePlan:
        return ResourcePlan()

    def lay_foundation(self, inputs: Inputs) -> None:
        self._run(inputs, "foundation")

    def build_images(self, _inputs: Inputs, _digests: Mapping[str, str]) -> Mapping[str, str]:
        """A laptop runs the code as it is in the archive."""
        return {}

    def apply(self, inputs: Inputs, parts: Sequence[str]) -> None:
        packed = self._is_packed()
        # Packed functions are one process, which has one version of the code.
        wanted = {*parts, *(STAGES if packed and set(parts) & STAGES.keys() else ())}
        words = ["--spec", inputs.spec, "--release", str(inputs.release), *(["--packed"] if packed else [])]
        self._run(inputs, "parts", *words, "--parts", *sorted(wanted))

    def finish(self, inputs: Inputs, removed: Sequence[str]) -> None:
        if removed:
            self._run(inputs, "prune")
        laptop_control.mark_deployed(self.state)

    def destroy(self, _inputs: Inputs) -> list[str]:
        control.clear(self.state)
        return []

    def _is_packed(self) -> bool:
        """As it was deployed before; packed if it never was."""
        stage = next(part for part in PARTS if part in STAGES)
        try:
            self.clients.services.get_service(name=f"{self.clients.parent}/services/{name_of(stage, packed=False)}")
        except NotFound:
            return True
        return False

    def _run(self, inputs: Inputs, step: str, *words: str) -> None:
        env = {**os.environ, **self.clients.environ, "PYTHONPATH": str(inputs.root)}
        command = [sys.executable, "-m", _provisioner(inputs.root), step, *words]
        done = subprocess.run(command, cwd=inputs.root, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            reason = f"deploying {step} of release {inputs.release}: {last[0][-800:]}"
            raise PermanentError("deploy_failed", reason, "fix it and run the same command again")


def _provisioner(root: Path) -> str:
    """The module that deploys in the checkout `root`: a release made before it was renamed has it under its old name."""
    return "cli.provisioning" if (root / "cli" / "provisioning").is_dir() else "cli.deploy"

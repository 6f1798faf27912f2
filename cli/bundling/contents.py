"""Which files a stage's bundle holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SOURCE = "main.py"
"""Where the function is looked for: at the bundle's root, the one folder that functions-framework puts on the path."""
KINDS = frozenset({".py", ".json", ".yaml"})
_MAIN = '''"""The function of this bundle, where its build and functions-framework look for it."""

from functions.{stage}.main import {stage}

__all__ = ["{stage}"]
'''


class StrayFileError(ValueError):
    """A file that no bundle may hold, and none may silently lack."""


def gather_files(root: Path, stage: str) -> dict[str, bytes]:
    """`{path within the bundle: content}` of a stage: its package, `ripple`, `flows`, its lock and a `main.py` that names it.

    StrayFileError names a file that is neither code nor data: it would make two machines' bundles differ.
    """
    own = root / "functions" / stage
    paths = [
        root / "functions" / "__init__.py",
        *_walk(own, own / "requirements.txt", own / "README.md"),
        *_walk(root / "ripple"),
        *_walk(root / "flows"),
    ]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    generated = {SOURCE: _MAIN.format(stage=stage).encode()}
    return files | generated | {"requirements.txt": (own / "requirements.txt").read_bytes()}


def _walk(folder: Path, *without: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts or path in without or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or path.suffix not in KINDS:
            raise StrayFileError(f"{path} is no plain {' or '.join(sorted(KINDS))} file; remove it and bundle again")
        yield path

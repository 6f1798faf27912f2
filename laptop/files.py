"""Small files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """A kill or a full disk leaves what was there before, never half of the new."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.new")
    temporary.touch(mode=mode)
    temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    temporary.replace(file)

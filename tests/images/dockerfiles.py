"""A Dockerfile as its instructions, and what it copies laid out as it would lie in the image."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGES = ("generators", "pipelines")


def read_instructions(image: str) -> list[tuple[str, str]]:
    """`(instruction, its text)` in order, continued lines joined, comments left out."""
    text = (ROOT / image / "Dockerfile").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ").splitlines()
    return [(word, re.sub(r"\s+", " ", rest)) for word, _, rest in (line.partition(" ") for line in lines) if word]


def read_copies(image: str) -> Iterator[tuple[list[str], str]]:
    """`(sources, destination)` of what comes from the checkout."""
    for word, rest in read_instructions(image):
        if word == "COPY" and not rest.startswith("--from"):
            *sources, destination = rest.split()
            yield sources, destination


def lay_out(image: str, folder: Path) -> None:
    """Copy as Docker does: a folder's content, a file under its own name where the destination ends with a slash."""
    for sources, destination in read_copies(image):
        for source in sources:
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "Dockerfile")
                shutil.copytree(ROOT / source, folder / destination, ignore=ignored, dirs_exist_ok=True)
                continue
            target = folder / destination / Path(source).name if destination.endswith("/") else folder / destination
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / source, target)

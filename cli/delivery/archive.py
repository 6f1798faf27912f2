"""A checkout as one archive, the same bytes for the same files: what a release was deployed from, and can be again."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

FILES = ("cloudbuild.yaml",)
FOLDERS = (
    "cli",
    "dataform",
    "docs",
    "flows",
    "functions",
    "generators",
    "infra",
    "pipelines",
    "requirements",
    "ripple",
    "workflows",
)
_LEFT_OUT = {"node_modules", "__pycache__", ".terraform"}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def list_files(root: Path, folders: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """Files that a deployment reads, relative to `root`, in order; neither caches nor Terraform's state are among them."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root)
            kept = not _LEFT_OUT & set(inside.parts) and not path.name.endswith((".pyc", ".tfstate", ".tfplan"))
            if kept and path.is_file():
                yield inside


def digest(root: Path, *places: str) -> str:
    """The sha256 over the names and contents of the files under `places`, which are files or folders."""
    total = hashlib.sha256()
    single = [Path(place) for place in places if (root / place).is_file()]
    for path in [*single, *list_files(root, tuple(place for place in places if (root / place).is_dir()))]:
        content = (root / path).read_bytes()
        total.update(f"{path} {len(content)}\n".encode() + content)
    return total.hexdigest()


def pack(root: Path) -> bytes:
    """The archive of a checkout. Times and owners are left out, so that its hash is that of its files."""
    held = io.BytesIO()
    paths = [*list_files(root), *(Path(name) for name in FILES if (root / name).is_file())]
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.writestr(zipfile.ZipInfo(str(path), _EPOCH), (root / path).read_bytes(), zipfile.ZIP_DEFLATED)
    return held.getvalue()


def unpack(data: bytes, folder: Path) -> Path:
    """The archive's files under `folder/{hash}`, which it returns; what is there already is whole and stays."""
    target = folder / hashlib.sha256(data).hexdigest()[:16]
    if target.is_dir():
        return target
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(partial)
    partial.rename(target)
    return target

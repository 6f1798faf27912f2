"""The functions' bundles: what `make bundle` left, and the copies that a release keeps to be rolled back to."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from cli.delivery.releases import Releases
from ripple.errors import PermanentError

Bundles = Mapping[str, Mapping[str, str]]
MANIFEST = Path("build") / "bundles" / "manifest.json"


def read_bundles(root: Path) -> dict[str, dict[str, str]]:
    """`{stage: {path, sha256}}`, paths below `root`; PermanentError if they are not built, or not of this code."""
    try:
        stages = json.loads((root / MANIFEST).read_text())["stages"]
    except FileNotFoundError:
        raise PermanentError("bundles_missing", f"{root / MANIFEST} is not there", "run: make bundle") from None
    found = {stage: {"path": bundle["path"], "sha256": bundle["sha256"]} for stage, bundle in stages.items()}
    stale = [stage for stage, bundle in found.items() if not _is_current(root, root / bundle["path"], bundle["sha256"])]
    if stale:
        reason = f"the bundles of {', '.join(stale)} are not of this checkout's code"
        raise PermanentError("bundles_stale", reason, "run: make bundle")
    return found


def _is_current(root: Path, file: Path, sha256: str) -> bool:
    """Whether the bundle has its hash, and each of its files that the checkout has too is the same there."""
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        return False
    with zipfile.ZipFile(file) as bundle:
        shared = [name for name in bundle.namelist() if (root / name).is_file()]
        return all(bundle.read(name) == (root / name).read_bytes() for name in shared)


def keep_bundles(releases: Releases, root: Path, bundles: Bundles) -> None:
    """Copy each to the releases by its hash: Terraform deletes a bundle's object when another takes its place."""
    for bundle in bundles.values():
        releases.keep(_kept_name(bundle["sha256"]), (root / bundle["path"]).read_bytes())


def fetch_bundles(releases: Releases, root: Path, bundles: Bundles) -> None:
    """Put a release's bundles where its variables say they are."""
    for bundle in bundles.values():
        file = root / bundle["path"]
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(releases.fetch(_kept_name(bundle["sha256"])))


def _kept_name(sha256: str) -> str:
    return f"bundles/{sha256}.zip"

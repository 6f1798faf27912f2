"""The bundles of a checkout on disk, and the manifest that delivery reads."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.bundling.archive import pack
from cli.bundling.contents import SOURCE, gather_files
from laptop.files import write_whole

MANIFEST = "manifest.json"
BUILD_ENVIRONMENT = {"GOOGLE_FUNCTION_SOURCE": SOURCE, "SOURCE_DATE_EPOCH": "315532801"}
"""The environment of a function's build. A buildpack dates every file 1980-01-01T00:00:01Z after compiling: bytecode that is
checked by time would be stale at every cold start. Where SOURCE_DATE_EPOCH is set, Python compiles by hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One stage's zip: its path from the repository's root, digest in hex, size, and the function to call in which file."""

    stage: str
    path: str
    sha256: str
    bytes: int
    entry_point: str
    source: str = SOURCE


def write_bundles(root: Path, out: Path, stages: Iterable[str]) -> list[Bundle]:
    """Write each stage's zip into `out` under its hash."""
    out.mkdir(parents=True, exist_ok=True)
    return [_write_bundle(root, out, stage) for stage in stages]


def _write_bundle(root: Path, out: Path, stage: str) -> Bundle:
    data = pack(gather_files(root, stage))
    digest = hashlib.sha256(data).hexdigest()
    path = out / f"{stage}-{digest[:16]}.zip"
    write_whole(path, data)
    return Bundle(stage=stage, path=os.path.relpath(path, root), sha256=digest, bytes=len(data), entry_point=stage)


def describe(bundles: Iterable[Bundle]) -> Mapping[str, Any]:
    """The manifest: what was bundled by stage, and the build environment that every bundle needs."""
    stages = {bundle.stage: {k: v for k, v in asdict(bundle).items() if k != "stage"} for bundle in bundles}
    return {"stages": stages, "build_environment": BUILD_ENVIRONMENT}


def write_manifest(out: Path, bundles: Sequence[Bundle]) -> Path:
    """Say what was bundled, then remove the zips of earlier checkouts."""
    path = out / MANIFEST
    write_whole(path, json.dumps(describe(bundles), indent=1) + "\n")
    listed = {Path(bundle.path).name for bundle in bundles}
    for other in out.glob("*.zip"):
        if other.name not in listed:
            other.unlink()
    return path

"""What a checkout would deploy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.delivery.actions import read_actions
from cli.delivery.archive import digest
from cli.delivery.compiling import compile_project, digest_files
from cli.delivery.manifest import ReleaseManifest
from cli.delivery.routing import read_routes, routes_file
from cli.provisioning.repository import read_project
from cli.provisioning.sequence import JOBS, SPEC
from ripple.deployment.routes import WORKFLOW
from ripple.errors import PermanentError
from ripple.flows import FlowFolder

IMAGES: Mapping[str, tuple[str, ...]] = {
    "generators": ("generators", "ripple", "flows", "requirements/generators.txt", "requirements/sbom.txt"),
    "pipelines": (
        "pipelines",
        "requirements/pipelines.txt",
        "requirements/pipelines_build.txt",
        "requirements/sbom.txt",
    ),
}
"""What each image is built from: `{name}/Dockerfile` and what it copies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout's root, what a release of it would consist of, and its compiled Dataform graph."""

    root: Path
    manifest: ReleaseManifest
    graph: Mapping[str, Any]


def gather_checkout(root: Path, project: str, cache: Path) -> Checkout:
    """Read, hash and compile; PermanentError names what is missing or does not compile."""
    if not routes_file(root).is_file():
        raise PermanentError("checkout_unknown", f"{root} is no checkout of Ripple", "name its root with --checkout")
    files = read_project(root / "dataform")
    contracts = _read_contracts(root)
    graph = compile_project(files, project, cache, contracts)
    routes, topics = read_routes(root)
    manifest = ReleaseManifest(
        routes=routes,
        topics=topics,
        events=_read_folder(root / "docs" / "schemas"),
        state=_read_folder(root / "docs" / "schemas" / "state"),
        contracts=contracts,
        actions=read_actions(graph),
        sources=digest_files(files),
        parts=digest_parts(root, [part for part in routes if part != WORKFLOW]),
        images={name: digest(root, *places) for name, places in IMAGES.items()},
        spec=hashlib.sha256((root / SPEC).read_bytes()).hexdigest(),
    )
    return Checkout(root=root, manifest=manifest, graph=graph)


def digest_parts(root: Path, stages: list[str]) -> dict[str, str]:
    """The hash of each part's code, by its name."""
    code = {stage: digest(root, f"functions/{stage}", "ripple", "flows") for stage in stages}
    return code | {WORKFLOW: digest(root, f"workflows/{WORKFLOW}.yaml"), JOBS: digest(root, *IMAGES["generators"])}


def _read_contracts(root: Path) -> dict[str, Any]:
    """What each flow's rows must look like; a checkout of before had them elsewhere."""
    declared = {flow.name: dict(flow.contract) for flow in FlowFolder(root / "flows").read_all()}
    return declared or _read_folder(root / "ripple/rows/contracts") or _read_folder(root / "ripple/contracts")


def _read_folder(folder: Path) -> dict[str, Any]:
    """The JSON files of a folder by their names."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

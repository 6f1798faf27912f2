"""`python -m cli.bundling`: bundle the functions and list what was made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.bundling.contents import StrayFileError
from cli.bundling.manifest import Bundle, describe, write_bundles, write_manifest
from cli.command_line import Json, answer, fail
from ripple.deployment.routes import STAGES

ROOT = Path(__file__).resolve().parents[2]
Out = Annotated[Path, typer.Option("--out", help="Where the bundles and their manifest go.")]
Only = Annotated[list[str] | None, typer.Option("--stage", help="Only this stage, and no manifest. May be repeated.")]
Root = Annotated[Path, typer.Option("--root", help="The checkout to bundle.")]


def bundle(out: Out = Path("build/bundles"), stage: Only = None, root: Root = ROOT, as_json: Json = False) -> None:
    """Write each function's source as a zip under its hash: the same checkout gives the same bytes on any machine."""
    if unknown := sorted(set(stage or ()) - set(STAGES)):
        raise fail(f"no such stage: {', '.join(unknown)}; there are {', '.join(STAGES)}", 2)
    out = root / out
    try:
        bundles = write_bundles(root, out, stage or STAGES)
    except (StrayFileError, FileNotFoundError) as error:
        raise fail(str(error)) from error
    # A manifest lists every stage of one checkout, or a deployment would mix two.
    where = "" if stage else f"\nmanifest: {write_manifest(out, bundles)}"
    answer(describe(bundles), as_json, list_bundles(bundles) + where)


def list_bundles(bundles: Sequence[Bundle]) -> str:
    """One line a bundle: stage, bytes, the first 16 digits of its hash, path."""
    width = max(len(one.stage) for one in bundles)
    return "\n".join(f"{one.stage:{width}}  {one.bytes:>9,} B  {one.sha256[:16]}  {one.path}" for one in bundles)


if __name__ == "__main__":
    typer.run(bundle)

"""`python -m cli.sbom`: the software bill of materials of each deployed part, from its lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from cli.command_line import Json, answer, fail
from ripple.deployment.routes import STAGES

ROOT = Path(__file__).resolve().parents[1]
TOOL = Path(sys.executable).with_name("cyclonedx-py")
LOCKS = {stage: f"functions/{stage}/requirements.txt" for stage in STAGES} | {
    image: f"requirements/{image}.txt" for image in ("generators", "pipelines")
}
Out = Annotated[Path, typer.Option("--out", help="Where the documents go, {part}.json each.")]
Validate = Annotated[bool, typer.Option(help="Hold each document against CycloneDX's schema, some 3 seconds each.")]


def sbom(out: Out = Path("build/sbom"), validate: Validate = True, as_json: Json = False) -> None:
    """Write a CycloneDX document for each function and image; the same lock gives the same bytes."""
    out = ROOT / out
    out.mkdir(parents=True, exist_ok=True)
    try:
        written = write_documents(out, LOCKS, validate=validate)
    except subprocess.CalledProcessError as error:
        raise fail(f"{error.cmd[2]} cannot be read: {error.stderr.strip()[-500:]}") from error
    answer({"documents": [str(path) for path in written]}, as_json, "\n".join(str(path) for path in written))


def write_documents(out: Path, parts: Iterable[str], *, validate: bool = True) -> list[Path]:
    """Each part's document. CalledProcessError if a lock cannot be read or a document breaks the CycloneDX schema."""
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--validate" if validate else "--no-validate"]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda part: _write_document(out / f"{part}.json", LOCKS[part], options), parts))


def _write_document(path: Path, lock: str, options: Sequence[str]) -> Path:
    command = [str(TOOL), "requirements", lock, *options, "--output-file", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return path


if __name__ == "__main__":
    typer.run(sbom)

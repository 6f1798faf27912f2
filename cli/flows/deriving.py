"""What is made of the flow files and kept in the checkout: Dataform's module of them."""

from __future__ import annotations

from pathlib import Path

from ripple.flows import FlowFolder
from ripple.flows.dataform_module import PATH, write_declared


def write_derived(checkout: Path) -> None:
    """As `make docs` would; nothing where no module is. A deployment makes its own."""
    path = checkout / "dataform" / PATH
    if path.is_file():
        path.write_text(declare(checkout), encoding="utf-8")


def declare(checkout: Path) -> str:
    """The module for a checkout's flows and the SQLX that it has."""
    project = checkout / "dataform"
    files = [path.relative_to(project).as_posix() for path in (project / "definitions").rglob("*.sqlx")]
    return write_declared(FlowFolder(checkout / "flows").read_all(), files)

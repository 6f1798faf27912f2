"""What is mutated, and the tests that must notice: each room's own, so that a fence does not depend on a test far away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.mutants.planning import ROOT

ROOMS: Mapping[str, Sequence[str]] = {
    "ripple/rows": ("tests/ripple/rows",),
    "ripple/state": ("tests/ripple/state",),
    "functions/start_elt": ("tests/functions/test_start_elt.py", "tests/functions/test_replays_at_once.py"),
    "functions/land_object": (
        "tests/functions/test_land_object.py",
        "tests/functions/test_correcting.py",
        "tests/functions/test_drift.py",
        "tests/functions/junk/test_lines.py",
        "tests/functions/junk/test_parquet.py",
    ),
}
"""Folders of modules, and the files and folders of tests that run on their mutants."""


def list_modules(room: str) -> list[str]:
    """Paths below the root, in order."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / room).rglob("*.py"))

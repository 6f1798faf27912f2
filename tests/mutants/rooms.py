"""What is mutated, and the tests that must notice: each room's own, so that a fence does not depend on a test far away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.mutants.planning import ROOT

ROOMS: Mapping[str, Sequence[str]] = {
    "ripple/rows": ("tests/ripple/rows",),
    "ripple/state": ("tests/ripple/state",),
    "functions/start_elt": (
        "tests/functions/test_elt_claims.py",
        "tests/functions/test_start_elt.py",
        "tests/functions/test_replays_at_once.py",
    ),
    "functions/land_object": (
        "tests/functions/test_land_object.py",
        "tests/functions/test_correcting.py",
        "tests/functions/test_drift.py",
        "tests/functions/test_inflating.py",
        "tests/functions/test_parquet_columns.py",
        "tests/functions/test_parquet_pages.py",
        "tests/functions/junk/test_lines.py",
        "tests/functions/junk/test_parquet.py::test_a_sound_file_lands_however_it_was_written",
        "tests/functions/junk/test_parquet.py::test_a_column_of_another_type_is_rejected",
        "tests/functions/junk/test_parquet.py::test_any_bytes_are_a_page_header_or_a_value_error",
    ),
}
"""Folders of modules, and the folders, files and tests that run on their mutants: none that starts processes, which know no mutant."""

TESTS = ("tests/ripple", "tests/functions")
"""Where the rooms' tests are, with what they share."""


def list_modules(room: str) -> list[str]:
    """Paths below the root, in order."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / room).rglob("*.py"))

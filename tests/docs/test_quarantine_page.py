"""The example of docs/quarantine.md, run as it stands on a laptop of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/quarantine.md").read_text()
BIN = Path(sys.executable).parent


def read_example() -> list[str]:
    """The indented lines under "Correcting lines", from `ripple up` to before `ripple down`."""
    section = PAGE.split("## Correcting lines")[1]
    lines = [line.removeprefix("    ") for line in section.splitlines() if line.startswith("    ")]
    return lines[lines.index("ripple up --detach") : lines.index("ripple down")]


def run_bash(folder: Path, script: str) -> str:
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("page")
    try:
        run_bash(folder, "\n".join(read_example()))
        yield folder
    finally:
        run_bash(folder, "ripple down")


def rows(folder: Path, sql: str) -> list[dict[str, object]]:
    answer = json.loads(run_bash(folder, f"ripple sql --json '{sql}'"))
    return list(answer["rows"])


@pytest.mark.timeout(300)
def test_the_corrected_line_is_in_silver_and_joined_to_its_origin(example: Path) -> None:
    (corrected,) = rows(example, "SELECT * FROM silver.corrections")
    (origin,) = rows(example, "SELECT source_uri, line, code, field FROM silver.rejected_rows")
    assert (corrected["corrects_uri"], corrected["corrects_line"]) == (origin["source_uri"], origin["line"])
    assert (origin["line"], origin["code"], origin["field"]) == (21, "wrong_type", "employee_count")
    key = str(corrected["key"])
    assert rows(example, "SELECT event_id, employee_count FROM silver.startup_events WHERE batch = 2") == [
        {"event_id": key, "employee_count": 21}
    ]


@pytest.mark.timeout(300)
def test_nothing_is_open_and_both_files_add_up(example: Path) -> None:
    assert rows(example, "SELECT * FROM ops.quarantine_open") == []
    counts = "SELECT count_rows, count_silver, count_rejected, count_duplicate FROM ops.file_counts ORDER BY batch"
    assert [tuple(row.values()) for row in rows(example, counts)] == [(21, 20, 1, 0), (1, 1, 0, 0)]


def test_every_code_of_corrections_is_on_the_page() -> None:
    code = "".join(
        (ROOT / name).read_text()
        for name in ("functions/land_object/correcting.py", "ripple/rows/contracts/corrections.py")
    )
    raised = set(re.findall(r'"(correction_[a-z_]+)"', code))
    assert set(re.findall(r"^\| `(correction_[a-z_]+)`", PAGE, re.M)) == raised

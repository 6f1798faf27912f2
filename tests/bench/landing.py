"""Landing JSON lines on one core, checked Parquet written, beside the check of single lines alone and beside DuckDB's read and write."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.measuring import Figure, python, run

_WINDOW = ["--from", "2025-11-01", "--to", "2026-11-01", "--batch-id", "bench"]
_WORLDS = {"clickstream": 2_500, "startups": 40_000}
"""Customers or startups of the generated world: some 150,000 clicks and 20,000 events."""
_TIMES = {"clickstream": 4, "startups": 3}
MOST_MIB = 512
_CSV_ROWS = 200_000


def measure() -> list[Figure]:
    figures = []
    for flow, size in _WORLDS.items():
        with tempfile.TemporaryDirectory() as folder:
            file = _generate(flow, size, Path(folder))
            ended = run(python("-m", "tests.bench.landing_child", flow, str(file)), one_core=True)
            figures += _describe(flow, ended.said, ended.peak_mib)
    return figures


def _generate(flow: str, size: int, folder: Path) -> Path:
    number = ["--startups", str(size)] if flow == "startups" else ["--customers", str(size)]
    run(python("-m", f"generators.{flow}", *_WINDOW, *number, "--out", str(folder)))
    file = folder / f"{flow}.jsonl"
    with file.open("wb") as whole:
        for part in sorted((folder / "bronze").rglob("*.jsonl")):
            whole.write(part.read_bytes())
    return file


def _describe(flow: str, found: dict[str, float], peak: float) -> list[Figure]:
    landed, checked, duckdb = (found["rows"] / found[name] for name in ("landing", "singly", "duckdb"))
    delimited = found["csv_rows"] / found["csv"]
    what = f"landing {found['rows']:,.0f} rows of {flow}, dirt included, checked Parquet written"
    return [
        Figure(
            what=what,
            measured=f"{landed:,.0f} rows/s of CPU, {landed / checked:.1f} times",
            rival=f"each line checked by itself, nothing written: {checked:,.0f} rows/s",
            bar=f"{_TIMES[flow]} times",
            holds=landed / checked >= _TIMES[flow],
        ),
        Figure(
            what=what,
            measured=f"{landed / duckdb:.2f} of it, {peak:,.0f} MiB",
            rival=f"DuckDB, one thread, `read_json` and `COPY` to Parquet: {duckdb:,.0f} rows/s",
            bar=f"0.4 of it, {MOST_MIB} MiB",
            holds=landed / duckdb >= 0.4 and peak < MOST_MIB,
        ),
        Figure(
            what=f"landing {found['csv_rows']:,.0f} of those rows from CSV",
            measured=f"{delimited:,.0f} rows/s of CPU",
            bar=f"{_CSV_ROWS:,} rows/s" if flow == "clickstream" else "",
            holds=delimited >= _CSV_ROWS if flow == "clickstream" else None,
        ),
    ]

"""`python -m tests.bench [NAME ...]`: run the benchmarks, all or those named, and write their sections of docs/performance.md."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import psutil
from rich.console import Console

from tests.bench.measuring import ROOT, Figure

BENCHES = {
    "generating": "Generators",
    "timestamps": "Timestamps",
    "landing": "Landing",
    "exporting": "Export",
    "fanning_out": "Large exports",
    "importing": "Cold start",
    "contending": "Locks",
    "messaging": "Messages",
    "running_elt": "ELT",
    "demonstrating": "The demo",
}
"""Module of this folder and the heading of its figures, quick ones first."""
PAGE = ROOT / "docs" / "performance.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; all without one")
    names = parser.parse_args().names or list(BENCHES)
    console = Console(stderr=True)
    found: dict[str, Sequence[Figure]] = {}
    for name in names:
        with console.status(name):
            found[name] = importlib.import_module(f"tests.bench.{name}").measure()
        for figure in found[name]:
            console.print(f"{_verdict(figure):6} {figure.what}: {figure.measured} {figure.rival}", highlight=False)
    PAGE.write_text(write_page(found, PAGE.read_text() if PAGE.exists() else "", datetime.now(UTC)))
    missed = [figure for figures in found.values() for figure in figures if figure.holds is False]
    raise SystemExit(1 if missed else 0)


def _verdict(figure: Figure) -> str:
    return {True: "holds", False: "MISSED", None: ""}[figure.holds]


def write_page(found: Mapping[str, Sequence[Figure]], earlier: str, now: datetime) -> str:
    """The page with new sections for what ran; those of the `earlier` page stay for what did not."""
    memory = psutil.virtual_memory().total / 2**30
    head = (
        "# Performance\n\n"
        f"Written by `make bench`, on {os.cpu_count()} cores and {memory:.0f} GiB with Python {platform.python_version()}. "
        "Each figure was measured in the same run as its rival; a bar is what the project holds itself to.\n"
    )
    kept = {part.partition("\n")[0]: f"\n## {part.rstrip()}\n" for part in earlier.split("\n## ")[1:]}
    made = {BENCHES[name]: _section(BENCHES[name], figures, now) for name, figures in found.items()}
    sections = kept | made
    return head + "".join(sections[title] for title in BENCHES.values() if title in sections)


def _section(title: str, figures: Iterable[Figure], now: datetime) -> str:
    rows = [f"| {f.what} | {f.measured} | {f.rival} | {f.bar} | {_verdict(f)} |\n" for f in figures]
    said = f"\n## {title}\n\nMeasured on {now:%Y-%m-%d}.\n\n"
    return f"{said}| what | measured | beside | bar | |\n|---|---|---|---|---|\n{''.join(rows)}"


if __name__ == "__main__":
    main()

"""Run the jobs as a person would, into a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from generators import clickstream, sales, startups

MAINS = {"clickstream": clickstream.main, "sales": sales.main, "startups": startups.main}


@dataclass(frozen=True, slots=True)
class Lake:
    """What the jobs have left in a folder."""

    folder: Path

    def files(self, flow: str) -> dict[str, list[bytes]]:
        """Object URI to its lines; for sales, the documents of each batch."""
        where = "firestore" if flow == "sales" else "bronze"
        paths = sorted((self.folder / where / flow).rglob("*.jsonl"))
        return {str(path.relative_to(self.folder)): path.read_bytes().splitlines() for path in paths}

    def lines(self, flow: str) -> list[bytes]:
        return sorted(line for lines in self.files(flow).values() for line in lines)

    def truth(self, flow: str) -> list[dict[str, object]]:
        paths = sorted((self.folder / "control" / "truth" / flow).rglob("rows-*.jsonl"))
        return [orjson.loads(line) for path in paths for line in path.read_bytes().splitlines()]

    def totals(self, flow: str) -> dict[str, int]:
        paths = (self.folder / "control" / "truth" / flow).rglob("totals-*.json")
        found = [orjson.loads(path.read_bytes()) for path in paths]
        return {name: sum(totals[name] for totals in found) for name in found[0] if name.startswith("rows_")}

    def snapshot(self) -> dict[str, bytes]:
        """Every file and its bytes."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


Generate = Callable[..., Lake]


def generate_into(folder: Path, *flows: str, **options: object) -> Lake:
    """Run each flow's job, `since` to `to`, batch `b1` unless said; option names as on the command line."""
    given = {"to": "2026-02-01", "batch_id": "b1", "customers": 3000, "dirt": 0.05} | options
    argv = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    for flow in flows:
        MAINS[flow]([*argv, "--out", str(folder), "--json"])
    return Lake(folder)


@pytest.fixture(scope="session")
def dirty_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Three months of all flows, with dirt."""
    return generate_into(tmp_path_factory.mktemp("lake"), *MAINS)

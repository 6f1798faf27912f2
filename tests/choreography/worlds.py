"""Run `ripple` on a laptop of its own, and read what came out through Google's clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.laptop_control import environment
from cli.provisioning.clients import AdminClients
from laptop.control import read_ports

ROOT = Path(__file__).parents[2]
SMALL = ("--customers", "200", "--startups", "40", "--dirt", "0.05")
LINEAGE = {"batch", "source_uri", "source_generation", "source_offset", "arrived_at"}
"""Which of two equal deliveries came first is chance; what they say is not."""


@dataclass(frozen=True, slots=True)
class World:
    """A laptop's folder, and what `ripple demo --json` said of it."""

    state: Path
    result: dict[str, Any]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        answer = ripple(self.state, "sql", sql)
        return list(json.loads(answer)["rows"])


def ripple(state: Path, *words: str) -> str:
    """What the command prints; AssertionError with what it said if it fails."""
    command = [sys.executable, "-m", "cli.main", words[0], "--state", str(state), "--json", *words[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr[-3000:]}"
    return done.stdout


@contextmanager
def clients_of(state: Path) -> Iterator[AdminClients]:
    """Clients of a laptop; Google's read the environment when they are built."""
    before = dict(os.environ)
    os.environ.update(environ := environment(read_ports(state)))
    try:
        yield AdminClients(environ)
    finally:
        os.environ.clear()
        os.environ.update(before)


def read_tables(world: World, datasets: Sequence[str]) -> dict[str, list[str]]:
    """`{dataset.table: its rows as JSON, in order, lineage left out}`."""
    tables = {}
    with clients_of(world.state) as clients:
        for dataset in datasets:
            for table in clients.bigquery.list_tables(dataset):
                rows = clients.bigquery.query_and_wait(f"SELECT * FROM {dataset}.{table.table_id}")
                tables[f"{dataset}.{table.table_id}"] = sorted(_show(row) for row in rows)
    return tables


def _show(row: Any) -> str:
    return json.dumps({k: v for k, v in row.items() if k not in LINEAGE}, sort_keys=True, default=str)

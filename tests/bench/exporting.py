"""Firestore to Parquet: the function's way, and the obvious one, each in a process of its own on the same documents."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from cli.provisioning.sequence import TUNING
from tests.bench.measuring import Figure, Run, free_port, python, run, serving

_SMALL, _LARGE = 20_000, 100_000


def measure() -> list[Figure]:
    with _firestore() as env:
        run(python("-m", "tests.bench.exporting_ways", "fill", str(_LARGE)), env)
        small, large = (_time("ours", count, env) for count in (_SMALL, _LARGE))
        obvious = _time("obvious", _SMALL, env)
    ours, rival = _LARGE / large.said["seconds"], _SMALL / obvious.said["seconds"]
    return [
        Figure(
            what=f"Firestore to Parquet, {_LARGE:,} documents of 25 fields",
            measured=f"{ours:,.0f} documents/s, {ours / rival:.1f} times the obvious way",
            rival=f"obvious way at {_SMALL:,}: {rival:,.0f} documents/s, {obvious.peak_mib:.0f} MiB",
            bar="3 times",
            holds=ours >= 3 * rival,
        ),
        Figure(
            what="its memory as the collection grows",
            measured=f"{small.peak_mib:.0f} MiB at {_SMALL:,}, {large.peak_mib:.0f} MiB at {_LARGE:,}",
            bar="flat, 400 MB at most",
            holds=large.peak_mib * 1.048576 <= 400 and large.peak_mib <= 1.25 * small.peak_mib,
        ),
    ]


def _time(way: str, count: int, env: dict[str, str]) -> Run:
    runs = [run(python("-m", "tests.bench.exporting_ways", way, str(count)), env) for _ in range(2)]
    return min(runs, key=lambda ended: float(ended.said["seconds"]))


@contextmanager
def _firestore() -> Iterator[dict[str, str]]:
    """The laptop's Firestore in a process of its own; the environment that leads to it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        words = python("-m", "laptop.firestore", "--port", str(port), "--state", f"{folder}/state")
        with serving(words, port, {}):
            yield {"FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{port}", "GOOGLE_CLOUD_PROJECT": "bench", **TUNING}

"""A million documents exported in slices by several instances: as they are, and while they are killed. Every document once."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.provisioning.sequence import TUNING
from tests.bench.instances import Instances
from tests.bench.large_collection import PROJECT
from tests.bench.large_export import INSTANCES, LargeExport, Outcome
from tests.bench.measuring import Figure, free_port, python, run, serving

DOCUMENTS = 1_000_000


def measure(documents: int = DOCUMENTS) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        run(python("-m", "tests.bench.large_collection", f"{folder}/firestore", str(documents)))
        calm, rough = (export(Path(folder), documents, seed) for seed in (None, 1))
    return describe(documents, calm, rough)


def describe(documents: int, calm: Outcome, rough: Outcome) -> list[Figure]:
    held = max(calm.peak_mib, rough.peak_mib) + calm.largest_mib
    return [
        Figure(
            what=f"large export, {documents:,} documents in {calm.slices} slices on {INSTANCES} instances",
            measured=f"{calm.seconds:.0f} s, {documents / calm.seconds:,.0f} documents/s; {calm.wrong or 'every document once'}",
            rival=f"slowest slice {calm.slowest:.0f} s",
            bar="a slice in 480 s",
            holds=calm.slowest <= 480 and not calm.wrong,
        ),
        Figure(
            what="memory of an instance at its peak, its temporary file counted",
            measured=f"{held:.0f} MiB, of which the file is {calm.largest_mib:.0f}",
            bar="400 MB",
            holds=held * 1.048576 <= 400,
        ),
        Figure(
            what=f"the same export while instances are killed: {rough.kills} `kill -9`, {rough.kills_at_work} of them at work",
            measured=f"{rough.seconds:.0f} s; {rough.wrong or f'every document once, that it finished in {rough.stated} messages'}",
            rival=f"slowest slice {rough.slowest:.0f} s",
            bar="nothing lost, nothing twice",
            holds=not rough.wrong and rough.kills_at_work > 0,
        ),
    ]


def export(folder: Path, documents: int, seed: int | None) -> Outcome:
    """One export into a lake of its own; a seed says who is killed. The collection and its server's state are the same."""
    with _servers(folder, f"lake-{seed}") as env:
        exporting, sweeping = Instances("export_sales", env), Instances("sweep", env)
        try:
            outcome = LargeExport(env, exporting, sweeping, documents, f"sales/bench-{seed}.json").watch(seed)
        finally:
            exporting.stop()
            sweeping.stop()
    return outcome


@contextmanager
def _servers(folder: Path, lake: str) -> Iterator[dict[str, str]]:
    """The laptop's Firestore, Cloud Storage and Pub/Sub, and the environment that leads to them."""
    ports = {name: free_port() for name in ("firestore", "storage", "pubsub")}
    states = {
        "firestore": folder / "firestore",
        "storage": folder / lake / "storage",
        "pubsub": folder / lake / "pubsub",
    }
    words = {
        name: python("-m", f"laptop.{name}", "--port", str(port), "--state", str(states[name]))
        for name, port in ports.items()
    }
    env = {
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{ports['firestore']}",
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{ports['storage']}",
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{ports['pubsub']}",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "RIPPLE_LOCATION": "us-central1",
        **TUNING,
    }
    with (
        serving(words["firestore"], ports["firestore"], {}),
        serving(words["storage"], ports["storage"], {}),
        serving(words["pubsub"], ports["pubsub"], {}),
    ):
        os.environ.update(env)
        yield env


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fanning_out", description=__doc__)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    for figure in measure(parser.parse_args().documents):
        print(figure)


if __name__ == "__main__":
    main()

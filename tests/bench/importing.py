"""What a cold start pays before the first event: importing a function from its bundle, in an environment of its own, compiled."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.measuring import Figure, run
from tests.bundles.environments import ROOT, Environment, build_environment, write_bundles

_TIMED = (
    "import sys, time; sys.path.append({files!r}); t = time.perf_counter(); import main; print(time.perf_counter() - t)"
)


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundles = write_bundles(folder / "bundles")["stages"]
        return [_measure_bundle(stage, ROOT / bundle["path"], folder / stage) for stage, bundle in bundles.items()]


def _measure_bundle(stage: str, bundle: Path, folder: Path) -> Figure:
    environment = build_environment(bundle, folder, compile_packages=True)
    runs = [_import(environment) for _ in range(8)]
    seconds, peak = min(took for took, _ in runs), min(peak for _, peak in runs)
    return Figure(
        what=f"import of {stage} from its bundle",
        measured=f"{seconds:.2f} s, {peak:.0f} MiB",
        bar="0.8 s, 120 MB",
        holds=seconds <= 0.8 and peak * 1.048576 <= 120,
    )


def _import(environment: Environment) -> tuple[float, float]:
    """Seconds that it took, and the process's peak in MiB. Isolated: this checkout is not on its path."""
    ended = run([str(environment.python), "-I", "-c", _TIMED.format(files=str(environment.files))])
    return float(ended.said), ended.peak_mib

"""What a cold start pays before the first event: importing each function's module, bytecode compiled."""

from __future__ import annotations

from ripple.routes import STAGES
from tests.bench.measuring import Figure, python, run

_TIMED = "import time; t = time.perf_counter(); import functions.{stage}.main; print(time.perf_counter() - t)"


def measure() -> list[Figure]:
    return [_measure(stage) for stage in STAGES]


def _measure(stage: str) -> Figure:
    runs = [run(python("-c", _TIMED.format(stage=stage))) for _ in range(4)]
    seconds, peak = min(float(ended.said) for ended in runs), min(ended.peak_mib for ended in runs)
    return Figure(
        what=f"import of functions/{stage}",
        measured=f"{seconds:.2f} s, {peak:.0f} MiB",
        bar="0.8 s, 120 MB",
        holds=seconds <= 0.8 and peak * 1.048576 <= 120,
    )

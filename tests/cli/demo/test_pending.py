"""What the demo still waits for is decided from gathered facts: the cases are data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.demo import pending
from cli.demo.pending import FileCounts, GeneratorRun

CASES = yaml.safe_load((Path(__file__).parent / "pending.yaml").read_text())
DECISIONS: dict[str, Callable[..., str]] = {
    "export": pending.find_pending_export,
    "generators": lambda runs: pending.find_pending_generators([GeneratorRun(**run) for run in runs]),
    "files": lambda counts: pending.find_pending_files(FileCounts(**counts)),
    "runs": pending.find_pending_runs,
    "training": pending.find_pending_training,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_demo_waits_for_what_is_not_done(case: dict[str, Any]) -> None:
    decide = DECISIONS[case["of"]]
    if "fails" in case:
        with pytest.raises(RuntimeError) as failed:
            decide(*case["given"])
        assert str(failed.value) == case["fails"]
    else:
        assert decide(*case["given"]) == case["pending"]

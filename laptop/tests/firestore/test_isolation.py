"""What transactions and other writers do to each other, step by step, in both concurrency modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.firestore.transactions import Limits
from laptop.tests.firestore.scenes import play

CASES = yaml.safe_load(Path(__file__).with_name("isolation_cases.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_steps_answer_and_wait_as_they_should(tmp_path: Path, case: dict[str, Any]) -> None:
    wanted = [(step, [str(said) for said in answers]) for step, *answers in map(_split, case["steps"])]
    found = play(tmp_path, {"steps": [step for step, _ in wanted]}, Limits(**case.get("limits", {})))
    assert found == wanted


def _split(step: str) -> list[str]:
    """`W sets x=2 -> waits` or `A commits -> ok, W: ok`."""
    text, _, answers = step.partition(" -> ")
    return [text, *(answers or "ok").split(", ")]

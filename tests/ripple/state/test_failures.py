"""What a failure says of its cause: only what surely passes is tried as it is; nothing of a row is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ripple.state.failures import read_failure
from ripple.wire.events import EltRunFailed

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("failures.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_a_failed_run_says_of_its_cause(case: dict[str, Any]) -> None:
    failed = EltRunFailed(
        batch=1,
        epoch=2,
        execution="x",
        state="FAILED",
        reason=case.get("reason", "the invocation ended as FAILED"),
        failed_actions=[{"action": action, "message": message} for action, message in case["failed"].items()],
    )
    found = read_failure(failed)
    assert found.passes is case["passes"]
    assert list(found.objects) == case.get("objects", [])
    assert found.action == case.get("action", found.action)
    assert found.message == case.get("message", found.message)

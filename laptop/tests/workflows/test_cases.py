"""Whole workflows as data: their source, what the world answers, and what the documentation says they end with."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.tests.workflows.rig import Recorder, run, status
from laptop.workflows.errors import WorkflowError, tagged

FOLDER = Path(__file__).parent / "cases"
CASES = [
    case for name in ("steps", "errors", "parallel") for case in yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
]


def answer(written: Any) -> Any:
    if isinstance(written, int):
        return status(written)
    return tagged(written, "no answer") if written.endswith("Error") else written


def read(case: dict[str, Any]) -> str:
    if "subworkflows" not in case:
        return str(case["source"])
    return yaml.safe_dump({"main": {"steps": yaml.safe_load(case["source"])}, **yaml.safe_load(case["subworkflows"])})


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_workflow_ends_as_documented(case: dict[str, Any]) -> None:
    recorder = Recorder([answer(each) for each in case.get("answers", [])])
    if "result" in case:
        found = run(read(case), case.get("argument"), recorder)
        assert (found, type(found)) == (case["result"], type(case["result"]))
    else:
        with pytest.raises(WorkflowError) as caught:
            run(read(case), case.get("argument"), recorder)
        assert caught.value.tags == case.get("tags", [])
        assert caught.value.value == case.get("error", caught.value.value)
    assert recorder.slept == case.get("slept", recorder.slept)
    assert recorder.answers == []

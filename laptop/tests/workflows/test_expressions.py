from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.tests.workflows.rig import run
from laptop.workflows.errors import SourceError, WorkflowError
from laptop.workflows.source import read_source
from laptop.workflows.syntax import parse

CASES_FOLDER = Path(__file__).parent / "cases"
CASES = yaml.safe_load((CASES_FOLDER / "expressions.yaml").read_text())
LIBRARY = yaml.safe_load((CASES_FOLDER / "library.yaml").read_text())
VARIABLES = {"l": [1, 2, 3], "m": {"a": 1, "nested": {"deep": "x"}}, "n": None, "other": {"nested": {"more": 1}}}


def evaluate(expression: str) -> Any:
    steps: list[Any] = [{"set": {"assign": [{name: value} for name, value in VARIABLES.items()]}}]
    return run(yaml.safe_dump([*steps, {"done": {"return": "${" + expression + "}"}}], width=10_000))


@pytest.mark.parametrize(("expression", "value"), CASES["values"])
def test_an_expression_has_the_documented_value(expression: str, value: Any) -> None:
    found = evaluate(expression)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("expression", "tag"), CASES["errors"])
def test_an_expression_fails_with_the_documented_tag(expression: str, tag: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        evaluate(expression)
    assert caught.value.tags == [tag]


@pytest.mark.parametrize("expression", CASES["refused"])
def test_what_cannot_be_parsed_is_refused_at_deploy(expression: str) -> None:
    with pytest.raises(ValueError, match=r"expected|unexpected|64 bits"):
        parse(expression)


def test_an_expression_of_401_characters_is_refused_at_deploy() -> None:
    with pytest.raises(SourceError, match="limit is 400"):
        read_source(f"- a:\n    return: ${{{'1' + ' + 1' * 100}}}")


@pytest.mark.parametrize(("expression", "value"), [case for part in LIBRARY.values() for case in part["values"]])
def test_a_function_of_the_standard_library_has_the_documented_value(expression: str, value: Any) -> None:
    found = evaluate(expression)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("expression", "tag"), [case for part in LIBRARY.values() for case in part["errors"]])
def test_a_function_of_the_standard_library_fails_with_the_documented_tag(expression: str, tag: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        evaluate(expression)
    assert caught.value.tags == [tag]

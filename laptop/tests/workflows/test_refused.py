from pathlib import Path

import pytest
import yaml

from laptop.workflows.errors import SourceError
from laptop.workflows.source import SOURCE_BYTES, read_source

PARTS = yaml.safe_load((Path(__file__).parent / "cases" / "refused.yaml").read_text())
CASES = [(case["source"], case["finding"]) for part in PARTS.values() for case in part]


@pytest.mark.parametrize(("source", "finding"), CASES)
def test_a_source_that_breaks_the_rules_is_refused_at_deploy(source: str, finding: str) -> None:
    with pytest.raises(SourceError, match=finding):
        read_source(source)


def test_all_findings_are_reported_together_with_their_places() -> None:
    source = "main: {steps: [{a: {next: b}}]}\nsub: {steps: [{c: {steps: [{d: {call: nowhere}}]}}]}"
    with pytest.raises(SourceError) as caught:
        read_source(source)
    assert caught.value.findings == [
        "main.a: next leads to an unknown step b",
        "sub.c.d: not supported on the laptop: nowhere",
    ]


@pytest.mark.parametrize(("number", "refused"), [(50, False), (51, True)])
def test_a_step_assigns_at_most_fifty_variables(number: int, refused: bool) -> None:
    source = f"- a: {{assign: [{', '.join(f'{{x{i}: {i}}}' for i in range(number))}]}}"
    assert refuses(source) == refused


@pytest.mark.parametrize(("number", "refused"), [(50, False), (51, True)])
def test_a_switch_has_at_most_fifty_conditions(number: int, refused: bool) -> None:
    source = f"- a: {{switch: [{', '.join(['{condition: true, return: 1}'] * number)}]}}"
    assert refuses(source) == refused


@pytest.mark.parametrize(("number", "refused"), [(10, False), (11, True)])
def test_a_parallel_step_has_at_most_ten_branches(number: int, refused: bool) -> None:
    branches = ", ".join(f"{{b{i}: {{steps: [{{s{i}: {{assign: [{{x: 1}}]}}}}]}}}}" for i in range(number))
    assert refuses(f"- a: {{parallel: {{branches: [{branches}]}}}}") == refused


@pytest.mark.parametrize(("number", "refused"), [(10, False), (11, True)])
def test_a_subworkflow_has_at_most_ten_parameters(number: int, refused: bool) -> None:
    names = ", ".join(f"p{i}" for i in range(number))
    assert (
        refuses(f"main: {{steps: [{{a: {{return: 1}}}}]}}\nsub: {{params: [{names}], steps: [{{b: {{return: 1}}}}]}}")
        == refused
    )


@pytest.mark.parametrize(("characters", "refused"), [(400, False), (401, True)])
def test_an_expression_has_at_most_400_characters(characters: int, refused: bool) -> None:
    assert refuses(f"- a: {{return: '${{\"{'x' * (characters - 2)}\"}}'}}") == refused


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_a_source_has_at_most_128_kilobytes(more: int, refused: bool) -> None:
    source = "- a: {return: 1} # "
    assert (
        refuses(source + "é" * ((SOURCE_BYTES - len(source)) // 2) + " " * (more + (SOURCE_BYTES - len(source)) % 2))
        == refused
    )


def test_data_that_looks_like_steps_repeats_no_step() -> None:
    source = "- a: {assign: [{plan: {steps: [{a: 1}]}}]}\n- b: {return: {steps: [{a: 1}]}}"
    assert not refuses(source)


def test_steps_of_two_workflows_may_share_a_name() -> None:
    assert not refuses("main: {steps: [{init: {call: sub}}]}\nsub: {steps: [{init: {assign: [{a: 0}]}}]}")


def test_a_jump_into_an_enclosing_list_is_allowed() -> None:
    assert not refuses("- a: {steps: [{b: {switch: [{condition: true, next: c}]}}]}\n- c: {return: 1}")


def refuses(source: str) -> bool:
    try:
        read_source(source)
    except SourceError:
        return True
    return False

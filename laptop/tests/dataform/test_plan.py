from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.dataform.graph import Action, ActionTarget
from laptop.dataform.plan import ready_actions, select_actions, skipped_actions

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "plans.yaml").read_text())


def target(name: str) -> ActionTarget:
    return ActionTarget("p", "s", name)


def action(record: dict[str, Any]) -> Action:
    return Action(
        target=target(record["name"]),
        kind=record["kind"],
        dependencies=tuple(map(target, record.get("needs", []))),
        tags=tuple(record.get("tags", [])),
        disabled=record.get("disabled", False),
    )


GRAPH = [action(record) for record in CASES["graph"]]


def config(case: dict[str, Any]) -> dict[str, Any]:
    given = dict(case["config"])
    targets = [target(name).as_json() for name in given.pop("targets", [])]
    return {**given, "includedTargets": targets}


def named(actions: list[Action]) -> list[str]:
    return [each.target.name for each in actions]


@pytest.mark.parametrize("case", CASES["selections"], ids=lambda case: case["name"])
def test_an_invocation_runs_what_its_configuration_includes(case: dict[str, Any]) -> None:
    assert named(select_actions(GRAPH, config(case))) == case["expected"]


@pytest.mark.parametrize("case", CASES["refusals"], ids=lambda case: case["name"])
def test_a_configuration_that_makes_no_sense_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=case["message"]):
        select_actions(GRAPH, config(case))


@pytest.mark.parametrize("case", CASES["moments"], ids=lambda case: case["name"])
def test_actions_start_and_are_skipped_by_the_states_of_what_they_depend_on(case: dict[str, Any]) -> None:
    chosen = [each for each in GRAPH if each.target.name in case["states"]]
    states = {target(name): state for name, state in case["states"].items()}
    assert named(ready_actions(chosen, states)) == case["ready"]
    assert named(skipped_actions(chosen, states)) == case["skipped"]


def test_a_cycle_ends_the_search_for_dependencies() -> None:
    cycle = [
        action({"name": "a", "kind": "table", "needs": ["b"]}),
        action({"name": "b", "kind": "table", "needs": ["a"]}),
    ]
    wanted = {"includedTargets": [target("a").as_json()], "transitiveDependenciesIncluded": True}
    assert named(select_actions(cycle, wanted)) == ["a", "b"]

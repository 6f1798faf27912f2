"""The choreography is complete and its names are ones that Google takes."""

from __future__ import annotations

import re
from pathlib import Path

from ripple.deployment.routes import (
    BUCKETS,
    STAGES,
    STATED_ELSEWHERE,
    TOPICS,
    CommandTrigger,
    FactTrigger,
    FinalizeTrigger,
    filter_of,
    subscription_name,
)
from ripple.flows import list_exported, list_flows, list_generated
from ripple.wire.events import CATALOGUE

PAIRS = [(stage.name, trigger) for stage in STAGES.values() for trigger in stage.triggers]
SUBSCRIBED = [(name, trigger) for name, trigger in PAIRS if isinstance(trigger, FactTrigger | CommandTrigger)]


def test_subscription_names_are_unique_and_valid() -> None:
    names = [subscription_name(stage, trigger) for stage, trigger in SUBSCRIBED]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}", name) for name in names)


def test_stages_react_to_facts_that_exist() -> None:
    assert {trigger.type for _, trigger in SUBSCRIBED if isinstance(trigger, FactTrigger)} <= set(CATALOGUE)


def test_stages_react_to_topics_and_buckets_that_exist() -> None:
    assert {trigger.topic for _, trigger in SUBSCRIBED if isinstance(trigger, CommandTrigger)} <= set(TOPICS)
    assert {trigger.bucket for _, trigger in PAIRS if isinstance(trigger, FinalizeTrigger)} <= set(BUCKETS)


def test_filters_compare_one_attribute_with_one_value() -> None:
    shape = re.compile(r'attributes\.[a-z-]+ = "[a-z0-9._]+"')
    assert all(shape.fullmatch(filter_of(trigger)) and len(filter_of(trigger)) <= 256 for _, trigger in SUBSCRIBED)


def test_every_stage_is_a_function() -> None:
    root = Path(__file__).parents[3]
    assert all((root / "functions" / name / "stage.py").exists() for name in STAGES)


def test_flows_that_are_generated_or_live_are_flows_and_each_generated_one_has_its_job() -> None:
    assert {*list_generated(), *list_exported()} <= set(list_flows())
    generators = Path(__file__).parents[3] / "generators"
    assert all((generators / f"{flow}.py").exists() for flow in list_generated())


def test_every_fact_is_stated_by_someone_and_only_facts_are() -> None:
    stated = {kind for stage in STAGES.values() for kind in stage.states}
    assert stated | {kind for kinds in STATED_ELSEWHERE.values() for kind in kinds} == set(CATALOGUE)


def test_a_stage_states_what_its_code_builds() -> None:
    root = Path(__file__).parents[3] / "functions"
    for stage in STAGES.values():
        code = "\n".join(path.read_text() for path in sorted((root / stage.name).glob("*.py")))
        built = {kind for kind, fact in CATALOGUE.items() if re.search(rf"\b{fact.__name__}\(", code)}
        assert built == set(stage.states), stage.name

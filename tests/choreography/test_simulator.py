"""Nothing lost, nothing twice: a thousand seeds, every crash point, and broken protocols that must be caught."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.choreography.simulator.broken import ALONE, BROKEN
from tests.choreography.simulator.campaign import catch, run_crash_points, run_failing, run_pairs, run_seeds
from tests.choreography.simulator.crash_points import count_steps, failing_scenario, plan_all, run_planned
from tests.choreography.simulator.faults import RATES
from tests.choreography.simulator.running import run_seed
from tests.choreography.simulator.shrinking import shrink

pytestmark = pytest.mark.timeout(1800)


def test_a_thousand_seeds_with_faults_violate_no_property() -> None:
    report = run_seeds(range(1000))
    assert report.violations == []
    assert report.runs == 1000
    assert set(report.faults) == set(RATES)


def test_a_kill_at_any_step_of_the_full_scenario_violates_no_property() -> None:
    report = run_crash_points(plan_all())
    assert report.violations == []
    assert report.runs == 2 * count_steps() > 600


def test_a_kill_while_a_batch_that_failed_runs_in_parts_violates_no_property() -> None:
    report = run_failing(plan_all(failing_scenario)[::5])
    assert report.violations == []
    assert report.runs > 200


def test_two_kills_violate_no_property() -> None:
    assert run_pairs(200, seed=7).violations == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_protocol_is_caught(name: str) -> None:
    seed, violation = catch(name, range(1000))
    assert violation, f"1,000 seeds do not distinguish {name} from the protocol"
    assert seed >= 0


@pytest.mark.parametrize("name", ALONE)
def test_the_protocol_holds_without_a_layer_that_covers_for_another(name: str) -> None:
    assert [violation for seed in range(40) if (violation := run_seed(seed, ALONE[name]).violation)] == []


def test_a_seed_gives_the_same_story_every_time() -> None:
    first, second = (run_seed(5, trace=True) for _ in range(2))
    assert first == second
    assert first.taken


def test_a_kill_takes_something_away() -> None:
    stories = [run_planned(planned, trace=True).trace for planned in ({}, {40: "before"}, {40: "after"})]
    assert len({json.dumps(story) for story in stories}) == 3


def test_faults_are_left_out_until_none_can_be_spared() -> None:
    tried = []

    def breaks(some: Sequence[str]) -> bool:
        tried.append(some)
        return {"c", "q"} <= set(some)

    assert shrink(list("abcdefghijklmnopqrst"), breaks) == ["c", "q"]
    assert len(tried) < 100


def test_the_story_of_a_violation_names_the_property_and_the_faults_that_matter() -> None:
    command = [sys.executable, "-m", "tests.choreography.simulator", "--broken", "mark seen, then work", "--json"]
    seed, violation = catch("mark seen, then work", range(20))
    done = subprocess.run([*command, "--seed", str(seed)], capture_output=True, text=True, timeout=300, check=False)
    story = json.loads(done.stdout)
    assert done.returncode == 1
    assert story["violation"].split()[0] == violation.split()[0]
    assert 1 <= len(story["faults"]) <= 5
    assert any("land_object" in line for line in story["trace"])

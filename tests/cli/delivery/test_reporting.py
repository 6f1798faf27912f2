"""What a person reads of a plan and its outcome."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.delivery.canary import Verdict
from cli.delivery.changes import Change
from cli.delivery.deploying import DeploymentOutcome
from cli.delivery.reporting import describe_area, describe_outcome, describe_resources, describe_waves
from cli.delivery.resource_plan import read_plan
from cli.delivery.waves import Wave
from tests.cli.delivery.test_releases import release

PASSED = Verdict(steps=4, dead=False, words="batch 2 is done, with 3 of its 3 rows in silver")
FAILED = Verdict(steps=2, dead=True, words="batch 1 is parked: boom")


def test_a_change_is_shown_with_its_details_and_its_refusal() -> None:
    change = Change(area="event", name="x.v1", kind="changed", details=("field a is removed",), refused="state x.v2")
    assert list(describe_area("Events", [change])) == [
        "\nEvents",
        "  ~ x.v1: field a is removed",
        "    REFUSED: state x.v2",
    ]


def test_many_additions_are_counted() -> None:
    changes = [Change(area="table", name=f"t{number}", kind="added") for number in range(20)]
    assert list(describe_area("SQLX", changes)) == ["\nSQLX", "  + 20 added: t0, t1, t2 ..."]
    assert list(describe_area("SQLX", [])) == []


def test_terraforms_plan_is_shown_by_address_and_what_would_lose_data_is_refused() -> None:
    plan = read_plan(json.loads((Path(__file__).with_name("cases") / "plan_second.json").read_text()))
    shown = list(describe_resources(plan))
    assert shown[0] == "\nTerraform: 1 to change, 1 to create, 1 to destroy, 2 to replace"
    assert "  ! terraform_data.generation (forced by triggers_replace)" in shown
    assert "    REFUSED without --allow-destroy 'google_storage_bucket.old[0]': it holds data" in shown


def test_waves_are_numbered_and_say_why() -> None:
    wave = Wave(name="parts", parts=("a", "b"), why="c reacts to x.v1")
    assert list(describe_waves([wave])) == ["\nOrder", "  1. parts: a, b (c reacts to x.v1)"]


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        (
            DeploymentOutcome(release=release(2, "deployed"), verdict=PASSED),
            ["release 2 is deployed; its canary passed"],
        ),
        (
            DeploymentOutcome(release=release(2, "failed"), verdict=FAILED, remains=("topic t",)),
            ["release 2 failed", "batch 1 is parked: boom", "it was not rolled back", "cannot be undone: topic t"],
        ),
        (
            DeploymentOutcome(
                release=release(2, "failed"),
                verdict=FAILED,
                restored=release(3, "deployed", restores=1),
                restored_verdict=PASSED,
            ),
            ["rolled back to release 1, as release 3; its canary passed"],
        ),
        (
            DeploymentOutcome(
                release=release(2, "failed"),
                verdict=FAILED,
                restored=release(3, "failed", restores=1),
                restored_verdict=FAILED,
            ),
            ["its canary did NOT pass: batch 1 is parked: boom"],
        ),
    ],
    ids=["deployed", "failed and left", "rolled back", "rolled back in vain"],
)
def test_an_outcome_says_what_is_in_place_and_what_is_not(outcome: DeploymentOutcome, shown: list[str]) -> None:
    text = describe_outcome(outcome)
    assert all(words in text for words in shown)

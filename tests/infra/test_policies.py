"""What holds of `infra/` without Terraform, and that each policy catches the mistakes it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.grants import Grant, find_too_wide, read_golden, read_table
from tests.infra.mistakes import ROOT, Mistake, copy_checked, make, read_mistakes
from tests.infra.policies import POLICIES

MISTAKES = read_mistakes()
SEEN_HERE = [mistake for mistake in MISTAKES if mistake.check in POLICIES]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_checkout_keeps_the_policy(policy: str) -> None:
    assert list(POLICIES[policy](ROOT)) == []


@pytest.mark.parametrize("mistake", SEEN_HERE, ids=lambda mistake: mistake.name)
def test_a_mistake_is_caught_and_named(mistake: Mistake, tmp_path: Path) -> None:
    root = copy_checked(tmp_path)
    assert list(POLICIES[mistake.check](root)) == []
    make(mistake, root)
    faults = list(POLICIES[mistake.check](root))
    assert [fault for fault in faults if mistake.says in fault] != [], faults


def test_there_are_thirty_mistakes_and_every_policy_has_one() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 30
    assert {mistake.check for mistake in SEEN_HERE} == set(POLICIES)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_can_still_be_made(mistake: Mistake) -> None:
    assert mistake.find in (ROOT / mistake.file).read_text()


def test_a_golden_line_is_read_in_the_words_of_the_page() -> None:
    lines = (
        "   serviceAccount:service-0@gcp-sa-pubsub.iam.gserviceaccount.com  roles/pubsub.publisher  pubsub_topic:t\n"
        "   serviceAccount:ripple-a@ripple-example.iam.gserviceaccount.com  roles/storage.objectViewer"
        "  storage_bucket:ripple-example-bronze\n"
        "!! allUsers  roles/run.invoker  cloud_run_v2_service:sweep\n"
    )
    grants = read_golden(lines)
    assert grants == {
        Grant("gcp-sa-pubsub", "roles/pubsub.publisher", "topic t"),
        Grant("ripple-a", "roles/storage.objectViewer", "bucket bronze"),
        Grant("allUsers", "roles/run.invoker", "service sweep"),
    }
    assert find_too_wide(grants) == ["allUsers has roles/run.invoker on service sweep"]


def test_a_row_of_the_page_is_a_grant_for_each_of_its_names() -> None:
    row = (
        "| ripple-a, ripple-b | `roles/r` | bucket bronze, control | why |\n| ripple-a | `roles/r` | project | why |\n"
    )
    assert [(grant.who, grant.on) for grant, _ in read_table(row)] == [
        ("ripple-a", "bucket bronze"),
        ("ripple-a", "bucket control"),
        ("ripple-b", "bucket bronze"),
        ("ripple-b", "bucket control"),
        ("ripple-a", "project"),
    ]

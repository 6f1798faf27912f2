"""A function is granted something of each service that it has a client of, and nothing of any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from requirements.imports import read_declared
from ripple.deployment.parts import list_jobs
from ripple.deployment.routes import STAGES, caller, service_account
from tests.infra.grants import Grant, read_golden

ROOT = Path(__file__).parents[2]
GRANTS = read_golden((ROOT / "infra" / "iam.golden").read_text())
ROLES_OF = {
    "google-cloud-aiplatform": "aiplatform",
    "google-cloud-bigquery": "bigquery",
    "google-cloud-firestore": "datastore",
    "google-cloud-pubsub": "pubsub",
    "google-cloud-run": "run",
    "google-cloud-storage": "storage",
    "google-cloud-workflows": "workflows",
}
WIDE = ("roles/storage.objectUser", "roles/storage.objectAdmin", "roles/storage.admin", "roles/pubsub.editor")


def grants_of(account: str) -> set[Grant]:
    return {grant for grant in GRANTS if grant.who == account}


def services_of(account: str) -> set[str]:
    """Of `roles/run.viewer`, run. Acting as another is no service's role."""
    return {grant.role.removeprefix("roles/").partition(".")[0] for grant in grants_of(account)} - {"iam"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_function_is_granted_what_it_has_clients_of_and_nothing_else(stage: str) -> None:
    packages = read_declared(ROOT, stage).packages
    assert services_of(service_account(stage)) == {ROLES_OF[name] for name in packages if name in ROLES_OF}


@pytest.mark.parametrize("stage", STAGES)
def test_who_calls_a_function_may_call_it_and_nothing_else(stage: str) -> None:
    roles = {grant.role for grant in grants_of(caller(stage))}
    assert "roles/run.invoker" in roles
    assert roles <= {"roles/run.invoker", "roles/eventarc.eventReceiver"}
    assert len([grant for grant in grants_of(caller(stage)) if grant.role == "roles/run.invoker"]) == 1


@pytest.mark.parametrize("part", [*STAGES, *(job.name for job in list_jobs().values())])
def test_no_function_and_no_job_overwrites_or_deletes_what_is_in_a_bucket(part: str) -> None:
    assert [grant for grant in grants_of(service_account(part)) if grant.role in WIDE] == []


def test_the_pepper_is_read_by_the_jobs_that_make_tokens_alone() -> None:
    readers = {grant.who for grant in GRANTS if grant.on == "secret ripple-pepper"}
    assert readers == {service_account(job.name) for job in list_jobs().values() if job.needs_pepper}

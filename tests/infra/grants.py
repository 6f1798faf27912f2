"""Who has which role on what: `infra/iam.golden` and the table of docs/security.md in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

KINDS = {
    "artifact_registry_repository": "images",
    "bigquery_dataset": "dataset",
    "bigquery_table": "table of",
    "billing_account": "billing account",
    "cloud_run_v2_job": "job",
    "cloud_run_v2_service": "service",
    "dataform_repository": "repository",
    "project": "project",
    "pubsub_subscription": "subscription",
    "pubsub_topic": "topic",
    "secret_manager_secret": "secret",
    "service_account": "account",
    "storage_bucket": "bucket",
}
AGENT = re.compile(r"serviceAccount:service-\d+@(gcp-sa-\w+|gs-project-accounts)\.")
ANYONE = ("allUsers", "allAuthenticatedUsers")
ON_ONE_ACCOUNT = (
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityUser",
)
TOO_WIDE = ("roles/owner", "roles/editor", "roles/viewer")


@dataclass(frozen=True, order=True, slots=True)
class Grant:
    """`who` is an account id, a service agent, `operator` or `github`; `on` a kind and a name, such as `bucket bronze`."""

    who: str
    role: str
    on: str


def read_golden(text: str) -> set[Grant]:
    """The grants of lines such as `   serviceAccount:A@P.iam.gserviceaccount.com  roles/R  storage_bucket:P-bronze`."""
    return {_read_line(line) for line in text.splitlines() if line.strip()}


def _read_line(line: str) -> Grant:
    member, role, on = line.removeprefix("!!").split()
    kind, _, name = on.partition(":")
    name = re.sub(r"@.*|#name$", "", name).removeprefix("ripple-example-")
    alone = kind in ("project", "billing_account")
    return Grant(
        _name_member(member), role.replace("projects/ripple-example/", ""), KINDS[kind] + ("" if alone else f" {name}")
    )


def _name_member(member: str) -> str:
    if agent := AGENT.match(member):
        return agent[1]
    if member.startswith("principal"):
        return "github"
    return "operator" if member.startswith("user:") else member.removeprefix("serviceAccount:").partition("@")[0]


def read_table(page: str) -> Iterator[tuple[Grant, str]]:
    """Each grant of the page's rows `| who, who | role | kind name, name | why |`, with its reason."""
    for row in re.findall(r"^\| (.+?) \| `((?:projects/|roles/)[^`]+)` \| (.+?) \| (.+?) \|$", page, re.M):
        whos, role, on, why = row
        kind = next(kind for kind in sorted(KINDS.values(), key=len, reverse=True) if on.startswith(kind))
        names = on.removeprefix(kind).strip()
        for who in whos.replace("`", "").split(", "):
            for name in names.split(", "):
                yield Grant(who, role, f"{kind} {name}".strip()), why


def find_too_wide(grants: set[Grant]) -> list[str]:
    """What nobody may have: basic roles, acting as everyone, doors that are open to all."""
    return sorted(
        f"{grant.who} has {grant.role} on {grant.on}"
        for grant in grants
        if grant.role in TOO_WIDE or grant.who in ANYONE or (grant.role in ON_ONE_ACCOUNT and grant.on == "project")
    )

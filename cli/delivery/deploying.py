"""Deploy a checkout, prove it with a canary, and go back to the release before if it fails."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cli.delivery.applying import Report, Step, end, prove, put_in_place
from cli.delivery.canary import Verdict, canary_uri
from cli.delivery.changes import Changes
from cli.delivery.cloud_target import refuse_losses
from cli.delivery.environments import Environment
from cli.delivery.planning import DeploymentPlan
from cli.delivery.releases import Release, abandon, find_unfinished
from cli.delivery.rolling_back import restore
from ripple.errors import PermanentError


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequest:
    """How to deploy: what may be lost, whether to go back if the canary fails, whose lease to break, how long a canary may take."""

    allow_destroy: Sequence[str] = ()
    allow_rebuild: Sequence[str] = ()
    rollback: bool = True
    break_lease: bool = False
    canary_seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentOutcome:
    """What came of a deployment: the release and its canary; the release that took its place if it failed; what cannot be undone."""

    release: Release
    verdict: Verdict
    restored: Release | None = None
    restored_verdict: Verdict | None = None
    remains: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        return self.verdict.passed

    def to_json(self) -> dict[str, Any]:
        return {
            "release": self.release.number,
            "state": self.release.state,
            "canary": self.verdict.words,
            "rolled_back_to": self.restored.restores if self.restored else None,
            "rolled_back_as": self.restored.number if self.restored else None,
            "rollback_canary": self.restored_verdict.words if self.restored_verdict else None,
            "cannot_be_undone": list(self.remains),
        }


def check_plan(plan: DeploymentPlan, request: DeploymentRequest) -> None:
    """PermanentError with every reason why the plan cannot be deployed as it is."""
    reasons = plan.changes.refusals(request.allow_rebuild)
    losses = [loss.address for loss in plan.resources.losses(request.allow_destroy)]
    reasons += [refuse_losses(losses)] if losses else []
    if reasons:
        raise PermanentError("plan_refused", "\n".join(reasons), "nothing was changed", tuple(reasons))


def deploy(
    environment: Environment, plan: DeploymentPlan, request: DeploymentRequest, report: Report
) -> DeploymentOutcome:
    """Carry out a plan that `check_plan` let through."""
    releases = environment.releases
    waves = plan.waves
    if not releases.bucket.exists():
        report("foundation: a first deployment has no bucket to note itself in")
        environment.target.lay_foundation(plan.inputs)
        waves = [wave for wave in waves if wave.name != "topics"]
    with releases.hold_lease(environment.owner, environment.stamp(), take_over=request.break_lease):
        release = begin(environment, plan)
        inputs = replace(plan.inputs, release=release.number)
        release = put_in_place(environment, release, inputs, Step(waves=waves, report=report))
        verdict = prove(environment, release, report, request.canary_seconds)
        release = end(environment, release, verdict)
        if verdict.passed:
            return DeploymentOutcome(release=release, verdict=verdict)
        return _go_back(environment, plan, request, report, DeploymentOutcome(release=release, verdict=verdict))


def begin(environment: Environment, plan: DeploymentPlan) -> Release:
    """The record of this deployment: that of the same one, if it was interrupted, else a new one."""
    known, digest = environment.releases.list_all(), hashlib.sha256(plan.archive).hexdigest()
    unfinished = find_unfinished(known, digest)
    if unfinished is not None:
        return unfinished
    abandon(known, environment.releases.write)
    release = new_release(environment, known, plan, digest)
    environment.releases.keep(f"archives/{digest}.zip", plan.archive)
    environment.releases.write(release)
    return release


def new_release(environment: Environment, known: Sequence[Release], plan: DeploymentPlan, digest: str) -> Release:
    number, manifest = (known[-1].number if known else 0) + 1, plan.checkout.manifest
    same = plan.deployed is not None and plan.deployed.manifest.images == manifest.images
    return Release(
        number=number,
        state="applying",
        by=environment.owner,
        began_at=environment.stamp(),
        manifest=manifest,
        archive=digest,
        bundles=plan.inputs.bundles,
        images=plan.deployed.images if same and plan.deployed else {},
        canary=canary_uri(environment.clients.project, number, environment.now().date()),
    )


def _go_back(
    environment: Environment,
    plan: DeploymentPlan,
    request: DeploymentRequest,
    report: Report,
    failed: DeploymentOutcome,
) -> DeploymentOutcome:
    remains = tuple(describe_remains(plan.changes))
    if plan.deployed is None:
        return replace(failed, remains=("there is no release before this one to go back to", *remains))
    if not request.rollback:
        return replace(failed, remains=remains)
    restored, verdict = restore(environment, plan.deployed, failed.release.manifest, report, request.canary_seconds)
    return replace(failed, restored=restored, restored_verdict=verdict, remains=remains)


def describe_remains(changes: Changes) -> list[str]:
    """What going back does not bring back, in words. Pure."""
    notes = [
        f"topic {change.name}, which was dropped, lost what it held"
        for change in changes.of("topic")
        if change.kind == "removed"
    ]
    notes += [f"table {change.name} keeps the shape it was given" for change in changes.of("table") if change.rebuild]
    notes += [
        f"rows of {change.name} that came in meanwhile were judged by the failed contract: ripple quarantine --flow {change.name}"
        for change in changes.of("contract")
        if change.kind == "changed"
    ]
    notes += [
        f"documents of {change.name} that were written meanwhile stay as they are: {'; '.join(change.details)}"
        for change in changes.of("state")
        if change.details and change.kind != "removed"
    ]
    return notes

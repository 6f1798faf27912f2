"""A plan and its outcome for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.delivery.changes import Change, Changes
from cli.delivery.deploying import DeploymentOutcome
from cli.delivery.planning import DeploymentPlan
from cli.delivery.releases import Release
from cli.delivery.resource_plan import ResourcePlan
from cli.delivery.waves import Wave

_SIGNS = {"added": "+", "changed": "~", "removed": "-"}
_DOING = {"create": "+", "change": "~", "replace": "!", "destroy": "-"}
_TITLES = {
    "event": "Events",
    "state": "Stored state",
    "contract": "Contracts",
    "table": "SQLX",
    "part": "Functions, jobs, workflow",
    "route": "Routes",
    "image": "Images",
    "pipeline": "Pipeline",
    "topic": "Topics",
}
_FEW = 12


def describe_plan(plan: DeploymentPlan) -> str:
    """The whole plan."""
    before = f"release {plan.deployed.number}" if plan.deployed else "nothing: this is the first release"
    lines = [f"deployed is {before}"]
    if plan.is_empty:
        return f"{lines[0]}\nnothing would change"
    for area, title in _TITLES.items():
        lines += describe_area(title, plan.changes.of(area))
    lines += _describe_files(plan.changes)
    lines += describe_resources(plan.resources)
    lines += describe_waves(plan.waves)
    return "\n".join(lines)


def describe_area(title: str, changes: Sequence[Change]) -> Iterator[str]:
    """A heading and a line a change, with what makes it one; of many additions only the number."""
    if not changes:
        return
    yield f"\n{title}"
    added = [change.name for change in changes if change.kind == "added"]
    if len(added) > _FEW:
        yield f"  + {len(added)} added: {', '.join(added[:3])} ..."
    for change in changes:
        if change.kind == "added" and len(added) > _FEW:
            continue
        yield f"  {_SIGNS[change.kind]} {change.name}" + (
            f": {'; '.join(filter(None, change.details))}" if change.details else ""
        )
        if change.refused:
            yield f"    REFUSED: {change.refused}"


def _describe_files(changes: Changes) -> Iterator[str]:
    """Files of the Dataform project whose change shows in no statement: comments, descriptions, tests."""
    files = changes.of("file")
    if files and not changes.of("table"):
        yield "\nDataform files that change no statement"
        yield from (f"  {_SIGNS[change.kind]} {change.name}" for change in files)


def describe_resources(resources: ResourcePlan) -> Iterator[str]:
    """Terraform's plan by address; of many creations only the number."""
    if not resources.all:
        return
    counts = ", ".join(f"{count} to {doing}" for doing, count in resources.count().items() if count)
    yield f"\nTerraform: {counts}"
    many = resources.count()["create"] > _FEW
    for change in resources.all:
        if not (many and change.doing == "create"):
            because = f" (forced by {', '.join(change.because)})" if change.because else ""
            yield f"  {_DOING[change.doing]} {change.address}{because}"
    for loss in resources.losses():
        yield f"    REFUSED without --allow-destroy '{loss.address}': it holds data"


def describe_waves(waves: Sequence[Wave]) -> Iterator[str]:
    if waves:
        yield "\nOrder"
    for number, wave in enumerate(waves, 1):
        yield f"  {number}. {wave.name}: {', '.join(wave.parts)} ({wave.why})"


def describe_outcome(outcome: DeploymentOutcome) -> str:
    """What came of a deployment, and the next step."""
    number = outcome.release.number
    if outcome.succeeded:
        return f"release {number} is deployed; its canary passed: {outcome.verdict.words}"
    lines = [f"release {number} failed: its canary did not pass: {outcome.verdict.words}"]
    if outcome.restored is not None and outcome.restored_verdict is not None:
        judged = "passed" if outcome.restored_verdict.passed else f"did NOT pass: {outcome.restored_verdict.words}"
        lines.append(
            f"rolled back to release {outcome.restored.restores}, as release {outcome.restored.number}; its canary {judged}"
        )
    else:
        lines.append(f"it was not rolled back; see: ripple where {outcome.release.canary}")
    lines += [f"cannot be undone: {what}" for what in outcome.remains]
    return "\n".join(lines)


def describe_release(release: Release) -> tuple[str, ...]:
    """A row of `ripple releases`."""
    what = f"rollback to {release.restores}" if release.restores else release.commit[:12]
    return (str(release.number), release.state, release.began_at, release.by, what, release.reason)

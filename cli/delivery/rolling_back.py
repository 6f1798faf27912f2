"""Deploy an earlier release again, from its archive, its bundles and its images."""

from __future__ import annotations

from dataclasses import replace

from cli.delivery.applying import Report, Step, end, prove, put_in_place
from cli.delivery.archive import unpack
from cli.delivery.bundles import fetch_bundles
from cli.delivery.canary import Verdict, canary_uri
from cli.delivery.comparing import compare
from cli.delivery.environments import Environment
from cli.delivery.manifest import ReleaseManifest
from cli.delivery.releases import Release, abandon
from cli.delivery.targets import Inputs
from cli.delivery.waves import plan_waves


def restore(
    environment: Environment,
    target: Release,
    current: ReleaseManifest,
    report: Report,
    canary_seconds: float = 0,
) -> tuple[Release, Verdict]:
    """Put `target` in place of `current` as a new release, with a canary of its own. What waits meanwhile is brought back."""
    release = _begin(environment, target)
    report(f"rolling back to release {target.number}, as release {release.number}")
    root = unpack(environment.releases.fetch(f"archives/{target.archive}.zip"), environment.work / "releases")
    fetch_bundles(environment.releases, root, target.bundles)
    waves = plan_waves(compare(current, target.manifest), current, target.manifest)
    inputs = Inputs(root=root, release=release.number, images=target.images, bundles=target.bundles)
    release = put_in_place(environment, release, inputs, Step(waves=waves, report=report))
    verdict = prove(environment, release, report, canary_seconds)
    return end(environment, release, verdict), verdict


def _begin(environment: Environment, target: Release) -> Release:
    known = environment.releases.list_all()
    abandon(known, environment.releases.write)
    number = known[-1].number + 1
    release = replace(
        target,
        number=number,
        state="applying",
        by=environment.owner,
        began_at=environment.stamp(),
        ended_at="",
        restores=target.number,
        canary=canary_uri(environment.clients.project, number, environment.now().date()),
    )
    environment.releases.write(release)
    return release

"""Put a release in place, step by step. Each step may be taken again, so that a deployment that was interrupted goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cli.delivery.bundles import keep_bundles
from cli.delivery.canary import Verdict, await_canary, drop_canary
from cli.delivery.environments import CANARY_SECONDS, Environment
from cli.delivery.releases import Release
from cli.delivery.resuming import resume_waiting
from cli.delivery.targets import Inputs
from cli.delivery.waves import Wave
from cli.provisioning import warehouse
from cli.provisioning.repository import commit_dataform, read_project
from cli.provisioning.sequence import SPEC

Report = Callable[[str], None]
_IMAGE = re.compile(r'^IMAGE = "([^"]+)"$', re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a release still needs: the waves of its parts, and how to report a person where it is."""

    waves: Sequence[Wave]
    report: Report


def put_in_place(environment: Environment, release: Release, inputs: Inputs, step: Step) -> Release:
    """Deploy a release up to its canary. Raises what Google's clients raise, PermanentError from Terraform."""
    if any(wave.name == "topics" for wave in step.waves):
        step.report("foundation: buckets, topics, secrets")
        environment.target.lay_foundation(inputs)
    warehouse.make_pepper(environment.clients)
    release, inputs = _prepare(environment, release, inputs, step.report)
    for number, wave in enumerate((wave for wave in step.waves if wave.name == "parts"), 1):
        step.report(f"wave {number}: {', '.join(wave.parts)} ({wave.why})")
        environment.target.apply(inputs, wave.parts)
    step.report("the rest, and what is no more")
    environment.target.finish(inputs, [part for wave in step.waves if wave.name == "removal" for part in wave.parts])
    step.report("SQLX")
    files = read_project(inputs.root / "dataform")
    commit = commit_dataform(environment.clients, files, f"Release {release.number}")
    release = replace(release, commit=commit or release.commit)
    environment.releases.write(release)
    return release


def _prepare(environment: Environment, release: Release, inputs: Inputs, report: Report) -> tuple[Release, Inputs]:
    """Images, then the spec that names one of them, then bundles: all under their hashes, and noted in the release's record."""
    if not release.images:
        report("images")
        built = environment.target.build_images(inputs, release.manifest.images)
        release = replace(release, images=built)
    report("spec, bundles")
    spec = write_spec(inputs.root, release.images)
    release = replace(release, spec_uri=warehouse.upload_spec(environment.clients, spec))
    keep_bundles(environment.releases, inputs.root, release.bundles)
    environment.releases.write(release)
    return release, replace(inputs, spec=release.spec_uri, images=release.images, release=release.number)


def write_spec(root: Path, images: Mapping[str, str]) -> bytes:
    """The compiled pipeline with the image it runs in, by digest; as it is committed where there are no images."""
    committed, image = (root / SPEC).read_text(), images.get("pipelines")
    named = _IMAGE.search((root / "pipelines" / "components" / "__init__.py").read_text())
    assert named is not None
    return (committed.replace(named[1], image) if image else committed).encode()


def prove(environment: Environment, release: Release, report: Report, seconds: float = 0) -> Verdict:
    """Bring back what waits for a release; send the release's canary through everything that was deployed, and follow it."""
    if waiting := resume_waiting(environment.clients.environ):
        report(f"what waits: {waiting}")
    report("canary: dropped into Bronze")
    drop_canary(environment.clients, release.canary, release.number)
    return await_canary(environment.clients, release.canary, seconds or CANARY_SECONDS[environment.name], report)


def end(environment: Environment, release: Release, verdict: Verdict) -> Release:
    """Note in the record how it ended."""
    ended = replace(
        release,
        state="deployed" if verdict.passed else "failed",
        ended_at=environment.stamp(),
        reason="" if verdict.passed else verdict.words,
    )
    environment.releases.write(ended)
    return ended

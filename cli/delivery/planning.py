"""What a deployment would do: gather the checkout and what is deployed, and compare. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cli.delivery.actions import read_actions
from cli.delivery.archive import pack, unpack
from cli.delivery.bundles import read_bundles
from cli.delivery.changes import Changes
from cli.delivery.checkout import Checkout, gather_checkout
from cli.delivery.comparing import compare
from cli.delivery.compiling import compile_project, digest_files
from cli.delivery.environments import Environment
from cli.delivery.manifest import ReleaseManifest
from cli.delivery.releases import Release, find_deployed
from cli.delivery.resource_plan import ResourcePlan
from cli.delivery.targets import Inputs
from cli.delivery.waves import Wave, plan_waves
from cli.provisioning.repository import read_committed


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPlan:
    """What deploying `checkout` would change, in which order, and what Terraform would do."""

    checkout: Checkout
    archive: bytes
    deployed: Release | None
    changes: Changes
    waves: Sequence[Wave]
    resources: ResourcePlan
    inputs: Inputs

    @property
    def is_empty(self) -> bool:
        return not self.changes.all and not self.resources.all

    def to_json(self) -> dict[str, Any]:
        waves = [{"name": wave.name, "parts": list(wave.parts), "why": wave.why} for wave in self.waves]
        return {
            "deployed": self.deployed.number if self.deployed else None,
            "changes": self.changes.to_json(),
            "waves": waves,
            "resources": self.resources.to_json(),
        }


def make_plan(environment: Environment, root: Path) -> DeploymentPlan:
    """Plan the deployment of the checkout at `root`."""
    cache = environment.work / "packages"
    checkout = gather_checkout(root, environment.clients.project, cache)
    releases = environment.releases.list_all()
    deployed = find_deployed(releases)
    before = gather_deployed(environment, deployed, releases, cache)
    changes = compare(before, checkout.manifest)
    archive = pack(root)
    inputs = gather_inputs(environment, root, archive, deployed)
    return DeploymentPlan(
        checkout=checkout,
        archive=archive,
        deployed=deployed,
        changes=changes,
        waves=plan_waves(changes, before, checkout.manifest),
        resources=environment.target.preview(inputs),
        inputs=inputs,
    )


def gather_deployed(
    environment: Environment, deployed: Release | None, releases: Sequence[Release], cache: Path
) -> ReleaseManifest:
    """As the last release's record says; for Dataform as the repository itself does, which a person may have changed since."""
    later = [release.manifest for release in releases if deployed is None or release.number > deployed.number]
    recorded = keep_certain(deployed.manifest, later) if deployed else ReleaseManifest()
    committed = read_committed(environment.clients)
    sources = digest_files(committed)
    if sources == dict(recorded.sources):
        return recorded
    actions = (
        read_actions(compile_project(committed, environment.clients.project, cache, recorded.contracts))
        if committed
        else {}
    )
    return replace(recorded, sources=sources, actions=actions)


def gather_last_inputs(environment: Environment, root: Path) -> Inputs:
    """What the newest release was deployed with, over the checkout at `root`: all that Terraform needs to take it away."""
    place, known = unpack(pack(root), environment.work / "releases"), environment.releases.list_all()
    if not known:
        return gather_inputs(environment, root, pack(root), None)
    last = known[-1]
    return Inputs(root=place, release=last.number, spec=last.spec_uri, images=last.images, bundles=last.bundles)


def keep_certain(recorded: ReleaseManifest, later: Sequence[ReleaseManifest]) -> ReleaseManifest:
    """Of a release, what later ones that failed or were interrupted cannot have replaced: the rest is deployed again. Pure."""
    parts = {
        name: digest for name, digest in recorded.parts.items() if all(one.parts.get(name) == digest for one in later)
    }
    images = {
        name: digest for name, digest in recorded.images.items() if all(one.images.get(name) == digest for one in later)
    }
    spec = recorded.spec if all(one.spec == recorded.spec for one in later) else ""
    return replace(recorded, parts=parts, images=images, spec=spec)


def gather_inputs(environment: Environment, root: Path, archive: bytes, deployed: Release | None) -> Inputs:
    """The unpacked archive with its bundles; spec and images as they are deployed, until the deployment makes its own."""
    place = unpack(archive, environment.work / "releases")
    bundles = {} if environment.name == "laptop" else read_bundles(root)
    for bundle in bundles.values():
        (place / bundle["path"]).parent.mkdir(parents=True, exist_ok=True)
        (place / bundle["path"]).write_bytes((root / bundle["path"]).read_bytes())
    spec, images = (deployed.spec_uri, deployed.images) if deployed else ("", {})
    return Inputs(root=place, release=0, spec=spec, images=images, bundles=bundles)

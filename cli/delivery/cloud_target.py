"""Deploy a release to a project: Terraform on `infra/envs/{env}` of its unpacked archive, images by Cloud Build."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.api_core.exceptions import Conflict
from google.cloud.storage import Bucket

from cli.delivery import images
from cli.delivery.resource_plan import ResourcePlan
from cli.delivery.targets import Inputs
from cli.delivery.terraform import Terraform, compose_variables, find_terraform
from cli.provisioning.clients import AdminClients
from cli.provisioning.sequence import JOBS
from ripple.deployment.routes import WORKFLOW
from ripple.errors import PermanentError

MODULE = "module.platform"
FOUNDATION = (
    *(
        f"module.{name}"
        for name in ("project_services", "bucket", "sources", "bus", "firestore", "secrets", "registry")
    ),
    "google_project_iam_member.build_logs",
)
"""Where data, messages, bundles and images go, and what Cloud Build needs to build: before code there must be these."""
_NO_DIGEST = "0" * 64
"""Stands in a plan for what is yet to be built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudTarget:
    """A project. `data` keeps what Terraform downloads; `builder` makes a CloudBuildClient; `given` are images from outside;
    `allowed` are the addresses of stateful resources that may be lost; `program` is Terraform's path, found on PATH if empty."""

    name: str
    clients: AdminClients
    data: Path
    builder: Callable[[], Any]
    given: Mapping[str, str] = field(default_factory=dict)
    allowed: Sequence[str] = ()
    program: str = ""

    def preview(self, inputs: Inputs) -> ResourcePlan:
        terraform = self._terraform(inputs)
        terraform.init(self._backend() if self._state_bucket().exists() else {})
        return terraform.plan()

    def lay_foundation(self, inputs: Inputs) -> None:
        make_state_bucket(self._state_bucket(), self.clients.location)
        self._connected(inputs).apply_targets([f"{MODULE}.{name}" for name in FOUNDATION])

    def build_images(self, inputs: Inputs, digests: Mapping[str, str]) -> Mapping[str, str]:
        if set(images.NAMES) <= self.given.keys():
            return dict(self.given)
        source, tag = images.upload_context(self.clients, images.pack_context(inputs.root)), images.tag_of(digests)
        config = (inputs.root / images.CONFIG).read_text()
        build = images.describe_build(config, source, self.clients.location, tag)
        done = images.run_build(self.builder(), self.clients.parent, build)
        return images.read_digests(done, self._registry, tag) | dict(self.given)

    def apply(self, inputs: Inputs, parts: Sequence[str]) -> None:
        self._connected(inputs).apply_targets([address_of(part) for part in parts])

    def finish(self, inputs: Inputs, _removed: Sequence[str]) -> None:
        terraform = self._connected(inputs)
        # Also here: the release that is rolled back to may not know a bucket that a later one made.
        self._refuse_losses(terraform.plan())
        terraform.apply_plan()
        outputs = terraform.read_output("platform") or {}
        lengthen_deadlines(self.clients.subscriber, outputs.get("eventarc_subscriptions", {}))

    def destroy(self, inputs: Inputs) -> list[str]:
        bucket = self._state_bucket()
        if not bucket.exists():
            raise PermanentError("not_deployed", f"gs://{bucket.name} is not there: nothing was deployed from here")
        terraform = self._connected(inputs)
        plan = terraform.plan(destroy=True)
        if self.name == "prod":
            self._refuse_losses(plan)
        terraform.apply_plan()
        return [
            f"gs://{bucket.name}, which holds Terraform's state: delete it if you do not come back",
            "deleted objects, for the days of soft delete that their bucket had",
            "the enabled APIs, and Firestore's (default) database if its protection kept it",
        ]

    def _refuse_losses(self, plan: ResourcePlan) -> None:
        losses = [loss.address for loss in plan.losses(self.allowed)]
        if losses:
            raise PermanentError("data_would_be_lost", refuse_losses(losses))

    @property
    def _registry(self) -> str:
        return f"{self.clients.location}-docker.pkg.dev/{self.clients.project}/ripple"

    def _state_bucket(self) -> Bucket:
        return self.clients.storage.bucket(f"{self.clients.project}-tfstate")

    def _backend(self) -> dict[str, str]:
        return {"bucket": self._state_bucket().name}

    def _connected(self, inputs: Inputs) -> Terraform:
        """On the state that is there. Every step names it again: the release before may have used another folder."""
        terraform = self._terraform(inputs)
        terraform.init(self._backend())
        return terraform

    def _terraform(self, inputs: Inputs) -> Terraform:
        variables = inputs.root / "build" / "delivery.auto.tfvars.json"
        variables.parent.mkdir(exist_ok=True)
        variables.write_text(compose_variables(self.variables(inputs)))
        return Terraform(
            command=self.program or find_terraform(),
            folder=inputs.root / "infra" / "envs" / self.name,
            variables=variables,
            data=self.data,
        )

    def variables(self, inputs: Inputs) -> dict[str, Any]:
        """What the delivery computes; what a person decides is in `infra/envs/{env}/terraform.tfvars`."""
        unbuilt = {name: f"{self._registry}/{name}@sha256:{_NO_DIGEST}" for name in images.NAMES}
        return {
            "project_id": self.clients.project,
            "region": self.clients.location,
            "bundles": {stage: dict(bundle) for stage, bundle in inputs.bundles.items()},
            "images": unbuilt | dict(inputs.images),
            "pipeline_spec": inputs.spec or f"gs://{self.clients.project}-models/specs/{_NO_DIGEST}.json",
        }


def address_of(part: str) -> str:
    """Where Terraform keeps a part."""
    modules = {WORKFLOW: "module.workflow", JOBS: "module.generator_job"}
    return f"{MODULE}." + modules.get(part, f'module.stage["{part}"]')


def refuse_losses(addresses: Sequence[str]) -> str:
    """Why a plan that loses data is not applied, and how to say that it may. Pure."""
    flags = " ".join(f"--allow-destroy '{address}'" for address in addresses)
    return f"Terraform would destroy {', '.join(addresses)}, and what they hold with them; if that is meant: {flags}"


def lengthen_deadlines(subscriber: Any, subscriptions: Mapping[str, Mapping[str, Any]]) -> None:
    """Give a function its time: Eventarc's own deadline is shorter, so that a large file would be delivered again while it is landed."""
    for found in subscriptions.values():
        if found["subscription"]:
            wanted = {"name": found["subscription"], "ack_deadline_seconds": found["ack_deadline_seconds"]}
            mask = {"paths": ["ack_deadline_seconds"]}
            subscriber.update_subscription(request={"subscription": wanted, "update_mask": mask})


def make_state_bucket(bucket: Bucket, location: str) -> None:
    """Where Terraform's state lives cannot be in that state: versioned, uniform access, never public."""
    bucket.versioning_enabled = True
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    try:
        bucket.create(location=location)
    except Conflict:
        bucket.patch()

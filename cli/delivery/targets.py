"""What deploys code and resources: Terraform in a project, the deploy path of `ripple up` on a laptop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cli.delivery.resource_plan import ResourcePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a release brings to its resources.

    `root` is its unpacked archive, `spec` the URI of its compiled pipeline, `images` references with digests by name, `bundles` each
    function's `{path, sha256}`, where the path is below `root`.
    """

    root: Path
    release: int
    spec: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    bundles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class DeliveryTarget(Protocol):
    """A place to deploy to. Every step may be taken again."""

    def preview(self, inputs: Inputs, /) -> ResourcePlan:
        """What deploying would do to resources; it changes nothing."""

    def lay_foundation(self, inputs: Inputs, /) -> None:
        """What must be there before code: APIs, buckets, topics, secrets, the registry."""

    def build_images(self, inputs: Inputs, digests: Mapping[str, str], /) -> Mapping[str, str]:
        """The images built from these sources, by name; those that exist are not built again."""

    def apply(self, inputs: Inputs, parts: Sequence[str], /) -> None:
        """Deploy some parts, with what brings events to them."""

    def finish(self, inputs: Inputs, removed: Sequence[str], /) -> None:
        """Deploy what is left, and take away what is no more: `removed` says what that is, if anything."""

    def destroy(self, inputs: Inputs, /) -> list[str]:
        """Take everything away; what stays, one sentence each."""

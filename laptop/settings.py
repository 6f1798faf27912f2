"""What a laptop is started with; its state folder remembers it, and stays with its project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from laptop.files import write_whole
from laptop.host import SERVICES, find_fault
from laptop.hosting import DEFAULT_LOCATION, DEFAULT_PROJECT, NO_IMAGE, PipelineImage

_FILE = "laptop.json"


class LaptopError(RuntimeError):
    """The laptop can't do what was asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaptopSettings:
    """`services` run; `fixed_ports` maps some of them to the port they must have, the others keep their last one.

    `fsync`, `pipelines` and `node_modules` as in Hosting; paths are absolute.
    """

    project: str = DEFAULT_PROJECT
    location: str = DEFAULT_LOCATION
    services: Sequence[str] = SERVICES
    fixed_ports: Mapping[str, int] = field(default_factory=dict)
    fsync: bool = False
    pipelines: PipelineImage = NO_IMAGE
    node_modules: str = ""

    @property
    def listeners(self) -> list[str]:
        """Everything that has a port: the services, and `executions`, where `workflows` speaks gRPC."""
        return [*self.services, *(["executions"] if "workflows" in self.services else [])]

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def parse_settings(text: str) -> LaptopSettings:
    """The inverse of `to_json`."""
    fields = json.loads(text)
    return LaptopSettings(**{**fields, "pipelines": PipelineImage(**fields["pipelines"])})


def read_settings(state: Path) -> LaptopSettings | None:
    """What the folder's laptop was last started with; None if it never was."""
    file = state / _FILE
    return parse_settings(file.read_text()) if file.exists() else None


def write_settings(state: Path, settings: LaptopSettings) -> None:
    write_whole(state / _FILE, settings.to_json())


def check_settings(wanted: LaptopSettings, last: LaptopSettings | None) -> None:
    """Pure. Raises LaptopError for services that can't run, or another project or location than the folder has."""
    if fault := find_fault(wanted.services):
        raise LaptopError(fault)
    if strange := sorted(set(wanted.fixed_ports) - set(wanted.listeners)):
        raise LaptopError(f"a port is given for {strange[0]}, which is not among the services")
    for what in ("project", "location"):
        asked, kept = getattr(wanted, what), last and getattr(last, what)
        if kept and asked != kept:
            raise LaptopError(f"the state folder holds {what} {kept}, not {asked}; name another folder with --state")

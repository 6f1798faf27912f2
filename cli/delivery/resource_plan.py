"""What Terraform means to do, from the JSON of `terraform show`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Doing = Literal["create", "change", "replace", "destroy"]
STATEFUL = frozenset(
    {
        "google_storage_bucket",
        "google_firestore_database",
        "google_bigquery_dataset",
        "google_bigquery_table",
        "google_secret_manager_secret",
        "google_artifact_registry_repository",
    }
)
"""Types whose loss loses data that no deployment brings back."""
_DOING: Mapping[tuple[str, ...], Doing] = {
    ("create",): "create",
    ("update",): "change",
    ("delete",): "destroy",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One resource by its address; `because` names the attributes that force a replacement."""

    address: str
    type: str
    doing: Doing
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourcePlan:
    """What will be done, by address. Reading data and leaving things as they are is not among it."""

    all: Sequence[ResourceChange] = ()

    def losses(self, allowed: Sequence[str] = ()) -> list[ResourceChange]:
        """Stateful resources that would be destroyed, alone or to be replaced, and that `allowed` does not name."""
        ending = (change for change in self.all if change.doing in ("destroy", "replace"))
        return [change for change in ending if change.type in STATEFUL and change.address not in allowed]

    def count(self) -> dict[str, int]:
        return {doing: sum(change.doing == doing for change in self.all) for doing in sorted(set(_DOING.values()))}

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(change) for change in self.all]


def read_plan(document: Mapping[str, Any]) -> ResourcePlan:
    """`document` is what `terraform show -json PLANFILE` prints; KeyError if it is none."""
    if "format_version" not in document:
        raise KeyError("format_version")
    found = []
    for resource in document.get("resource_changes", ()):
        doing = _DOING.get(tuple(resource["change"]["actions"]))
        if doing is not None and resource.get("mode", "managed") == "managed":
            because = tuple(".".join(map(str, path)) for path in resource["change"].get("replace_paths", ()))
            found.append(
                ResourceChange(address=resource["address"], type=resource["type"], doing=doing, because=because)
            )
    return ResourcePlan(tuple(sorted(found, key=lambda change: change.address)))

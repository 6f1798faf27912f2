"""What a release consists of, so that two can be compared: hashes and schemas, no contents and no secret. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Json = Mapping[str, Any]
Routes = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Of each part, by `reacts_to` and `states`, event types, `finalize:BUCKET` and `TOPIC:KIND`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledAction:
    """A compiled Dataform action.

    `kind` is table, incremental, view, operations, assertion or declaration; `statements` a hash that whitespace and comments do not
    change; `columns` those it describes; the last three lay out its table.
    """

    kind: str
    file: str
    statements: str
    columns: tuple[str, ...] = ()
    partition: str = ""
    cluster: tuple[str, ...] = ()
    unique_key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseManifest:
    """Of a release: routes by stage, event schemas by type, those of stored documents, contracts by flow, actions by
    `dataset.table`, hashes of the rest.

    `routes` maps a part to `{"reacts_to": [...], "states": [...]}`; `sources` hashes each Dataform file by path, `parts` the code of
    each function, of the generators and of the workflow by name, `images` what each image is built from; `spec` is the pipeline's.
    `state` is by `{collection}.v{version}`, and empty in a record of a release from before it had schemas.
    """

    routes: Routes = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    events: Mapping[str, Json] = field(default_factory=dict)
    state: Mapping[str, Json] = field(default_factory=dict)
    contracts: Mapping[str, Json] = field(default_factory=dict)
    actions: Mapping[str, CompiledAction] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    spec: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_manifest(document: Json) -> ReleaseManifest:
    """A manifest from its JSON form; KeyError or TypeError if it is of a version that this one does not know."""
    actions = {name: _read_action(action) for name, action in document["actions"].items()}
    routes = {part: {side: tuple(names) for side, names in route.items()} for part, route in document["routes"].items()}
    return ReleaseManifest(**{**document, "actions": actions, "routes": routes, "topics": tuple(document["topics"])})


def _read_action(document: Json) -> CompiledAction:
    lists = {name: tuple(document[name]) for name in ("columns", "cluster", "unique_key")}
    return CompiledAction(**{**document, **lists})

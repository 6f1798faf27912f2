"""What a deployment would change, as records that a person and a program can read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs.

    `area` is event, state, contract, table, file, part, route, image, topic or pipeline; `details` say what, one sentence each. `refused`
    says why it cannot be deployed as it is, with the next step; empty if it can. `rebuild` marks a table that holds rows of another shape.
    """

    area: str
    name: str
    kind: Kind
    details: tuple[str, ...] = ()
    refused: str = ""
    rebuild: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs between what is deployed and a checkout, in the order in which areas are compared."""

    all: Sequence[Change] = field(default_factory=tuple)

    def of(self, area: str) -> list[Change]:
        return [change for change in self.all if change.area == area]

    def names(self, area: str) -> set[str]:
        return {change.name for change in self.of(area)}

    def refusals(self, allowed: Sequence[str] = ()) -> list[str]:
        """Why it cannot be deployed; `allowed` names tables whose rebuild is in hand."""
        return [
            f"{change.area} {change.name}: {change.refused}"
            for change in self.all
            if change.refused and not (change.rebuild and change.name in allowed)
        ]

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(change) for change in self.all]


def kind_of(before: object | None, after: object | None) -> Kind:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"

"""A plan: what a replay fires, which tables it writes, what stays. A dry run prints it, the run confirms it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

SHOWN = 20
"""Lines of a kind that words hold; `fires` and `targets` hold all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A fact that will be stated, the thing it is about (its subject, where that is known), and on what that hangs."""

    type: str
    about: str
    condition: str = ""
    certain: bool = True

    def __str__(self) -> str:
        return f"{self.type} of {self.about}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """What a replay does. Without targets it does nothing, and `notes` say why. `lines` are the correlation ids that it repeats."""

    kind: str
    title: str
    targets: tuple[str, ...] = ()
    fires: tuple[Firing, ...] = ()
    tables: tuple[str, ...] = ()
    writing: str = ""
    notes: tuple[str, ...] = ()
    lines: frozenset[str] = frozenset()

    @property
    def replay_of(self) -> str | None:
        """The correlation id that is repeated, if it is one."""
        return next(iter(self.lines)) if len(self.lines) == 1 else None

    def words(self) -> tuple[str, ...]:
        """The plan as a person reads it."""
        writes = f"writes {', '.join(self.tables)}: {self.writing}" if self.tables else "writes no table"
        return (self.title, *self._firing_words(), writes, *shorten(self.notes))

    def _firing_words(self) -> Iterator[str]:
        if not self.fires:
            yield "fires nothing"
        for (kind, condition), group in groupby(self.fires, lambda firing: (firing.type, firing.condition)):
            verb = "fires" if not condition else "may fire" if condition.startswith("if ") else "fires"
            tail = f", {condition}" if condition else ""
            yield from shorten([f"{verb} {kind} of {firing.about}{tail}" for firing in group])

    def data(self) -> dict[str, Any]:
        """The fields of `replay.run.planned.v1` that the plan decides."""
        return {
            "kind": self.kind,
            "targets": self.targets,
            "fires": tuple(map(str, self.fires)),
            "tables": self.tables,
            "words": self.words(),
        }


def shorten(lines: Sequence[str]) -> list[str]:
    """At most `SHOWN` lines, and how many more there are."""
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], *([f"... and {more} more like this"] if more > 0 else [])]

"""Mutants that change nothing, listed by hand with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.mutants.planning import Mutant

LIST = Path(__file__).parent / "equivalent.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """The mutants of a function that make one of these changes, and why none of them can be noticed."""

    module: str
    because: str
    changes: Sequence[str]
    function: str = ""

    def covers(self, mutant: Mutant) -> bool:
        return (self.module, self.function) == (mutant.module, mutant.function) and mutant.change in self.changes


def read_equivalents(path: Path = LIST) -> Sequence[Equivalent]:
    """ValueError for an entry without a reason."""
    found = [Equivalent(**entry) for entry in yaml.safe_load(path.read_text()) or ()]
    if unexplained := [entry.changes for entry in found if len(entry.because.split()) < 3]:
        raise ValueError(f"say why: {unexplained}")
    return found


def find_stale(equivalents: Iterable[Equivalent], mutants: Sequence[Mutant]) -> list[str]:
    """Changes that no mutant makes any more: the code is another."""
    made = {(mutant.module, mutant.function, mutant.change) for mutant in mutants}
    return [
        f"{entry.module} {entry.function}: {change}"
        for entry in equivalents
        for change in entry.changes
        if (entry.module, entry.function, change) not in made
    ]

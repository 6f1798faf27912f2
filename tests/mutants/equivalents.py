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
    """The mutants of a function that make this change, and why none of them can be noticed."""

    module: str
    function: str
    change: str
    because: str

    def covers(self, mutant: Mutant) -> bool:
        return (self.module, self.function, self.change) == (mutant.module, mutant.function, mutant.change)


def read_equivalents(path: Path = LIST) -> Sequence[Equivalent]:
    """ValueError for an entry without a reason."""
    found = [Equivalent(**entry) for entry in yaml.safe_load(path.read_text()) or ()]
    if unexplained := [entry.change for entry in found if len(entry.because.split()) < 3]:
        raise ValueError(f"say why: {unexplained}")
    return found


def find_stale(equivalents: Iterable[Equivalent], mutants: Sequence[Mutant]) -> list[Equivalent]:
    """Entries that no mutant answers to any more: the code has changed."""
    return [entry for entry in equivalents if not any(entry.covers(mutant) for mutant in mutants)]

"""The page and the JSON of a mutation run. Pure."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.mutants.planning import Mutant

KILLED, SURVIVED, UNCOVERED, EQUIVALENT = "killed", "survived", "no test runs it", "equivalent"
BAR = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a mutant: one of the four words above."""

    mutant: Mutant
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of some mutants."""

    mutants: int
    killed: int
    equivalent: int
    survived: int

    @property
    def rate(self) -> float:
        """Killed ones among those that are not equivalent; 1 where there are none."""
        counted = self.mutants - self.equivalent
        return self.killed / counted if counted else 1.0

    @property
    def row(self) -> str:
        return f"{self.mutants} | {self.killed} | {self.equivalent} | {self.survived} | {100 * self.rate:.1f} %"


def count(verdicts: Sequence[Verdict]) -> Tally:
    words = [verdict.word for verdict in verdicts]
    killed, equivalent = words.count(KILLED), words.count(EQUIVALENT)
    return Tally(mutants=len(words), killed=killed, equivalent=equivalent, survived=len(words) - killed - equivalent)


def group(verdicts: Sequence[Verdict], rooms: Sequence[str]) -> Mapping[str, Sequence[Verdict]]:
    """By room, in their order."""
    return {room: [one for one in verdicts if one.mutant.module.startswith(f"{room}/")] for room in rooms}


def find_missed(verdicts: Sequence[Verdict], rooms: Sequence[str]) -> list[str]:
    """Rooms below the bar."""
    return [room for room, held in group(verdicts, rooms).items() if count(held).rate < BAR]


def write_page(verdicts: Sequence[Verdict], rooms: Sequence[str], now: dt.datetime) -> str:
    lines = [*_head(now), "", "| room or module | mutants | killed | equivalent | survived | rate |"]
    lines += ["|---|---|---|---|---|---|"]
    for room, held in group(verdicts, rooms).items():
        lines += [f"| **{room}** | {count(held).row} |", *_module_rows(room, held)]
    return "\n".join(
        [*lines, f"| all | {count(verdicts).row} |", "", "## What survived", "", *_survivors(verdicts), ""]
    )


def _head(now: dt.datetime) -> Iterator[str]:
    yield "# Mutants"
    yield ""
    yield f"Written by `make mutants` on {now:%Y-%m-%d} with Python {platform.python_version()}."
    yield ""
    yield "A mutant is the code with one small change: another comparison, a condition that always or never holds, a number"
    yield "one higher, a statement, an argument or an entry left out, an exception that nothing catches. For each, only the"
    yield "room's own unit tests run, and of those the ones that run the changed line: a fence must not depend on a test far"
    yield "away. A mutant that no test notices survives."
    yield ""
    yield f"At least {BAR:.0%} must be killed, without those that change nothing: `tests/mutants/equivalent.yaml` lists them with"
    yield "the reason. Prose, annotations, decorators and asserts are not changed (`tests/mutants/operators.py`)."


def _module_rows(room: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
    for module in sorted({verdict.mutant.module for verdict in verdicts}):
        held = [verdict for verdict in verdicts if verdict.mutant.module == module]
        yield f"| {module.removeprefix(f'{room}/')} | {count(held).row} |"


def _survivors(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "`python -m tests.mutants --mutant ID` runs one again."
    yield ""
    yield "| id | where | change |"
    yield "|---|---|---|"
    for verdict in verdicts:
        if verdict.word in (SURVIVED, UNCOVERED):
            mutant = verdict.mutant
            change = mutant.change.replace("|", "\\|").replace("`", "'").replace("](", "] (")
            yield f"| {mutant.id} | {mutant.module} {mutant.function} | `{change}`{_remark(verdict)} |"


def _remark(verdict: Verdict) -> str:
    return f" ({UNCOVERED})" if verdict.word == UNCOVERED else ""


def merge(
    mutants: Sequence[Mutant], earlier: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """The newest verdict on every mutant that has one, in the mutants' order; `earlier` as `write_json` wrote them."""
    words = {str(one["id"]): str(one["verdict"]) for one in earlier}
    words |= {verdict.mutant.id: verdict.word for verdict in verdicts}
    return [Verdict(mutant=mutant, word=words[mutant.id]) for mutant in mutants if mutant.id in words]


def write_json(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    return [asdict(verdict.mutant) | {"verdict": verdict.word} for verdict in verdicts]

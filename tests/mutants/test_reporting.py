"""The rate counts what is not equivalent, and the page names what survived."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.mutants.equivalents import Equivalent, find_stale, read_equivalents
from tests.mutants.planning import Mutant, read_source
from tests.mutants.reporting import (
    EQUIVALENT,
    KILLED,
    SURVIVED,
    UNCOVERED,
    Verdict,
    count,
    find_missed,
    merge,
    write_json,
    write_page,
)

ROOMS = ["a/rows", "a/state"]


def verdicts(module: str, *words: str) -> list[Verdict]:
    mutants = [
        Mutant(id=f"{number:08}", module=module, function="f", change=f"x = ⟨{number} → y | z⟩", first=1, last=1,
               number=number, is_inside=True)
        for number in range(len(words))
    ]  # fmt: skip
    return [Verdict(mutant=mutant, word=word) for mutant, word in zip(mutants, words, strict=True)]


def test_equivalent_mutants_do_not_count() -> None:
    tally = count(verdicts("a/rows/x.py", KILLED, KILLED, KILLED, EQUIVALENT, SURVIVED))
    assert (tally.mutants, tally.killed, tally.equivalent, tally.survived, tally.rate) == (5, 3, 1, 1, 0.75)
    assert count([]).rate == 1


@pytest.mark.parametrize(("survived", "missed"), [(1, []), (2, ["a/state"])])
def test_a_room_below_the_bar_is_named(survived: int, missed: list[str]) -> None:
    words = [KILLED] * (20 - survived) + [SURVIVED] * survived
    held = verdicts("a/rows/x.py", KILLED) + verdicts("a/state/y.py", *words)
    assert find_missed(held, ROOMS) == missed


def test_the_page_has_a_row_a_module_and_a_line_a_survivor() -> None:
    held = verdicts("a/rows/x.py", KILLED, SURVIVED, UNCOVERED) + verdicts("a/state/y.py", KILLED)
    page = write_page(held, ROOMS, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    assert "on 2026-03-01 with Python 3" in page
    assert "| **a/rows** | 3 | 1 | 0 | 2 | 33.3 % |\n| x.py | 3 | 1 | 0 | 2 | 33.3 % |\n| **a/state** | 1 |" in page
    assert "| 00000001 | a/rows/x.py f | `x = ⟨1 → y \\| z⟩` |\n" in page
    assert "| 00000002 | a/rows/x.py f | `x = ⟨2 → y \\| z⟩` (no test runs it) |\n" in page


def test_the_newest_verdict_on_each_mutant_counts() -> None:
    earlier = verdicts("a/rows/x.py", KILLED, SURVIVED, SURVIVED)
    mutants = [one.mutant for one in verdicts("a/rows/x.py", *[KILLED] * 4)]
    now = [Verdict(mutant=mutants[1], word=KILLED)]
    merged = merge(mutants, json.loads(json.dumps(write_json(earlier))), now)
    assert [(one.mutant.id, one.word) for one in merged] == [
        ("00000000", KILLED),
        ("00000001", KILLED),
        ("00000002", SURVIVED),
    ]


def test_every_listed_equivalent_is_still_a_mutant_and_listed_once() -> None:
    listed = read_equivalents()
    mutants = [
        mutant for module in sorted({one.module for one in listed}) for mutant in read_source(module).find_mutants()
    ]
    assert find_stale(listed, mutants) == []
    changes = [(one.module, one.function, change) for one in listed for change in one.changes]
    assert len(set(changes)) == len(changes)


def test_an_equivalent_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.yaml"
    path.write_text("- {module: x.py, function: f, changes: [y], because: so}\n")
    with pytest.raises(ValueError, match="say why"):
        read_equivalents(path)


def test_an_entry_of_code_that_has_changed_is_stale() -> None:
    (one,) = verdicts("a/rows/x.py", KILLED)
    right = Equivalent(module="a/rows/x.py", function="f", changes=[one.mutant.change, "gone"], because="it is so")
    wrong = Equivalent(module="a/rows/x.py", function="g", changes=[one.mutant.change], because="it is so")
    assert right.covers(one.mutant)
    assert not wrong.covers(one.mutant)
    assert find_stale([right, wrong], [one.mutant]) == ["a/rows/x.py f: gone", f"a/rows/x.py g: {one.mutant.change}"]

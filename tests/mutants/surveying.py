"""What a room's tests do without a mutant: the lines each runs, how long it takes, what runs on import already."""

from __future__ import annotations

import ast
import pickle
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.applying import name_module
from tests.mutants.forking import Task, run_forked
from tests.mutants.planning import ROOT, Mutant
from tests.mutants.rooms import ROOMS, TESTS, list_modules
from tests.mutants.sessions import FAILED, PASSED, Runner, collect, measure
from tests.mutants.tracing import Lines, Tracer

_SECONDS = 900
_MUTATED = ("ripple.", "functions.")
_OWN = ("ripple", "functions", "tests", "conftest", "generators", "laptop", "cli", "docs", "__main__", "__mp_main__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """By test id: lines as `(module, line)`, and CPU seconds. `on_import` are lines that collecting runs; `foreign`, other packages."""

    lines: Mapping[str, frozenset[tuple[str, int]]]
    seconds: Mapping[str, float]
    on_import: frozenset[tuple[str, int]]
    foreign: Sequence[str]

    def limit(self, test: str) -> float:
        """CPU seconds that a test may take on a mutant; one that is new with the mutant has 10."""
        return 1 + 5 * self.seconds[test] if test in self.seconds else 10

    def is_on_import(self, mutant: Mutant) -> bool:
        return not mutant.is_inside or not self.on_import.isdisjoint(_lines_of(mutant) | _lines_of_maker(mutant))

    def choose(self, mutant: Mutant) -> list[str]:
        """The tests that can notice the mutant, quick ones first: they run its line, or anything that was made by it on import."""
        lines = _lines_of(mutant)
        direct = [test for test, ran in self.lines.items() if not ran.isdisjoint(lines)]
        if not self.is_on_import(mutant):
            return sorted(direct, key=self._cost)
        near = find_dependents(mutant.module)
        touching = [
            test
            for test, ran in self.lines.items()
            if test.partition("::")[0] in near or any(module in near for module, _ in ran)
        ]
        return sorted(touching, key=lambda test: (test not in direct, *self._cost(test)))

    def _cost(self, test: str) -> tuple[float, str]:
        return round(self.seconds[test], 1), test


def survey(room: str, folder: Path) -> Survey:
    """Run the room's tests once. RuntimeError if one fails."""
    log, result = folder / "survey.log", folder / "survey.pickle"

    def work() -> int:
        tracer = Tracer([str(ROOT / module) for module in list_modules(room)])
        return int(
            tracer.trace(lambda: collect(ROOMS[room], log, lambda runner, items: _run(runner, items, tracer, result)))
        )

    ((_, code),) = run_forked([Task(room, work, _SECONDS)], 1)
    if code != PASSED:
        raise RuntimeError(f"the tests of {room} fail without a mutant ({code}):\n{log.read_text()[-4000:]}")
    return pickle.loads(result.read_bytes())  # type: ignore[no-any-return]


def _run(runner: Runner, items: Sequence[pytest.Item], tracer: Tracer, result: Path) -> int:
    on_import, lines, seconds = tracer.take(), {}, {}
    for item, following in zip(items, [*items[1:], None], strict=True):
        forget_cached(vars(module) for name, module in list(sys.modules.items()) if name.startswith(_MUTATED))
        passed, seconds[item.nodeid] = measure(lambda item=item, following=following: runner.run_one(item, following))  # type: ignore[misc]
        lines[item.nodeid] = _shorten(tracer.take())
        if not passed:
            return FAILED
    found = Survey(lines=lines, seconds=seconds, on_import=_shorten(on_import), foreign=_list_foreign())
    result.write_bytes(pickle.dumps(found))
    return PASSED


def forget_cached(namespaces: Iterable[Mapping[str, Any]]) -> None:
    """What an earlier test left in a cache would hide from the next one the lines that made it."""
    for names in namespaces:
        for held in list(names.values()):
            if hasattr(held, "cache_clear"):
                held.cache_clear()


def _shorten(lines: Lines) -> frozenset[tuple[str, int]]:
    return frozenset((str(Path(path).relative_to(ROOT)), line) for path, line in lines)


def _list_foreign() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] not in _OWN]


def _lines_of(mutant: Mutant) -> set[tuple[str, int]]:
    return {(mutant.module, line) for line in range(mutant.first, mutant.last + 1)}


def _lines_of_maker(mutant: Mutant) -> set[tuple[str, int]]:
    first, last = mutant.maker or (1, 0)
    return {(mutant.module, line) for line in range(first, last + 1)}


@cache
def find_dependents(module: str) -> set[str]:
    """The module, and what imports it, directly or through others: modules of the rooms, and files of tests."""
    paths = [path for room in ROOMS for path in list_modules(room)]
    paths += [str(path.relative_to(ROOT)) for folder in TESTS for path in (ROOT / folder).rglob("*.py")]
    imports = {path: _list_imports(ROOT / path) for path in paths}
    found, size = {module}, 0
    while len(found) > size:
        size = len(found)
        names = {name_module(one) for one in found}
        found |= {other for other, imported in imports.items() if not names.isdisjoint(imported)}
    return found


@cache
def _list_imports(path: Path) -> set[str]:
    """Dotted names that a file imports, `from a import b` both as `a` and as `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        found |= _names_of(node)
    return found


def _names_of(node: Any) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()

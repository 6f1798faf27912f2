"""Run the tests on each mutant: inside a function, in a session that has collected already; elsewhere, in a session of its own."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

import pytest

from tests.mutants.applying import MutatedFinder, name_module, swap_code
from tests.mutants.forking import Task, run_forked
from tests.mutants.planning import Mutant, read_source
from tests.mutants.reporting import KILLED, SURVIVED, UNCOVERED
from tests.mutants.rooms import ROOMS
from tests.mutants.sessions import FAILED, PASSED, Runner, collect
from tests.mutants.surveying import Survey

_UNFIT = 99
_UNCHANGED = "unchanged"
_COLLECT_SECONDS = 60

read = cache(read_source)


def run_mutants(
    room: str, mutants: Sequence[Mutant], survey: Survey, folder: Path, most: int
) -> Iterator[tuple[str, str]]:
    """`(mutant's id, verdict)` as they come."""
    by_id = {mutant.id: mutant for mutant in mutants}
    for module in {mutant.module for mutant in mutants}:
        # Once, and not in each child.
        read(module)
    tests = {mutant.id: survey.choose(mutant) for mutant in mutants}
    yield from ((one, UNCOVERED) for one in by_id if not tests[one])
    early = [one for one in by_id if tests[one] and survey.is_on_import(by_id[one])]
    late = [one for one in by_id if tests[one] and one not in set(early)]
    chosen = {one: tests[one] for one in late}
    for one, code in _run_late(room, by_id, chosen, survey, folder, most) if late else ():
        if code == _UNFIT:
            early.append(one)
        else:
            yield one, name_verdict(code)
    _import_foreign(survey)
    for one, code in _run_early(room, by_id, {one: tests[one] for one in early}, survey, folder, most) if early else ():
        yield one, name_verdict(code)


def name_verdict(code: int) -> str:
    """A mutant is killed by a test that fails, and by what ends the process: time, memory, a crash."""
    return SURVIVED if code == PASSED else KILLED


def _seconds(tests: Iterable[str], survey: Survey) -> float:
    """On the clock, which other programs share."""
    return _COLLECT_SECONDS + 5 * sum(survey.limit(test) for test in tests)


def _run_late(
    room: str,
    mutants: Mapping[str, Mutant],
    tests: Mapping[str, Sequence[str]],
    survey: Survey,
    folder: Path,
    most: int,
) -> Iterator[tuple[str, int]]:
    """A session in a child of its own, which forks one child more for each mutant and writes what came of it to a pipe."""
    every = {_UNCHANGED: sorted({name for names in tests.values() for name in names}), **tests}
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os._exit(collect(ROOMS[room], folder / "late.log", partial(_run_all, mutants, every, survey, most, writing)))
    os.close(writing)
    with os.fdopen(reading) as results:
        yield from _check_unchanged((json.loads(line) for line in results), folder / "late.log")
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError(f"the session ended with {status}:\n{(folder / 'late.log').read_text()[-4000:]}")


def _run_all(
    mutants: Mapping[str, Mutant], tests: Mapping[str, Sequence[str]], survey: Survey, most: int, writing: int,
    runner: Runner, items: Sequence[pytest.Item],
) -> int:  # fmt: skip
    known = {item.nodeid: item for item in items}

    def work(one: str) -> int:
        mutant = mutants.get(one)
        if mutant and not swap_code(mutant.module, mutant.function, read(mutant.module).compile(mutant.number)):
            return _UNFIT
        return runner.run_until_failure([known[name] for name in tests[one]], survey.limit)

    tasks = (Task(one, partial(work, one), _seconds(names, survey)) for one, names in tests.items())
    with os.fdopen(writing, "w") as results:
        for one, code in run_forked(tasks, most):
            results.write(json.dumps([one, code]) + "\n")
            results.flush()
    return PASSED


def _check_unchanged(results: Iterable[tuple[str, int]], log: Path) -> Iterator[tuple[str, int]]:
    """RuntimeError if the same tests fail on the module as it is: then no verdict would mean anything."""
    for one, code in results:
        if one != _UNCHANGED:
            yield one, code
        elif code != PASSED:
            raise RuntimeError(f"without a mutant the chosen tests end with {code}:\n{log.read_text()[-4000:]}")


def _import_foreign(survey: Survey) -> None:
    """So that each session after this one begins with what it needs of other packages."""
    for name in survey.foreign:
        with suppress(Exception):
            importlib.import_module(name)


def _run_early(
    room: str,
    mutants: Mapping[str, Mutant],
    tests: Mapping[str, Sequence[str]],
    survey: Survey,
    folder: Path,
    most: int,
) -> Iterator[tuple[str, int]]:
    every = {_UNCHANGED: sorted({name for names in tests.values() for name in names}), **tests}
    tasks = (
        Task(one, _early_work(room, mutants.get(one), names, survey, folder / "early.log"), _seconds(names, survey))
        for one, names in every.items()
    )
    yield from _check_unchanged(run_forked(tasks, most), folder / "early.log")


def narrow(tests: Sequence[str], names: Sequence[str]) -> list[str]:
    """Of a room's tests what has to be collected for those named: single ones as they are, and files."""
    files = {name.partition("::")[0] for name in names}
    single = [test for test in tests if "::" in test and test.partition("::")[0] in files]
    return [*single, *sorted(files - {test.partition("::")[0] for test in single})]


def _early_work(room: str, mutant: Mutant | None, names: Sequence[str], survey: Survey, log: Path) -> Callable[[], int]:
    def choose(runner: Runner, items: Sequence[pytest.Item]) -> int:
        """Those that are new with the mutant run too: their cases were made by it."""
        place = {name: at for at, name in enumerate(names)}
        chosen = [item for item in items if item.nodeid in place or item.nodeid not in survey.seconds]
        chosen.sort(key=lambda item: place.get(item.nodeid, -1))
        return runner.run_until_failure(chosen, survey.limit) if chosen else FAILED

    def work() -> int:
        if mutant is not None:
            code = read(mutant.module).compile(mutant.number)
            sys.meta_path.insert(0, MutatedFinder(name_module(mutant.module), code))
        signal.setitimer(signal.ITIMER_PROF, _COLLECT_SECONDS)
        return collect(narrow(ROOMS[room], names), log, choose)

    return work

"""Many runs on all cores: seeds with faults, crash points, pairs of them, broken protocols."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.choreography.simulator.broken import BROKEN
from tests.choreography.simulator.crash_points import failing_scenario, plan_pairs, run_planned
from tests.choreography.simulator.running import SHIPPED, Verdict, run_seed

CHUNK = 8
Work = Callable[[Any], Verdict]


@dataclass(slots=True)
class Report:
    """What came of many runs; `violations` are `(which run, property)`."""

    runs: int = 0
    steps: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[Any, str]] = field(default_factory=list)

    def add(self, which: Any, verdict: Verdict) -> None:
        self.runs += 1
        self.steps += verdict.steps
        self.faults += verdict.counts
        self.waits += verdict.waits
        if verdict.violation:
            self.violations.append((which, verdict.violation))

    def merge(self, other: Report) -> None:
        self.runs += other.runs
        self.steps += other.steps
        self.faults += other.faults
        self.waits += other.waits
        self.violations += other.violations


def run_seeds(seeds: Sequence[int], note: Callable[[int], None] = lambda _runs: None) -> Report:
    return _on_all_cores(_shipped, seeds, note)


def run_crash_points(plans: Sequence[dict[int, str]], note: Callable[[int], None] = lambda _runs: None) -> Report:
    return _on_all_cores(run_planned, plans, note)


def run_failing(plans: Sequence[dict[int, str]], note: Callable[[int], None] = lambda _runs: None) -> Report:
    """Kills while a batch that failed runs in parts."""
    return _on_all_cores(_fail_under, plans, note)


def _fail_under(planned: Mapping[int, str]) -> Verdict:
    return run_planned(planned, scenario=failing_scenario)


def run_pairs(count: int, seed: int, note: Callable[[int], None] = lambda _runs: None) -> Report:
    return run_crash_points(plan_pairs(count, random.Random(seed)), note)


def run_broken(name: str, seeds: Sequence[int], note: Callable[[int], None] = lambda _runs: None) -> Report:
    """How many seeds catch a broken protocol."""
    return _on_all_cores(_broken, [(name, seed) for seed in seeds], note)


def catch(name: str, seeds: Sequence[int]) -> tuple[int, str]:
    """`(seed, property)` of the first seed that catches a broken protocol; `(-1, "")` if none does."""
    for seed in seeds:
        verdict = _broken((name, seed))
        if verdict.violation:
            return seed, verdict.violation
    return -1, ""


def _shipped(seed: int) -> Verdict:
    return run_seed(seed, SHIPPED)


def _broken(which: tuple[str, int]) -> Verdict:
    return run_seed(which[1], BROKEN[which[0]])


def _on_all_cores(work: Work, items: Sequence[Any], note: Callable[[int], None]) -> Report:
    report, begun = Report(), time.monotonic()
    chunks = [(work, items[start : start + CHUNK]) for start in range(0, len(items), CHUNK)]
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        for part in pool.imap_unordered(_work_off, chunks):
            report.merge(part)
            note(report.runs)
    report.seconds = time.monotonic() - begun
    report.violations.sort(key=str)
    return report


def _work_off(chunk: tuple[Work, Sequence[Any]]) -> Report:
    """A fifth faster without the collector, whose work is done between chunks."""
    report = Report()
    gc.disable()
    for item, verdict in _verdicts(*chunk):
        report.add(item, verdict)
    gc.enable()
    gc.collect()
    return report


def _verdicts(work: Work, items: Sequence[Any]) -> Iterator[tuple[Any, Verdict]]:
    for item in items:
        yield item, work(item)

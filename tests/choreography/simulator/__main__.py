"""`python -m tests.choreography.simulator`: run seeds, crash points, pairs and broken protocols, or print one run's story."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from tests.choreography.simulator.broken import BROKEN
from tests.choreography.simulator.campaign import (
    Report,
    run_broken,
    run_crash_points,
    run_failing,
    run_pairs,
    run_seeds,
)
from tests.choreography.simulator.crash_points import count_steps, failing_scenario, plan_all, run_planned
from tests.choreography.simulator.running import Verdict, run_seed
from tests.choreography.simulator.shrinking import shrink

Note = Callable[[int], None]


def main(argv: list[str] | None = None) -> int:
    """1 if a property was violated, or a broken protocol was not caught."""
    asked = _read(argv)
    if asked.seed is not None:
        return print_seed(asked.seed, asked.broken, asked.json)
    if asked.crash:
        return print_crash(asked.crash, asked.json)
    if asked.broken:
        return print_broken(asked)
    reports = {}
    if asked.crash_points:
        plans = plan_all()
        reports["crash points"] = _watch("crash points", lambda note: run_crash_points(plans, note), len(plans))
        failing = plan_all(failing_scenario)
        reports["of parts"] = _watch("of parts", lambda note: run_failing(failing, note), len(failing))
    if asked.pairs:
        reports["pairs"] = _watch("pairs", lambda note: run_pairs(asked.pairs, asked.first, note), asked.pairs)
    if asked.seeds or not reports:
        seeds = range(asked.first, asked.first + (asked.seeds or 1000))
        reports["seeds"] = _watch("seeds", lambda note: run_seeds(seeds, note), len(seeds))
    return _print(reports, asked.json)


def print_broken(asked: argparse.Namespace) -> int:
    """How many seeds catch each broken protocol, and by which property."""
    results: dict[str, Any] = {}
    seeds = range(asked.first, asked.first + (asked.seeds or 1000))
    for name in BROKEN if asked.broken == "all" else [asked.broken]:
        results[name] = _count(name, lambda note, n=name: run_broken(n, seeds, note), len(seeds))  # type: ignore[misc]
    print(json.dumps(results) if asked.json else "\n".join(_caught(*item) for item in results.items()))
    return int(any(not found["caught"] for found in results.values()))


def _read(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, help="how many seeds to run (1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--seed", type=int, help="print the story of this one, its faults shrunk to those that matter")
    parser.add_argument(
        "--crash-points", action="store_true", help="kill at every step of one scenario, before and after"
    )
    parser.add_argument("--pairs", type=int, default=0, help="kill at so many random pairs of steps")
    parser.add_argument("--crash", help='print the story of one plan of kills: \'{"17": "after"}\'')
    parser.add_argument("--broken", help="run a broken protocol by name, or `all`: " + ", ".join(BROKEN))
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(argv)


def _watch(what: str, run: Callable[[Note], Report], total: int) -> Report:
    if not sys.stderr.isatty():
        return run(lambda _runs: None)
    from rich.console import Console

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        return run(lambda runs: progress.update(task, completed=runs))


def _count(name: str, run: Callable[[Note], Report], total: int) -> dict[str, Any]:
    report = _watch(name, run, total)
    first = report.violations[0] if report.violations else (None, "")
    letters = sorted({violation.split()[0] for _, violation in report.violations})
    return {"caught": len(report.violations), "of": report.runs, "by": letters, "example": str(first[1])}


def _caught(name: str, found: dict[str, Any]) -> str:
    return f"{name:<45} caught by {found['caught']:>5} of {found['of']} seeds: {', '.join(found['by'])}"


def _print(reports: dict[str, Report], as_json: bool) -> int:
    """The figures, and the story of the first violation of each kind."""
    if as_json:
        print(json.dumps({name: _facts(report) for name, report in reports.items()}))
        return int(any(report.violations for report in reports.values()))
    for name, report in reports.items():
        print(_summary(name, report))
        for which, violation in report.violations[:1]:
            again = f"SEED={which}" if name == "seeds" else f"CRASH='{json.dumps(which)}'"
            print(f"\nviolated by {which}: {violation}\nits story again: make simulate {again}\n")
            print_seed(which, None, False) if name == "seeds" else print_crash(json.dumps(which), False)
    return int(any(report.violations for report in reports.values()))


def _facts(report: Report) -> dict[str, Any]:
    return {
        "runs": report.runs,
        "steps": report.steps,
        "seconds": round(report.seconds, 1),
        "faults": dict(report.faults.most_common()),
        "waits": dict(report.waits.most_common()),
        "violations": [[str(which), violation] for which, violation in report.violations[:20]],
        "violated": len(report.violations),
    }


def _summary(name: str, report: Report) -> str:
    rate = report.runs / max(report.seconds, 0.001)
    faults = ", ".join(f"{count:,} {kind}" for kind, count in report.faults.most_common())
    head = f"{name}: {report.runs:,} runs, {report.steps:,} steps in {report.seconds:.1f} s, {rate:.1f} a second"
    waits = ", ".join(f"{count:,} {who}" for who, count in report.waits.most_common(5))
    return f"{head}\n  faults: {faults or 'the planned kills'}\n  lock waits: {waits}\n  violations: {len(report.violations)}"


def print_seed(seed: int, broken: str | None, as_json: bool) -> int:
    """The verdict of a seed; where it violates a property, with the fewest faults that still do."""
    from tests.choreography.simulator.running import SHIPPED

    protocol = BROKEN[broken] if broken else SHIPPED
    verdict = run_seed(seed, protocol)
    kept = list(dict.fromkeys(verdict.taken))
    if verdict.violation:
        kept = shrink(kept, lambda some: _same(run_seed(seed, protocol, only=set(some)), verdict))
    story = run_seed(seed, protocol, only=set(kept), trace=True)
    _print_story(f"seed {seed}", story, kept, as_json)
    return int(bool(verdict.violation))


def _same(found: Verdict, wanted: Verdict) -> bool:
    return found.violation.split(" ")[:1] == wanted.violation.split(" ")[:1] and bool(found.violation)


def print_crash(plan: str, as_json: bool) -> int:
    planned = {int(step): side for step, side in json.loads(plan).items()}
    story = run_planned(planned, trace=True)
    _print_story(f"kills {planned} of {count_steps()} steps", story, [], as_json)
    return int(bool(story.violation))


def _print_story(what: str, story: Verdict, faults: list[str], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"run": what, "violation": story.violation, "faults": faults, "trace": story.trace}))
        return
    print("\n".join(story.trace or []))
    print(f"\n{what}: {story.violation or 'every property holds'}")
    if faults and story.violation:
        print("the faults that matter:\n  " + "\n  ".join(faults))


if __name__ == "__main__":
    sys.exit(main())

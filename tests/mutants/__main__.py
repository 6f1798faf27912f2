"""`python -m tests.mutants`: change the code in small ways, and see whether the tests notice. Exits 1 where too few changes are noticed."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.mutants.equivalents import find_stale, read_equivalents
from tests.mutants.planning import ROOT, Mutant, read_source
from tests.mutants.reporting import BAR, EQUIVALENT, KILLED, Verdict, count, find_missed, merge, write_json, write_page
from tests.mutants.rooms import ROOMS, list_modules
from tests.mutants.running import run_mutants
from tests.mutants.surveying import survey

PAGE = ROOT / "docs" / "mutants.md"
RESULTS = ROOT / "build" / "mutants.json"


def main() -> int:
    options = _parse()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of a set decides what some mutants do: every run has the same.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.mutants", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    # Whoever stops it keeps what is known so far.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    mutants, stale = find_mutants()
    if stale:
        sys.stderr.write("".join(f"equivalent.yaml: no mutant is {change}\n" for change in stale))
        return 1
    chosen = choose(mutants, options)
    verdicts: list[Verdict] = []
    with suppress(KeyboardInterrupt):
        verdicts.extend(judge(chosen, options.processes))
    verdicts = merge(chosen, [], verdicts)
    _report(verdicts, as_json=options.json)
    _keep(merge(mutants, _read_results(), verdicts), len(mutants))
    rooms = [room for room in ROOMS if any(one.mutant.module.startswith(f"{room}/") for one in verdicts)]
    missed = find_missed(verdicts, rooms)
    sys.stderr.write("".join(f"{room}: fewer than {BAR:.0%} are killed\n" for room in missed))
    return 1 if missed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "--module", action="append", default=[], metavar="M", help="a module's path, or the beginning of some"
    )
    parser.add_argument("--mutant", action="append", default=[], metavar="ID", help="one mutant, as the page names it")
    parser.add_argument("--survivors", action="store_true", help="only those that no run has killed so far")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="how many run at once (2)")
    parser.add_argument("--json", action="store_true", help="write every verdict to the standard output, as JSON")
    return parser.parse_args()


def find_mutants() -> tuple[list[Mutant], Sequence[str]]:
    """All of them, in order, and the changes in the list of equivalents that none of them makes."""
    mutants = [
        mutant for room in ROOMS for module in list_modules(room) for mutant in read_source(module).find_mutants()
    ]
    return mutants, find_stale(read_equivalents(), mutants)


def choose(mutants: Sequence[Mutant], options: argparse.Namespace) -> Sequence[Mutant]:
    if options.module:
        mutants = [mutant for mutant in mutants if mutant.module.startswith(tuple(options.module))]
    if options.mutant:
        mutants = [mutant for mutant in mutants if mutant.id in options.mutant]
    if options.survivors:
        killed = {one["id"] for one in _read_results() if one["verdict"] == KILLED}
        mutants = [mutant for mutant in mutants if mutant.id not in killed]
    if options.sample is not None and options.sample < len(mutants):
        drawn = random.Random(options.seed).sample(range(len(mutants)), options.sample)
        mutants = [mutants[at] for at in sorted(drawn)]
    return mutants


def judge(mutants: Sequence[Mutant], processes: int) -> Iterator[Verdict]:
    """The verdict on each, as they come."""
    equivalents = read_equivalents()
    alike = [mutant for mutant in mutants if any(entry.covers(mutant) for entry in equivalents)]
    yield from (Verdict(mutant=mutant, word=EQUIVALENT) for mutant in alike)
    by_id = {mutant.id: mutant for mutant in mutants if mutant not in alike}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("mutants", total=len(by_id))
        for room, held in _by_room(list(by_id.values())).items():
            progress.update(bar, description=room)
            for one, word in _judge_room(room, held, processes):
                progress.advance(bar)
                yield Verdict(mutant=by_id[one], word=word)


def _by_room(mutants: Sequence[Mutant]) -> Mapping[str, Sequence[Mutant]]:
    found = {room: [one for one in mutants if one.module.startswith(f"{room}/")] for room in ROOMS}
    return {room: held for room, held in found.items() if held}


def _judge_room(room: str, mutants: Sequence[Mutant], processes: int) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        yield from run_mutants(room, mutants, survey(room, Path(folder)), Path(folder), processes)


def _report(verdicts: Sequence[Verdict], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(write_json(verdicts), indent=1, ensure_ascii=False) + "\n")
        return
    for verdict in verdicts:
        if verdict.word not in (KILLED, EQUIVALENT):
            mutant = verdict.mutant
            sys.stdout.write(
                f"{mutant.id} {mutant.module}:{mutant.first} {mutant.function}: {mutant.change} ({verdict.word})\n"
            )
    tally = count(verdicts)
    sys.stdout.write(f"{tally.killed} of {tally.mutants - tally.equivalent} killed, {tally.rate:.1%}\n")


def _read_results() -> Sequence[dict[str, Any]]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def _keep(verdicts: Sequence[Verdict], all_of_them: int) -> None:
    """For the next run, and on the page once there is a verdict on every mutant."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(write_json(verdicts), indent=1, ensure_ascii=False) + "\n")
    if len(verdicts) == all_of_them:
        PAGE.write_text(write_page(verdicts, list(ROOMS), dt.datetime.now(dt.UTC)))


if __name__ == "__main__":
    raise SystemExit(main())

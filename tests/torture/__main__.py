"""`python -m tests.torture`: drop files on a laptop, kill it again and again, then hold every row against the truth."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cli.laptop_control import environment
from cli.provisioning.clients import AdminClients
from laptop.control import read_ports
from tests.torture.faults import FaultInjector, relieve
from tests.torture.gathering import find_traces, gather
from tests.torture.process_tree import ProcessTree
from tests.torture.settling import Settler
from tests.torture.verdict import Finding, judge
from tests.torture.workload import PROJECT, Workload, make_workload
from tests.torture.writers import Writers


def main() -> None:
    given = _parse()
    folder = Path(tempfile.mkdtemp(prefix="ripple-torture-"))
    result, findings = torture(given, folder)
    for finding in findings:
        say(f"{'ok  ' if finding.holds else 'FAIL'} {finding.what}{': ' + finding.seen if finding.seen else ''}")
    holds = all(finding.holds for finding in findings)
    if holds and not given.keep:
        shutil.rmtree(folder)
    else:
        say(f"everything is kept in {folder}")
    if given.json:
        answer = result | {"holds": holds, "findings": {finding.what: finding.holds for finding in findings}}
        sys.stdout.write(json.dumps(answer) + "\n")
    sys.exit(0 if holds else 1)


def torture(given: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """The whole run; what was done and measured, and the findings."""
    tree = ProcessTree(state=folder / "state")
    injector = FaultInjector(tree=tree, dice=random.Random(given.seed))
    writers = Writers(project=PROJECT)
    with tree.running():
        say(f"seed {given.seed}: making {given.files} files and {given.ticks} ticks with their truth")
        workload = make_workload(
            given.workload or folder / "workload", files=given.files, ticks=given.ticks, seed=given.seed
        )
        began = time.monotonic()
        _run_under_faults(given, tree, injector, writers, workload)
        struck = time.monotonic() - began
        clients = AdminClients(environment(read_ports(tree.state)))
        settler = Settler(clients=clients, ticks=_count_batches(workload))
        tree.restart()
        pending = settler.settle(given.settle_minutes * 60, tree.restart, lambda word: say(f"  waits for {word}"))
        settled = time.monotonic() - began - struck
        tree.restart()
        rest = gather(clients)
    rest.leftovers = tree.leftovers()
    rest.temporary += find_traces(tree.state)
    findings = judge(rest, workload.expected, writers.log)
    findings.append(Finding(holds=not pending, what="it came to rest", seen=pending))
    return {
        "seed": given.seed,
        "files": len(workload.files),
        "rows": dict(workload.expected.rows),
        "kills": injector.kills.total(),
        "kills_by_kind": dict(injector.kills),
        "faults": dict(injector.done),
        "supervisor_starts": tree.starts,
        "acknowledged": {
            "objects": len(writers.log.objects),
            "documents": len(writers.log.documents),
            "messages": len(writers.log.messages),
        },
        "calls_tried_again": writers.log.tries,
        "batches": len(rest.batches),
        "training_jobs": len(rest.jobs),
        "by_hand": dict(settler.by_hand),
        "seconds_struck": round(struck),
        "seconds_to_rest": round(settled),
    }, findings


def _run_under_faults(
    given: argparse.Namespace, tree: ProcessTree, injector: FaultInjector, writers: Writers, workload: Workload
) -> None:
    """Faults while the writers write; both must have had their fill."""
    seconds = given.minutes * 60
    writers.prepare()
    writers.start(workload.files, workload.ticks, seconds)
    began = reported = time.monotonic()
    while injector.kills.total() < given.kills or writers.are_busy():
        tree.ensure_up()
        if injector.kills.total() < given.kills:
            injector.strike()
        behind = injector.kills.total() / given.kills < (time.monotonic() - began) / seconds
        time.sleep(injector.dice.expovariate(given.kills / seconds) * (0.2 if behind else 1.0))
        if time.monotonic() - reported > 15:
            reported = time.monotonic()
            say(
                f"  {injector.kills.total()} kills, {writers.dropped} files, {tree.starts} starts, {reported - began:.0f} s"
            )
    relieve(tree)
    tree.ensure_up()
    writers.finish()


def _count_batches(workload: Workload) -> int:
    return sum(len(body["flows"]) for body in workload.ticks)


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="processes to kill with kill -9 (200)")
    parser.add_argument("--files", type=int, default=2000, help="files to drop, at least (2000)")
    parser.add_argument("--ticks", type=int, default=4, help="months that come by a tick, all three flows (4)")
    parser.add_argument("--seed", type=int, default=1, help="of the world and of the faults (1)")
    parser.add_argument("--minutes", type=float, default=15, help="over which files and kills are spread (15)")
    parser.add_argument("--settle-minutes", type=float, default=20, help="to come to rest afterwards, at most (20)")
    parser.add_argument(
        "--workload", type=Path, help="a folder to make the files in, or to take them from if they are there"
    )
    parser.add_argument("--keep", action="store_true", help="keep the state folder also when all holds")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object on standard output")
    return parser.parse_args()


if __name__ == "__main__":
    main()

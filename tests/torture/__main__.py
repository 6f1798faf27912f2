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
from tests.torture.family import Family
from tests.torture.faults import Tormentor, relieve
from tests.torture.gathering import find_traces, gather
from tests.torture.harvest import PROJECT, Harvest, reap
from tests.torture.settling import Settler
from tests.torture.verdict import Finding, judge
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
    family = Family(state=folder / "state")
    tormentor = Tormentor(family=family, dice=random.Random(given.seed))
    writers = Writers(project=PROJECT)
    with family.running():
        say(f"seed {given.seed}: making {given.files} files and {given.ticks} ticks with their truth")
        harvest = reap(given.harvest or folder / "harvest", files=given.files, ticks=given.ticks, seed=given.seed)
        began = time.monotonic()
        _besiege(given, family, tormentor, writers, harvest)
        struck = time.monotonic() - began
        clients = AdminClients(environment(read_ports(family.state)))
        settler = Settler(clients=clients, ticks=_count_batches(harvest))
        family.restart()
        pending = settler.settle(given.settle_minutes * 60, family.restart, lambda word: say(f"  waits for {word}"))
        settled = time.monotonic() - began - struck
        family.restart()
        rest = gather(clients)
    rest.leftovers = family.leftovers()
    rest.temporary += find_traces(family.state)
    findings = judge(rest, harvest.expected, writers.log)
    findings.append(Finding(holds=not pending, what="it came to rest", seen=pending))
    return {
        "seed": given.seed,
        "files": len(harvest.files),
        "rows": dict(harvest.expected.rows),
        "kills": tormentor.kills.total(),
        "kills_by_kind": dict(tormentor.kills),
        "faults": dict(tormentor.done),
        "supervisor_starts": family.starts,
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


def _besiege(
    given: argparse.Namespace, family: Family, tormentor: Tormentor, writers: Writers, harvest: Harvest
) -> None:
    """Faults while the writers write; both must have had their fill."""
    seconds = given.minutes * 60
    writers.prepare()
    writers.start(harvest.files, harvest.ticks, seconds)
    began = told = time.monotonic()
    while tormentor.kills.total() < given.kills or writers.are_busy():
        family.ensure_up()
        if tormentor.kills.total() < given.kills:
            tormentor.strike()
        behind = tormentor.kills.total() / given.kills < (time.monotonic() - began) / seconds
        time.sleep(tormentor.dice.expovariate(given.kills / seconds) * (0.2 if behind else 1.0))
        if time.monotonic() - told > 15:
            told = time.monotonic()
            say(
                f"  {tormentor.kills.total()} kills, {writers.dropped} files, {family.starts} starts, {told - began:.0f} s"
            )
    relieve(family)
    family.ensure_up()
    writers.finish()


def _count_batches(harvest: Harvest) -> int:
    return sum(len(body["flows"]) for body in harvest.ticks)


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
        "--harvest", type=Path, help="a folder to make the files in, or to take them from if they are there"
    )
    parser.add_argument("--keep", action="store_true", help="keep the state folder also when all holds")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object on standard output")
    return parser.parse_args()


if __name__ == "__main__":
    main()

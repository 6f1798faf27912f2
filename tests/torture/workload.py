"""What goes into the lake, and the truth of it, both made before the first fault by the real generators."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.start_batch.stage import plan_batches
from generators import clickstream, sales, startups
from ripple.handling.shell import Command

PROJECT = "ripple-laptop"
BRONZE = f"{PROJECT}-bronze"
WORLD_FROM = dt.date(2022, 1, 1)
MAINS: Mapping[str, Callable[[Sequence[str]], None]] = {
    "sales": sales.main,
    "clickstream": clickstream.main,
    "startups": startups.main,
}
TICK_DAYS = 30
_DONE = "done"
"""Marks a folder that is whole, so that a workload of the same seed is made once."""


@dataclass(slots=True)
class Expected:
    """Where every row must end: kept keys by flow, refused rows as `(flow, object, line)` or `(flow, hash)`, copies by key."""

    kept: dict[str, set[str]] = field(default_factory=lambda: {flow: set() for flow in MAINS})
    refused: Counter[tuple[str, str, int | None]] = field(default_factory=Counter)
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Workload:
    """`files` are dropped by hand: object name to its bytes' place; `ticks` are bodies for `ripple-ticks`."""

    files: dict[str, Path]
    ticks: list[dict[str, Any]]
    expected: Expected


def make_workload(folder: Path, *, files: int, ticks: int, seed: int, customers: int = 100) -> Workload:
    """At least `files` small files of one day each, and `ticks` months that go the whole way from a tick.

    PEPPER_SECRET and RIPPLE_ENDPOINT_SECRETS must be those of the lake, or visitors of files and ticks would not join.
    """
    arguments = {"customers": customers, "dirt": 0.05, "seed": seed, "startups": 300, "world-from": str(WORLD_FROM)}
    expected, dropped, day = Expected(), dict[str, Path](), WORLD_FROM
    while len(dropped) < files:
        for flow in ("clickstream", "startups"):
            out = folder / "days" / f"{flow}-{day}"
            _generate(flow, day, day + dt.timedelta(days=1), f"drop-{flow}-{day:%Y%m%d}", arguments, out)
            dropped |= _count_lines(flow, out, expected)
        day += dt.timedelta(days=1)
    bodies = list(_plan_ticks(day, ticks, arguments))
    for body in bodies:
        for batch in plan_batches(Command(body=body, attributes={}, published_at=dt.datetime.now(dt.UTC))):
            out = folder / "ticks" / batch.batch_id
            start, end = dt.date.fromisoformat(batch.window_from), dt.date.fromisoformat(batch.window_to)
            _generate(batch.flow, start, end, batch.batch_id, arguments, out)
            (_count_documents if batch.flow == "sales" else _count_lines)(batch.flow, out, expected)
    return Workload(files=dropped, ticks=bodies, expected=expected)


def _plan_ticks(end: dt.date, count: int, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Sales of the days whose files are dropped by hand, in one window; then months of all flows."""
    yield _tick(WORLD_FROM, end, ["sales"], arguments)
    for number in range(count):
        start = end + dt.timedelta(days=number * TICK_DAYS)
        yield _tick(start, start + dt.timedelta(days=TICK_DAYS), list(MAINS), arguments)


def _tick(start: dt.date, end: dt.date, flows: list[str], arguments: Mapping[str, Any]) -> dict[str, Any]:
    scheduled = f"{end}T00:00:00+00:00"
    return {"from": str(start), "to": str(end), "flows": flows, "scheduled_at": scheduled, "arguments": dict(arguments)}


def _generate(flow: str, start: dt.date, end: dt.date, batch: str, arguments: Mapping[str, Any], out: Path) -> None:
    if (out / _DONE).exists():
        return
    words = ["--from", str(start), "--to", str(end), "--batch-id", batch, "--out", str(out), "--project", PROJECT]
    words += [word for name in sorted(arguments) for word in (f"--{name}", str(arguments[name]))]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        MAINS[flow](words)
    (out / _DONE).touch()


def _count_lines(flow: str, out: Path, expected: Expected) -> dict[str, Path]:
    """Add a JSONL flow's rows to what is expected; its objects."""
    marks = {(mark["object"].partition("/")[2], mark["line"]): mark for mark in _read_truth(out)}
    bronze, found = out / BRONZE, {}
    for path in sorted(bronze.rglob("*.jsonl")):
        name = path.relative_to(bronze).as_posix()
        found[name] = path
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            expected.rows[flow] += 1
            mark = marks.get((name, number))
            _expect(expected, flow, mark or {"expected": "kept", "key": json.loads(line)["event_id"]}, name, number)
    return found


def _count_documents(flow: str, out: Path, expected: Expected) -> dict[str, Path]:
    marks = {mark["doc"]: mark for mark in _read_truth(out)}
    for path in sorted(out.rglob("*.jsonl")):
        if "truth" in path.parts:
            continue
        for line in path.read_text().splitlines():
            document = _id_of(json.loads(line))
            expected.rows[flow] += 1
            hashed = hashlib.sha256(document.encode()).hexdigest()
            _expect(expected, flow, marks.get(document) or {"expected": "kept", "key": document}, hashed, None)
    return {}


def _id_of(line: Mapping[str, Any]) -> str:
    return str(line["id"])


def _expect(expected: Expected, flow: str, mark: Mapping[str, Any], where: str, line: int | None) -> None:
    if mark["expected"] == "kept":
        expected.kept[flow].add(mark["key"])
    elif mark["expected"] == "duplicate":
        expected.copies[flow, mark["key"]] += 1
    else:
        expected.refused[flow, where, line] += 1


def _read_truth(out: Path) -> Iterator[Mapping[str, Any]]:
    for path in out.rglob("truth/*/*/rows-*.jsonl"):
        yield from map(json.loads, path.read_text().splitlines())

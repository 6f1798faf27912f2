"""What is still to come, in words; empty when it is done. RuntimeError where it never will be. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRun:
    """The execution of a generator job; `failure` is its last words where it failed."""

    tick: str
    execution: str = ""
    ended: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts:
    """Objects in Bronze, those with a record, and the records that are not settled: neither rejected nor in a batch."""

    objects: int
    recorded: int
    unsettled: int


def find_pending_export(kinds: Collection[str]) -> str:
    """`kinds` are the types of the facts so far."""
    return "" if "sales.export.finished.v1" in kinds else "generators write, sales are exported"


def find_pending_generators(runs: Iterable[GeneratorRun]) -> str:
    """RuntimeError if one has failed."""
    active = []
    for run in runs:
        if run.failure:
            raise RuntimeError(f"generator job {run.execution} failed: {run.failure}")
        if not run.ended:
            active.append(run.tick)
    return f"generator jobs: {', '.join(active)}" if active else ""


def find_pending_files(counts: FileCounts) -> str:
    """An object is recorded, then settled."""
    unrecorded = max(0, counts.objects - counts.recorded)
    waiting = counts.unsettled + unrecorded
    return f"{waiting} files wait to be landed and claimed" if waiting else ""


def find_pending_runs(runs: Sequence[Mapping[str, Any]]) -> str:
    """`runs` are the ELT batches, newest first. RuntimeError if each of them is parked, or one waits for a held flow."""
    if not runs:
        return "the first ELT batch"
    held = next((run for run in runs if run["state"] == "split" and run["held"]), None)
    if held is not None:
        raise RuntimeError(f"batch {held['batch']} waits for a flow that is held: {held['reason']}")
    if any(run["state"] not in ("done", "parked") for run in runs):
        return f"ELT batch {runs[0]['batch']}: compile, invoke, poll"
    if all(run["state"] == "parked" for run in runs):
        raise RuntimeError(f"batch {runs[0]['batch']} is parked: {runs[0]['reason']}; then: ripple replay --batch")
    return ""


def find_pending_training(runs: Sequence[Mapping[str, Any]], finished_jobs: Collection[str]) -> str:
    """The training of the newest batch that is done. RuntimeError if it did not succeed."""
    training = next(run["training"] for run in runs if run["state"] == "done")
    if training is None or training["superseded"]:
        return "training"
    if not training["train"]:
        return ""
    if not training["ended"]:
        return "training"
    if training["outcome"] in ("failed", "cancelled"):
        raise RuntimeError(f"training {training['outcome']} {training['attempts']} times: {training['ending']}")
    return "" if training["job"] in finished_jobs else "the last fact to reach the ledger"

"""What became of a batch that failed, in words: its parts, the files that were parked, the flows that are held. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ripple.state.batches import BatchRecord
from ripple.state.files import FileRecord, Parking
from ripple.state.holds import Hold
from ripple.state.incidents import MOST_RUNS

_FEW = 3


def find_holds(batch: BatchRecord, holds: Iterable[Hold]) -> list[Hold]:
    """Those of the flows that parts of the batch wait for."""
    incident = batch.incident
    parts = [] if incident is None else [*incident.queue, *([incident.suspect] if incident.suspect else [])]
    flows = {flow for part in parts for flow in part.flows}
    return [one for one in holds if one.flow in flows]


def describe_incident(batch: BatchRecord, holds: Sequence[Hold]) -> str:
    """How far the search for what the batch fails of has come; empty if it did not fail."""
    incident = batch.incident
    if incident is None:
        return ""
    said = [f"it runs in parts to find what it fails of, {incident.runs} of at most {MOST_RUNS} runs so far"]
    if incident.action:
        said.append(f"the last that failed is {incident.action}: {incident.message}")
    said += [f"{count_files(batch.parked)} parked"] if batch.parked else []
    return "; ".join([*said, *map(describe_hold, holds)])


def describe_hold(held: Hold) -> str:
    again = f"it is tried again from {held.again_at:%Y-%m-%dT%H:%M:%SZ} on"
    return f"{held.flow} is held since {held.since:%Y-%m-%dT%H:%M:%SZ} ({held.reason}), {again}"


def advise_on_hold(held: Hold) -> str:
    return f"fix the cause, then: ripple resume --flow {held.flow}"


def explain_flow(flow: str, holds: Iterable[Hold]) -> str:
    """Whether its files are run, and what to do if they wait."""
    held = next((one for one in holds if one.flow == flow), None)
    if held is None:
        return f"Flow {flow} is not held: its files are run as they come."
    return f"Flow {describe_hold(held)}.\nnext: {advise_on_hold(held)}"


def describe_parked(number: int, files: Sequence[FileRecord]) -> list[str]:
    """Each of a few files that left a batch, why, and the next command."""
    said = [f"parked: {file.uri} ({describe_parking(file.parking)})" for file in files[:_FEW] if file.parking]
    said += [f"and {count_files(len(files) - _FEW)} more parked"] if len(files) > _FEW else []
    return [*said, f"next: fix the cause, then: ripple replay --batch {number}"] if said else []


def describe_parking(parking: Parking) -> str:
    alone = "" if parking.files == 1 else f"; one of {parking.files} among which it was not found"
    return f"{parking.action or 'the run'}: {parking.message}{alone}"


def trace_parked(file: FileRecord) -> dict[str, Any]:
    """Where a parked file is: in no batch, until it is replayed."""
    parking = file.parking
    why = {"reason": describe_parking(parking), "parked_from": parking.batch} if parking else {}
    return {**why, "state": "parked", "waiting_for": f"its cause to be fixed, then: ripple replay --object {file.uri}"}


def count_files(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"

"""Training jobs that ended in silence, and datasets that wait for a run which never came."""

from __future__ import annotations

import datetime as dt

from ripple.elt_state import read_head
from ripple.events import EltRunSucceeded, TrainingJobFinished
from ripple.gateways.edge import Edge
from ripple.ports import Document
from ripple.stating import Cause, send, state_as

_ENDED_BADLY = {"FAILED", "CANCELLED", "MISSING"}


def end_silent_training(stage: str, grace: dt.timedelta, cause: Cause, edge: Edge) -> None:
    """A job that died with its exit task states nothing; `start_training` hears it from here and tries again."""
    for _, record in edge.documents.find("trainings", {"train": True, "ended": False}, 100):
        if cause.time - record["submitted_at"] > grace:
            state = edge.pipeline_jobs.state(record["job"])
            if state in _ENDED_BADLY:
                finished = _describe_end(record, state)
                send([state_as(finished, stage, cause)], edge.publisher, edge.documents)


def _describe_end(record: Document, state: str) -> TrainingJobFinished:
    run = EltRunSucceeded.from_data(record["run"])
    return TrainingJobFinished(
        job=record["job"],
        batch=run.batch,
        dataset_version=run.dataset_version,
        state="failed",
        outcome="cancelled" if state == "CANCELLED" else "failed",
        reason=f"the job said nothing, and is {state}",
        metrics={},
    )


def revive_superseded(stage: str, cause: Cause, edge: Edge) -> None:
    """The newest dataset was skipped for a run that was parked, or never started: it is the newest still, so tell it again."""
    if read_head(edge.documents.get("elt/head")).run or edge.documents.find(
        "files", {"state": "landed", "batch": None}, 1
    ):
        return
    records = [record for _, record in edge.documents.find("trainings", {}, 100_000)]
    newest = max(records, key=lambda record: int(record["run"]["batch"]), default=None)
    if newest is not None and newest.get("superseded"):
        fact = EltRunSucceeded.from_data(newest["run"])
        send([state_as(fact, stage, cause)], edge.publisher, edge.documents)

"""Where is my file, what ran, and why did it not train: read from the state documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.exports import trace_export
from cli.incidents import advise_on_hold, describe_hold, describe_incident, find_holds, trace_parked
from cli.rejections import describe_rejection
from ripple.flows import find_flow, has_flow
from ripple.gateways.edge import open_edge
from ripple.ports import DocumentStore
from ripple.replaying.gathering import describe_rest_now
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.files import FILES, PARKED, FileRecord
from ripple.state.head import HEAD
from ripple.state.holds import Hold
from ripple.state.trainings import TRAININGS, TrainingRecord
from ripple.wire.events import BronzeContractDrifted
from ripple.wire.paths import ObjectRef, split_uri

_MOST_GENERATIONS = 1000


def trace_object(environ: Mapping[str, str], uri: str) -> dict[str, Any]:
    """How far one Bronze object, or the export of a manifest, has come; `waiting_for` says what it needs next, or nothing."""
    from google.cloud.storage import Client as Storage

    project = environ["GOOGLE_CLOUD_PROJECT"]
    bucket, name = split_uri(uri)
    blob = Storage(project=project).bucket(bucket).get_blob(name)
    documents = open_edge(environ).documents
    if blob is None:
        return {"uri": uri} | _trace_deleted(environ, documents, uri)
    ref = ObjectRef(bucket=bucket, name=name, generation=int(blob.generation))
    if bucket == f"{project}-landing":
        return {"uri": uri, "generation": ref.generation} | trace_export(documents, ref.key)
    trace: dict[str, Any] = {"uri": uri, "generation": ref.generation, "created_at": str(blob.time_created)}
    return trace | _trace_file(environ, documents, FILES.get(documents, ref.key))


def _trace_deleted(environ: Mapping[str, str], documents: DocumentStore, uri: str) -> dict[str, Any]:
    """Of a name that no object has by now, the newest generation that was delivered: what was accepted of it is kept."""
    newest = find_newest(file for _, file in FILES.find(documents, _MOST_GENERATIONS, uri=uri))
    if newest is None:
        return {"state": "missing", "waiting_for": "someone to drop it"}
    gone = {"generation": newest.generation, "object": "deleted or archived by now"}
    return gone | _trace_file(environ, documents, newest)


def find_newest(files: Iterable[FileRecord]) -> FileRecord | None:
    """The record of the greatest generation. Pure."""
    return max(files, key=lambda file: file.generation, default=None)


def _trace_file(environ: Mapping[str, str], documents: DocumentStore, file: FileRecord | None) -> dict[str, Any]:
    if file is None:
        return {"state": "not claimed", "waiting_for": "land_object"}
    trace = describe_file(file)
    if file.state == "rejected":
        return trace | describe_rejection(environ, file) | {"waiting_for": "nothing: it was rejected"}
    if file.state == "claimed":
        return trace | {"waiting_for": "land_object"}
    if file.batch == PARKED:
        return trace | trace_parked(file)
    if file.batch is None:
        return trace | {"waiting_for": _say_why_it_waits(documents, file)}
    return trace | _trace_batch(documents, file.batch, file.landed.flow)


def _say_why_it_waits(documents: DocumentStore, file: FileRecord) -> str:
    if not has_flow(file.flow or ""):
        return f"a release that has its flow, {file.flow}"
    return describe_claim(_read_hold(documents, file) or read_rest(documents))


def describe_file(file: FileRecord) -> dict[str, Any]:
    """What a file's check made of it. Pure."""
    fact = file.verdict if file.fact is not None else None
    always, sometimes = ("rows", "rows_quarantined", "quarantine_uri", "reason"), ("rescued_uri", "corrects_uri")
    found = {"state": file.state} | {name: getattr(fact, name, None) for name in always}
    found |= {name: getattr(fact, name) for name in sometimes if getattr(fact, name, None)}
    return found | ({"drift": describe_drift(file.drift)} if file.drift else {})


def describe_claim(rest: str) -> str:
    """What a landed file waits for; `rest` is why no run may start now. Pure."""
    return f"the next run: {rest}" if rest else "start_elt to claim it into a batch"


def read_rest(documents: DocumentStore) -> str:
    """Why no ELT run may start by now, by Firestore's clock; empty if one may."""
    return describe_rest_now(HEAD.get(documents), documents)


def _read_hold(documents: DocumentStore, file: FileRecord) -> str:
    """Why a file's flow is held, and what to do; empty if it is not."""
    held = next((one for one in HEAD.get(documents).holds if one.flow == file.flow), None)
    return f"{describe_hold(held)}; {advise_on_hold(held)}" if held else ""


def describe_drift(drift: BronzeContractDrifted) -> list[str]:
    """Each field that drifted, in words, and what its flow's contract makes of it."""
    texts = []
    for field in drift.drifts:
        types = f"{field['declared']} to {field['seen']}" if field.get("declared") else field["seen"]
        policy = drift.policy.get(field["kind"], "quarantine")
        texts.append(f"{field['kind']} {field['field']} ({types}) in {field['rows']} rows: {policy}")
    return texts + ([f"and others, {drift.drifts_further} times"] if drift.drifts_further else [])


def _trace_batch(documents: DocumentStore, number: int, flow: str) -> dict[str, Any]:
    batch, training = BATCHES.expect(documents, number), TRAININGS.get(documents, number)
    found: dict[str, Any] = {"batch": number, "run": batch.execution, "run_state": batch.state}
    if batch.state != "done":
        holds = find_holds(batch, HEAD.get(documents).holds)
        reason = describe_incident(batch, holds) or batch.reason
        found |= ({"run_reason": reason} if reason else {}) | ({"held": [one.flow for one in holds]} if holds else {})
        return found | {"waiting_for": f"its ELT run, which is {batch.state}"}
    return found | {
        "tables": list(find_flow(flow).tables) if has_flow(flow) else [],
        "training_job": training.job if training else None,
        "training": training.reason if training else "not decided yet",
        "waiting_for": "nothing" if training else "start_training",
    }


def list_runs(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every ELT batch, newest first."""
    documents = open_edge(environ).documents
    trainings = dict(TRAININGS.find_all(documents))
    holds = HEAD.get(documents).holds
    runs = [describe_run(int(id), batch, trainings.get(id), holds) for id, batch in BATCHES.find_all(documents)]
    return sorted(runs, key=lambda run: -run["batch"])


def describe_run(
    number: int, batch: BatchRecord, training: TrainingRecord | None, holds: Sequence[Hold] = ()
) -> dict[str, Any]:
    """One batch, and what training made of it. Pure."""
    names = ("dataset_version", "state", "flows", "files", "parked", "dt_from", "dt_to", "execution", "reason", "epoch")
    described = {"batch": number} | {name: getattr(batch, name) for name in names}
    described["held"] = [one.flow for one in find_holds(batch, holds)]
    if batch.incident is not None:
        described["reason"] = describe_incident(batch, find_holds(batch, holds))
    return described | {"training": describe_training(training) if training else None}


def describe_training(record: TrainingRecord) -> dict[str, Any]:
    """Whether, why and under which job a batch is trained on, and how that ended."""
    names = ("train", "superseded", "deferred", "job", "attempts", "ended", "outcome", "ending", "reason")
    return {name: getattr(record, name) for name in names}


def summarize_training(training: Mapping[str, Any] | None) -> str:
    """In a few words, for a table."""
    if training is None:
        return "not decided yet"
    if not training["train"]:
        return f"no: {training['reason']}"
    return f"{training['job']}: {training['outcome'] if training['ended'] else 'under way'}"

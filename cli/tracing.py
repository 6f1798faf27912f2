"""Where is my file, what ran, and why did it not train: read from the state documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.cloud.firestore import Client

from cli.exports import trace_export
from ripple.deployment.tables import FLOW_TABLES
from ripple.state.elt_runs import describe_rest, read_head
from ripple.wire.paths import ObjectRef, split_uri


def trace_object(environ: Mapping[str, str], uri: str) -> dict[str, Any]:
    """How far one Bronze object, or the export of a manifest, has come; `waiting_for` says what it needs next, or nothing."""
    from google.cloud.storage import Client as Storage

    project = environ["GOOGLE_CLOUD_PROJECT"]
    bucket, name = split_uri(uri)
    blob = Storage(project=project).bucket(bucket).get_blob(name)
    if blob is None:
        return {"uri": uri, "state": "missing", "waiting_for": "someone to drop it"}
    ref = ObjectRef(bucket=bucket, name=name, generation=int(blob.generation))
    client = Client(project=project)
    if bucket == f"{project}-landing":
        return {"uri": uri, "generation": ref.generation} | trace_export(client, ref.key)
    file = read_document(client, f"files/{ref.key}")
    trace: dict[str, Any] = {"uri": uri, "generation": ref.generation, "created_at": str(blob.time_created)}
    if file is None:
        return trace | {"state": "not claimed", "waiting_for": "land_object"}
    fact = file.get("fact", {})
    trace |= {
        "state": file["state"],
        **{k: fact.get(k) for k in ("rows", "rows_quarantined", "quarantine_uri", "reason")},
    }
    trace |= {name: fact[name] for name in ("rescued_uri", "corrects_uri") if fact.get(name)}
    trace |= {"drift": describe_drift(file["drift"])} if file.get("drift") else {}
    if file["state"] != "landed":
        return trace | {"waiting_for": "land_object" if file["state"] == "claimed" else "nothing: it was rejected"}
    if file["batch"] is None:
        return trace | {"waiting_for": describe_claim(read_rest(client))}
    return trace | _trace_batch(client, file["batch"], file["flow"])


def describe_claim(rest: str) -> str:
    """What a landed file waits for; `rest` is why no run may start now. Pure."""
    return f"the next run: {rest}" if rest else "start_elt to claim it into a batch"


def read_rest(client: Client) -> str:
    """Why no ELT run may start by now, by Firestore's clock; empty if one may."""
    found = client.document("elt/head").get()
    return describe_rest(read_head(found.to_dict()), found.read_time)


def describe_drift(drift: Mapping[str, Any]) -> list[str]:
    """Each field that drifted, in words, and what its flow's contract makes of it."""
    texts = []
    for field in drift["drifts"]:
        types = f"{field['declared']} to {field['seen']}" if field.get("declared") else field["seen"]
        policy = drift["policy"].get(field["kind"], "quarantine")
        texts.append(f"{field['kind']} {field['field']} ({types}) in {field['rows']} rows: {policy}")
    return texts + ([f"and others, {drift['drifts_further']} times"] if drift["drifts_further"] else [])


def _trace_batch(client: Client, number: int, flow: str) -> dict[str, Any]:
    batch = read_document(client, f"batches/{number}") or {}
    training = read_document(client, f"trainings/{number}") or {}
    found = {"batch": number, "run": batch.get("execution"), "run_state": batch.get("state")}
    if batch.get("state") != "done":
        found |= {"run_reason": batch["reason"]} if batch.get("reason") else {}
        return found | {"waiting_for": f"its ELT run, which is {batch.get('state')}"}
    return found | {
        "tables": list(FLOW_TABLES[flow]),
        "training_job": training.get("job"),
        "training": training.get("reason", "not decided yet"),
        "waiting_for": "nothing" if training else "start_training",
    }


def list_runs(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every ELT batch, newest first."""
    client = Client(project=environ["GOOGLE_CLOUD_PROJECT"])
    trainings = {found.id: found.to_dict() or {} for found in client.collection("trainings").stream()}
    runs = []
    for found in client.collection("batches").stream():
        batch = found.to_dict() or {}
        training = trainings.get(found.id, {})
        runs.append(
            {
                "batch": int(found.id),
                "dataset_version": batch.get("dataset_version"),
                **{name: batch.get(name) for name in ("state", "flows", "files", "execution", "reason", "epoch")},
                "training": describe_training(training) if training else None,
            }
        )
    return sorted(runs, key=lambda run: -run["batch"])


def describe_training(record: Mapping[str, Any]) -> dict[str, Any]:
    """Whether, why and under which job a batch is trained on, and how that ended."""
    names = ("train", "superseded", "deferred", "job", "attempts", "ended", "outcome", "ending")
    return {name: record.get(name) for name in names} | {"reason": str(record["reason"])}


def summarize_training(training: Mapping[str, Any] | None) -> str:
    """In a few words, for a table."""
    if training is None:
        return "not decided yet"
    if not training["train"]:
        return f"no: {training['reason']}"
    return f"{training['job']}: {training['outcome'] if training['ended'] else 'under way'}"


def read_document(client: Client, path: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = client.document(path).get().to_dict()
    return found

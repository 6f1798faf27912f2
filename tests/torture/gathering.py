"""Read the lake at rest through Google's clients, and the state folder's files."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from google.cloud import firestore
from google.cloud.aiplatform_v1 import PipelineServiceClient

from cli.provisioning.clients import AdminClients
from ripple.deployment.routes import BUCKETS
from ripple.gateways.documents import FirestoreDocuments
from ripple.gateways.transport import rest_client
from ripple.state.batches import BATCHES
from ripple.state.files import FILES
from ripple.state.head import HEAD
from ripple.state.outbox import OUTBOX
from ripple.state.trainings import TRAININGS
from tests.torture.verdict import Rest
from tests.torture.writers import COLLECTION, SUBSCRIPTION

SILVER = {
    "sales": ("orders", "order_id"),
    "clickstream": ("clickstream_events", "event_id"),
    "startups": ("startup_events", "event_id"),
}


def gather(clients: AdminClients) -> Rest:
    rest = Rest()
    _gather_objects(clients, rest)
    _gather_documents(clients, rest)
    rest.messages = set(_pull_all(clients))
    _gather_tables(clients, rest)
    _gather_jobs(clients, rest)
    return rest


def _gather_objects(clients: AdminClients, rest: Rest) -> None:
    """The client checks the checksum of what it downloads, and raises if it differs."""
    for bucket in BUCKETS:
        for blob in clients.storage.list_blobs(f"{clients.project}-{bucket}"):
            whole = len(blob.download_as_bytes(checksum="auto")) == blob.size
            if bucket == "bronze":
                rest.bronze.add((f"gs://{blob.bucket.name}/{blob.name}", int(blob.generation)))
                rest.objects[blob.name] = (int(blob.generation), blob.md5_hash)
                rest.whole_objects |= {blob.name} if whole else set()
            if not whole or any(word in blob.name for word in (".part", ".tmp", ".new", "temporary")):
                rest.temporary.append(f"{bucket}/{blob.name}")


def _gather_documents(clients: AdminClients, rest: Rest) -> None:
    client = firestore.Client(project=clients.project)
    rest.documents = {d.id: d.get("n") for d in client.collection(COLLECTION).stream()}
    documents = FirestoreDocuments(client)
    rest.files = [file for _, file in FILES.find_all(documents)]
    batches = {int(number): batch for number, batch in BATCHES.find_all(documents)}
    rest.batches = {number: batch.state for number, batch in batches.items()}
    rest.head = HEAD.get(documents)
    rest.outbox = len(list(OUTBOX.find_all(documents)))
    trainings = {int(number): training for number, training in TRAININGS.find_all(documents)}
    rest.last_training = trainings[max(trainings)] if trainings else None
    rest.newest_dataset = batches[max(batches)].dataset_version or ""


def _pull_all(clients: AdminClients) -> Iterator[str]:
    subscription, empty = f"projects/{clients.project}/subscriptions/{SUBSCRIPTION}", 0
    while empty < 3:
        received = clients.subscriber.pull(subscription=subscription, max_messages=1000, timeout=30).received_messages
        empty = 0 if received else empty + 1
        yield from (one.message.message_id for one in received)
        if received:
            ids = [one.ack_id for one in received]
            clients.subscriber.acknowledge(subscription=subscription, ack_ids=ids)


def _gather_tables(clients: AdminClients, rest: Rest) -> None:
    query = clients.bigquery.query_and_wait
    for flow, (table, key) in SILVER.items():
        rest.kept[flow] = [row["k"] for row in query(f"SELECT {key} AS k FROM silver.{table}")]
    for row in query("SELECT flow, source_uri, line, line_hash FROM silver.rejected_rows"):
        name = row["source_uri"].removeprefix(f"gs://{clients.project}-bronze/")
        where = (row["line_hash"], None) if row["flow"] == "sales" else (name, row["line"])
        rest.refused[row["flow"], *where] += 1
    rest.copies = Counter((r["flow"], r["key"]) for r in query("SELECT flow, key FROM silver.duplicate_rows"))
    listed = query("SELECT batch, uri, generation FROM ops.batch_files")
    rest.claimed = [(row["batch"], row["uri"], row["generation"]) for row in listed]
    uneven = query(
        "SELECT source_uri FROM ops.file_counts WHERE count_rows != count_silver + count_rejected + count_duplicate "
        "OR count_quarantined > count_rejected"
    )
    rest.uneven_files = [row["source_uri"] for row in uneven]


def _gather_jobs(clients: AdminClients, rest: Rest) -> None:
    transport = PipelineServiceClient.get_transport_class("rest")
    pipelines = rest_client(PipelineServiceClient, transport, clients.environ["RIPPLE_ENDPOINT_VERTEX"])
    for job in pipelines.list_pipeline_jobs(parent=clients.parent):
        rest.jobs.append((job.runtime_config.parameter_values["dataset_version"], job.state.name))


def find_traces(state: Path) -> list[str]:
    """Of a stopped laptop: drafts and parts of no upload, contents of no object, half-written records."""
    with closing(sqlite3.connect(state / "storage" / "storage.sqlite")) as database:
        contents = {row[0] for row in database.execute("SELECT content FROM objects")}
        uploads = {row[0]: json.loads(row[1]) for row in database.execute("SELECT id, body FROM uploads")}
    is_open = {upload for upload, body in uploads.items() if "finished" not in body}
    blobs = [path for path in (state / "storage" / "blobs").rglob("*") if path.is_file()]
    traces = [path for path in blobs if path.stem not in (is_open if path.suffix == ".part" else contents)]
    traces += list((state / "storage" / "parts").glob("*")) + list(
        (state / "bigquery" / "objects").glob("*/converting-*")
    )
    traces += [path for path in (state / "bigquery" / "jobs").iterdir() if path.suffix not in (".json", ".arrow")]
    return [path.relative_to(state).as_posix() for path in traces + list(state.glob("*.new"))]

"""`ripple why` explains in a sentence, from the state documents and what the ledger says is stalled."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.firestore import Client as Firestore
from typer.testing import CliRunner

from cli.explaining import describe_stall, explain_batch, explain_object, explain_replay
from cli.exports import describe_export, explain_export
from cli.main import app
from ripple.state.caps import HOUR, Starts
from ripple.state.elt_runs import write_head
from ripple.state.export_plan import ExportPlan
from ripple.state.head import Head
from ripple.wire.paths import ObjectRef
from tests.cli.conftest import Laptop

CASES = yaml.safe_load((Path(__file__).parent / "explanations.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"][:60])
def test_it_is_said_in_a_sentence(case: dict[str, Any]) -> None:
    stalled = case.get("stalled", [])
    if "object" in case:
        said = explain_object(case["object"], stalled)
    elif "export" in case:
        trace = describe_export("k-1", case["export"], case.get("slices", []))
        said = explain_export(trace, describe_stall(stalled, ("sales.",)))
    elif "replay" in case:
        said = explain_replay("r-1", case["replay"])
    else:
        said = explain_batch("3", case["batch"], case.get("training"), stalled, case.get("waits", ""))
    assert said == case["says"]


def test_a_stalled_fact_is_found_in_the_ledger(laptop: Laptop) -> None:
    bucket = laptop.clients.storage.bucket(f"{laptop.clients.project}-bronze")
    bucket.blob("sales/dt=2026-01-01/lost.parquet").upload_from_string(b"x")
    uri = f"gs://{bucket.name}/sales/dt=2026-01-01/lost.parquet"
    stalled = {
        "stalled": uri,
        "expected": "bronze.object.landed.v1",
        "of": "land_object",
        "since": "1",
        "reason": "lost",
    }
    row = {
        "message_id": "1",
        "publish_time": "2026-03-01T00:00:00Z",
        "data": json.dumps(stalled),
        "attributes": '{"ce-id": "s", "ce-type": "run.stalled.v1"}',
    }
    assert laptop.clients.bigquery.insert_rows_json(f"{laptop.clients.project}.ops.events", [row]) == []
    assert "stalled, as bronze.object.landed.v1 was expected of land_object" in laptop.ripple("why", uri)["reason"]


def test_the_slices_of_a_large_export_are_counted(laptop: Laptop) -> None:
    client = Firestore(project=laptop.clients.project)
    blob = laptop.clients.storage.bucket(f"{laptop.clients.project}-landing").blob("sales/large.json")
    blob.upload_from_string(b"{}")
    ref = ObjectRef(bucket=blob.bucket.name, name=blob.name, generation=int(blob.generation))
    bounds: tuple[str, ...] = ("", "o-4", "o-8", "")
    plan = ExportPlan(
        key=ref.key,
        batch_id="large",
        collection="sales",
        window_from="2026-01-01",
        bounds=bounds,
        rows=(4, 4, 1),
        correlation_id="large",
    )
    client.document(plan.path).set(plan.document())
    client.document(plan.slice_path(1)).set({"export": plan.key, "slice": 1})
    trace = laptop.ripple("where", ref.uri)
    assert (trace["slices_exported"], trace["slices"], trace["slices_missing"]) == (1, 3, [0, 2])
    said = "The export of large has 1 of 3 slices; missing: 0, 2; it waits for its missing slices."
    assert laptop.ripple("why", "large")["reason"] == laptop.ripple("why", ref.uri)["reason"] == said


def test_a_query_that_would_bill_too_much_is_refused_with_the_way_out(laptop: Laptop) -> None:
    query = "SELECT message_id FROM ops.events"
    row = {"message_id": "2", "publish_time": "2026-03-01T00:00:00Z", "attributes": "{}"}
    for table, data in (("events", "{}"), ("dead_letters", "e30=")):
        whole = f"{laptop.clients.project}.ops.{table}"
        assert laptop.clients.bigquery.insert_rows_json(whole, [row | {"data": data}]) == []
    refused = laptop.ripple("sql", "--max-bytes", "1000", query, code=1)
    assert "exceeded limit for bytes billed: 1000. 10485760 or higher" in " ".join(refused.split())
    assert "--max-bytes" in refused
    assert laptop.ripple("sql", "--max-bytes", "10485760", query)["rows"]
    for words in (("events",), ("why", "7"), ("dead-letters",)):
        done = CliRunner().invoke(app, [*words, "--state", str(laptop.state)], env={"RIPPLE_QUERY_BYTES": "1"})
        assert (done.exit_code, "RIPPLE_QUERY_BYTES" in done.stderr) == (1, True), done.output


def test_what_is_no_event_is_listed_all_the_same(laptop: Laptop) -> None:
    topic = f"projects/{laptop.clients.project}/topics/ripple-events"
    for attributes in ({}, {"ce-type": "run.stalled.v1", "ce-id": "garbage"}):
        laptop.clients.publisher.publish(topic, b"not JSON", **attributes).result(30)
    until = time.monotonic() + 30
    while "no event" not in (said := laptop.say("events")):
        assert time.monotonic() < until, said
        time.sleep(0.2)
    assert "There is no batch 7" in laptop.ripple("why", "7")["reason"]


def test_a_file_that_the_cap_holds_is_said_to_wait_and_until_when(laptop: Laptop) -> None:
    store = Firestore(project=laptop.clients.project)
    now = store.document("elt/head").get().read_time
    head = Head(epoch=1, next=2, replays=(1,), starts=Starts(noted=(now,), most=1))
    store.document("elt/head").set(write_head(head))
    store.document("batches/1").set({"state": "done", "files": 1, "flows": ["sales"], "correlation_id": "b"})
    blob = laptop.clients.storage.bucket(f"{laptop.clients.project}-bronze").blob("sales/dt=2026-01-01/held.parquet")
    blob.upload_from_string(b"x")
    ref = ObjectRef(bucket=blob.bucket.name, name=blob.name, generation=blob.generation)
    store.document(f"files/{ref.key}").set({"state": "landed", "batch": None, "fact": {}, "flow": "sales"})
    rest = f"the hour has had its 1 ELT runs; the next may start at {now + HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert laptop.ripple("where", ref.uri)["waiting_for"] == f"the next run: {rest}"
    assert rest in laptop.ripple("why", "1")["reason"]
    for path in ("elt/head", "batches/1", f"files/{ref.key}"):
        store.document(path).delete()


def test_what_is_not_there_is_said(laptop: Laptop) -> None:
    assert "There is no batch 7" in laptop.ripple("why", "7")["reason"]
    assert "There is no batch 7" in laptop.ripple("why", "batches/7")["reason"]
    assert "There is no replay replay-x" in laptop.ripple("why", "replay-x")["reason"]

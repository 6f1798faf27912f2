"""`ripple why` explains in a sentence, from the state documents and what the ledger says is stalled."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.firestore import Client as Firestore
from typer.testing import CliRunner

from cli.attempts import describe_times, list_attempts
from cli.explaining import advise, describe_stall, explain_batch, explain_object, explain_replay
from cli.exports import describe_export, explain_export
from cli.incidents import describe_parked, explain_flow, find_holds
from cli.main import app
from cli.rejections import summarize
from ripple.state.batches import BATCHES
from ripple.state.caps import HOUR, Starts
from ripple.state.export_plan import ExportPlan, record_plan
from ripple.state.export_slices import EXPORT_SLICES, slice_id
from ripple.state.exports import EXPORTS
from ripple.state.files import FILES, Parking
from ripple.state.head import HEAD, Head
from ripple.state.holds import Hold
from ripple.state.incidents import Incident
from ripple.state.records import read_record as read_nested
from ripple.wire.paths import ObjectRef
from tests.cli.conftest import Laptop
from tests.ripple.state.golden import a_bare_record, a_record

CASES = yaml.safe_load((Path(__file__).parent / "explanations.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"][:60])
def test_it_is_said_in_a_sentence(case: dict[str, Any]) -> None:
    stalled = case.get("stalled", [])
    if "object" in case:
        said = explain_object(case["object"], stalled)
    elif "export" in case:
        slices = [a_record("export_slices", **slice) for slice in case.get("slices", [])]
        trace = describe_export("k-1", read_record("exports", case["export"]), slices)
        said = explain_export(trace, describe_stall(stalled, ("sales.",)))
    elif "replay" in case:
        said = explain_replay("r-1", replace(a_record("replays").plan, **case["replay"]))
    else:
        batch, training = read_record("batches", case["batch"]), read_record("trainings", case.get("training"))
        attempts = list_attempts([event_of(*event) for event in case.get("attempts", [])])
        holds = find_holds(batch, [a_hold(flow) for flow in case.get("holds", ())]) if batch else []
        said = explain_batch(3, batch, training, stalled, case.get("waits", ""), attempts, holds)
    assert said == case["says"]


def a_hold(flow: str) -> Hold:
    since = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    again_at = since + dt.timedelta(minutes=5)
    return Hold(flow=flow, since=since, again_at=again_at, tries=0, reason="silver.orders: no such column")


def event_of(kind: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "time": time, "data": data}


def read_record(name: str, described: dict[str, Any] | None) -> Any:
    """The record of a case. A plan has what every plan has."""
    if described is None:
        return None
    plan = {"collection": "sales", "window_from": "2026-01-01", "correlation_id": "c"} if "bounds" in described else {}
    lists: dict[str, Any] = {key: tuple(value) for key, value in described.items() if isinstance(value, list)}
    if "incident" in described:
        lists["incident"] = read_nested(Incident, described["incident"])
    return a_bare_record(name, **plan | described | lists)


def test_a_flow_says_whether_it_is_held_and_how_it_goes_on() -> None:
    assert explain_flow("sales", [a_hold("clickstream")]) == "Flow sales is not held: its files are run as they come."
    assert explain_flow("sales", [a_hold("sales")]).splitlines() == [
        "Flow sales is held since 2026-03-01T12:00:00Z (silver.orders: no such column), it is tried again from 2026-03-01T12:05:00Z on.",
        "next: fix the cause, then: ripple resume --flow sales",
    ]


def test_files_that_left_a_batch_are_named_with_their_statement_and_the_next_command() -> None:
    why = Parking(batch=3, epoch=9, action="gold.fct_sessions", message="integer overflow: ... + 1", files=1)
    files = [a_record("files", uri=f"gs://b/{number}", batch=0, parking=why) for number in range(5)]
    files[1] = replace(files[1], parking=replace(why, files=40))
    assert describe_parked(3, files) == [
        "parked: gs://b/0 (gold.fct_sessions: integer overflow: ... + 1)",
        "parked: gs://b/1 (gold.fct_sessions: integer overflow: ... + 1; one of 40 among which it was not found)",
        "parked: gs://b/2 (gold.fct_sessions: integer overflow: ... + 1)",
        "and 2 files more parked",
        "next: fix the cause, then: ripple replay --batch 3",
    ]


def test_a_batch_that_is_not_done_names_files_and_the_next_command() -> None:
    batch = a_bare_record("batches", state="parked", files=3)
    assert advise(3, batch, ["gs://b/x.jsonl"]) == [
        "file: gs://b/x.jsonl",
        "and 2 files more",
        "next: fix the cause, then: ripple replay --batch 3",
    ]


def test_a_run_takes_from_its_start_to_its_end() -> None:
    started = event_of("elt.run.started.v1", "2026-03-01T12:00:00Z", {"epoch": 1})
    ended = event_of("elt.run.succeeded.v1", "2026-03-01T12:00:41.500Z", {"epoch": 1})
    assert describe_times(list_attempts([started, ended]))["seconds"] == 41.5
    times = describe_times(list_attempts([started]))
    assert (times["started_at"], times["seconds"], times["attempts"]) == ("2026-03-01T12:00:00Z", None, 1)


def test_the_commonest_code_of_a_rejected_file_is_named_with_its_first_row() -> None:
    rows = [{"code": "wrong_type", "line": 1, "field": "n", "message": "a text", "raw": "{}"}]
    rows += [{"code": "malformed_json", "line": line, "message": "cut", "raw": "{"} for line in (2, 3)]
    said = summarize("too_many_bad_rows", rows)
    assert (said["commonest"], said["example"]) == ("malformed_json in 2 of 3 rows", "line 2: cut: {")
    assert "Correct the line" in said["advice"]
    assert summarize("object_empty", [])["advice"] == "Drop the file again, whole, under a new name."


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
    one = a_record("export_slices", export=plan.key, slice=1)
    client.document(EXPORTS.path(plan.key)).set(EXPORTS.write(record_plan(plan)))
    client.document(EXPORT_SLICES.path(slice_id(plan.key, 1))).set(EXPORT_SLICES.write(one))
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
    laptop.ripple("sql", "DELETE FROM ops.dead_letters WHERE message_id = '2'")


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
    now = store.document(HEAD.path).get().read_time
    head = Head(epoch=1, next=2, replays=(1,), starts=Starts(noted=(now,), most=1))
    store.document(HEAD.path).set(HEAD.collection.write(head))
    store.document(BATCHES.path(1)).set(BATCHES.write(a_record("batches")))
    blob = laptop.clients.storage.bucket(f"{laptop.clients.project}-bronze").blob("sales/dt=2026-01-01/held.parquet")
    blob.upload_from_string(b"x")
    ref = ObjectRef(bucket=blob.bucket.name, name=blob.name, generation=blob.generation)
    store.document(FILES.path(ref.key)).set(FILES.write(a_record("files", batch=None)))
    rest = f"the hour has had its 1 ELT runs; the next may start at {now + HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert laptop.ripple("where", ref.uri)["waiting_for"] == f"the next run: {rest}"
    assert rest in laptop.ripple("why", "1")["reason"]
    for path in (HEAD.path, BATCHES.path(1), FILES.path(ref.key)):
        store.document(path).delete()


def test_what_is_not_there_is_said(laptop: Laptop) -> None:
    assert "There is no batch 7" in laptop.ripple("why", "7")["reason"]
    assert "There is no batch 7" in laptop.ripple("why", "batches/7")["reason"]
    assert "There is no replay replay-x" in laptop.ripple("why", "replay-x")["reason"]

"""`ripple why` explains in a sentence, from the state documents and what the ledger says is stalled."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.explaining import explain_batch, explain_object, explain_replay
from tests.cli.conftest import Laptop

CASES = yaml.safe_load((Path(__file__).parent / "explanations.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"][:60])
def test_it_is_said_in_a_sentence(case: dict[str, Any]) -> None:
    stalled = case.get("stalled", [])
    if "object" in case:
        said = explain_object(case["object"], stalled)
    elif "replay" in case:
        said = explain_replay("r-1", case["replay"])
    else:
        said = explain_batch("3", case["batch"], case.get("training"), stalled)
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


def test_what_is_no_event_is_listed_all_the_same(laptop: Laptop) -> None:
    topic = f"projects/{laptop.clients.project}/topics/ripple-events"
    for attributes in ({}, {"ce-type": "run.stalled.v1", "ce-id": "garbage"}):
        laptop.clients.publisher.publish(topic, b"not JSON", **attributes).result(30)
    until = time.monotonic() + 30
    while "no event" not in (said := laptop.say("events")):
        assert time.monotonic() < until, said
        time.sleep(0.2)
    assert "There is no batch 7" in laptop.ripple("why", "7")["reason"]


def test_what_is_not_there_is_said(laptop: Laptop) -> None:
    assert "There is no batch 7" in laptop.ripple("why", "7")["reason"]
    assert "There is no batch 7" in laptop.ripple("why", "batches/7")["reason"]
    assert "There is no replay replay-x" in laptop.ripple("why", "replay-x")["reason"]

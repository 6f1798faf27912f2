"""What a process logs of facts: enough to count and to follow them, nothing of what rows hold."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from ripple.errors import PermanentError
from ripple.handling import log_records
from ripple.handling.shell import handle
from ripple.handling.stating import Cause, send, state_as
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected, EltRunFailed
from tests.functions.fakes import NOW, FakeEdge

LANDED = BronzeObjectLanded(
    flow="sales", uri="gs://b/sales/a.parquet", generation=7, dt="2026-01-01", bytes=90, rows=10, rows_quarantined=2
)


class Recorder(logging.Handler):
    """Keeps each line as Cloud Logging would parse it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(log_records.JsonRecord())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    recorder, level = Recorder(), log_records.LOGGER.level
    log_records.LOGGER.addHandler(recorder)
    log_records.LOGGER.setLevel(logging.INFO)
    yield recorder.lines
    log_records.LOGGER.removeHandler(recorder)
    log_records.LOGGER.setLevel(level)


def push(data: bytes, kind: str) -> Request:
    headers = {"ce-specversion": "1.0", "ce-id": "e1", "ce-type": kind, "ce-source": "//ripple/workflows/run_elt"}
    more = {"ce-time": "2026-01-01T00:00:00Z", "ce-correlationid": "batches/3", "content-type": "application/json"}
    return Request(EnvironBuilder(method="POST", data=data, headers=list((headers | more).items())).get_environ())


def test_a_stated_fact_is_a_line_with_its_identity_and_counts(lines: list[dict[str, Any]]) -> None:
    edge = FakeEdge()
    cause = Cause(event_id="e1", correlation_id="sales-20260101", time=NOW)
    send([state_as(LANDED, "land_object", cause)], edge.publisher, edge.documents)
    (line,) = lines
    assert line == {
        "action": "stated",
        "stage": "land_object",
        "type": "bronze.object.landed.v1",
        "id": "bronze.object.landed.v1/gs://b/sales/a.parquet#7",
        "subject": "gs://b/sales/a.parquet",
        "correlation_id": "sales-20260101",
        "flow": "sales",
        "generation": 7,
        "bytes": 90,
        "rows": 10,
        "rows_quarantined": 2,
        "severity": "INFO",
        "message": "land_object stated bronze.object.landed.v1 of gs://b/sales/a.parquet",
    }


def test_a_fact_that_the_workflow_stated_is_logged_by_the_stage_that_receives_it(lines: list[dict[str, Any]]) -> None:
    failed = EltRunFailed(batch=3, epoch=4, execution="x", state="FAILED", reason="secret", failed_actions=[])
    handle(push(json.dumps(failed.data()).encode(), failed.TYPE), "start_elt", lambda *_: None, FakeEdge())
    (line,) = lines
    assert (line["action"], line["type"], line["state"]) == ("received", "elt.run.failed.v1", "FAILED")
    assert (line["stage"], line["correlation_id"], line["batch"]) == ("start_elt", "batches/3", 3)


def test_no_line_holds_a_reason_that_may_quote_a_row(lines: list[dict[str, Any]]) -> None:
    rejected = BronzeObjectRejected(uri="gs://b/a", generation=1, code="ratio", reason="line 3 holds mia@example.org")

    def react(*_: object) -> None:
        raise PermanentError("path_unsafe", "mia@example.org")

    log_records.write("stated", "land_object", rejected, "c")
    handle(push(b"{}", "unknown.v1"), "land_object", react, FakeEdge())
    handle(push(json.dumps(LANDED.data()).encode(), LANDED.TYPE), "land_object", react, FakeEdge())
    assert [line["action"] for line in lines] == ["stated", "dead_lettered", "received", "dead_lettered"]
    assert "mia@example.org" not in json.dumps(lines)


def test_a_process_writes_each_fact_once_as_json_to_stdout() -> None:
    code = (
        "from ripple.handling import log_records; from tests.ripple.handling.test_log_records import LANDED;"
        "log_records.write_to_stdout(); log_records.write_to_stdout(); log_records.write('stated', 's', LANDED, 'c')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert [json.loads(line)["rows"] for line in run.stdout.splitlines()] == [10]
    assert run.stderr == ""

"""Alerts ask of what is really logged."""

from __future__ import annotations

import re
from pathlib import Path

from ripple.handling.log_records import describe
from ripple.wire.events import CATALOGUE, BronzeObjectLanded, BronzeObjectRejected, TrainingJobFinished

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "infra" / "modules" / "alerts"
LANDED = BronzeObjectLanded(
    flow="sales", uri="gs://b/a", generation=1, dt="2026-01-01", bytes=1, rows=1, rows_quarantined=0
)
REJECTED = BronzeObjectRejected(uri="gs://b/a", generation=1, code="ratio", reason="r", flow="sales")
FINISHED = TrainingJobFinished(
    job="j", batch=1, dataset_version="d", state="failed", outcome="failed", reason="r", metrics={}
)


def logged() -> set[str]:
    return {name for fact in (LANDED, REJECTED, FINISHED) for name in describe("stated", "s", fact, "c")}


def test_metrics_extract_fields_that_a_line_has() -> None:
    code = (ALERTS / "metrics.tf").read_text()
    labels = re.findall(r"^    (\w+) += \"", code.partition("fact_labels = {")[2].partition("}")[0], re.M)
    fields = {*labels, *re.findall(r'field += "(\w+)"', code), *re.findall(r"jsonPayload\.(\w+)", code)} - {"each"}
    assert len(fields) >= 8
    assert fields - logged() == set()


def test_queries_ask_of_facts_that_are_in_the_catalogue() -> None:
    code = "".join((ALERTS / name).read_text() for name in ("queries.tf", "metrics.tf", "dashboard.tf"))
    asked = set(re.findall(r"\b[a-z]+(?:\.[a-z]+)+\.v\d\b", code))
    assert {"elt.run.failed.v1", "run.stalled.v1", "bronze.object.landed.v1"} <= asked
    assert asked - set(CATALOGUE) == set()


def test_every_fact_that_nobody_fixes_has_an_alert() -> None:
    code = (ALERTS / "queries.tf").read_text()
    failures = {kind for kind in CATALOGUE if re.search(r"\.(failed|rejected|stalled)\.", kind)}
    assert {kind for kind in failures if kind not in code} == set()

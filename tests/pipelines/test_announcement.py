"""The fact a job ends with."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from pipelines.repeat_purchase.announcement import make_attributes, make_data
from pipelines.repeat_purchase.job import only_finite

JOB: dict[str, Any] = {"job": "train-1", "batch": 7, "dataset_version": "d41d"}
PROMOTED = {"outcome": "promoted", "reason": "better", "version": "3", "metrics": {"auc": 0.9}}


def test_a_success_reports_what_the_job_recorded() -> None:
    data = make_data(**JOB, succeeded=True, outcome=PROMOTED, failure={"reason": "an older attempt"}, message="")
    assert data == {**JOB, "state": "succeeded", "model": "repeat-purchase", **PROMOTED}


def test_a_failure_reports_the_recorded_reason_before_the_services() -> None:
    data = make_data(**JOB, succeeded=False, outcome=None, failure={"reason": "train: no"}, message="task failed")
    assert data == {**JOB, "state": "failed", "outcome": "failed", "reason": "train: no", "metrics": {}}
    bare = make_data(**JOB, succeeded=False, outcome=None, failure=None, message="out of memory")
    assert bare["reason"] == "out of memory"


def test_the_id_depends_on_the_job_alone() -> None:
    moments = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
    first, second = (make_attributes(job="train-1", correlation_id="c", causation_id="d", time=m) for m in moments)
    assert first["ce-id"] == second["ce-id"] == "training.job.finished.v1/train-1"
    assert (first["ce-time"], first["ce-subject"]) == ("2026-01-01T00:00:00.000000Z", "train-1")


def test_only_finite_numbers_become_metrics() -> None:
    assert only_finite({"a": 1, "b": math.nan, "c": math.inf, "d": "text", "e": True, "f": [1]}) == {"a": 1.0}

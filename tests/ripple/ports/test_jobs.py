"""Executions, generator jobs and training jobs: what starting twice does, and what is said of those that never were."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ripple.ports.conftest import Ports

ARGUMENT = {"batch": 1, "epoch": 1, "seconds": 30, "correlation_id": "c", "causation_id": "d"}


def test_starting_twice_is_two_executions(ports: Ports) -> None:
    executions = ports.get("executions")
    first, second = executions.start(ARGUMENT), executions.start(ARGUMENT)
    assert first != second


def test_a_cancelled_execution_stays_cancelled_and_returned_nothing(ports: Ports) -> None:
    executions = ports.get("executions")
    name = executions.start(ARGUMENT)
    executions.cancel(name)
    assert executions.state(name) == "CANCELLED"
    ports.wait()
    assert executions.state(name) == "CANCELLED"
    assert executions.result(name) is None


def test_an_execution_that_never_was_is_unavailable(ports: Ports) -> None:
    name = "projects/demo-proj/locations/us-central1/workflows/run_elt/executions/none"
    assert ports.get("executions").state(name) == "UNAVAILABLE"


def test_a_generator_job_runs_and_says_how_it_ended(ports: Ports) -> None:
    jobs = ports.get("generator_jobs")
    words = ("--from", "2026-03-01", "--to", "2026-03-02", "--batch-id", "b-1")
    first, second = jobs.run("generate-clickstream", words), jobs.run("generate-clickstream", words)
    assert first != second
    assert jobs.state(first) in ("RUNNING", "SUCCEEDED")


def test_a_generator_execution_that_never_was_is_missing(ports: Ports) -> None:
    name = "projects/demo-proj/locations/us-central1/jobs/generate-clickstream/executions/none"
    assert ports.get("generator_jobs").state(name) == "MISSING"


def test_a_second_submit_of_a_training_job_is_none(ports: Ports) -> None:
    jobs = ports.get("pipeline_jobs")
    spec = json.loads(Path("pipelines/train_repeat_purchase.json").read_text())
    named = ("project", "location", "job", "dataset_version", "snapshot_uri", "models_bucket", "events_topic")
    parameters = dict.fromkeys((*named, "correlation_id", "causation_id", "truth_uri"), "none") | {"batch": 1}
    assert jobs.submit("train-once", spec, parameters, {"ripple-batch": "1"})
    assert not jobs.submit("train-once", spec, parameters, {"ripple-batch": "1"})
    assert jobs.state("train-once") in ("PENDING", "RUNNING", "SUCCEEDED", "FAILED")


def test_a_training_job_that_never_was_is_missing(ports: Ports) -> None:
    assert ports.get("pipeline_jobs").state("train-never") == "MISSING"

"""The committed spec, run for real through Google's clients, on the laptop's Vertex AI."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from cli.laptop_control import pipeline_image
from laptop.tests.conftest import launch, servers
from laptop.tests.vertex.conftest import PARENT, Cloud, connect
from laptop.vertex.server import start
from tests.pipelines.customers import (
    CUTOFFS,
    describe_split,
    make_customers,
    make_parquet,
    make_snapshot,
    make_truth,
)
from tests.pipelines.lake import FakePubSub, FakeStorage

__all__ = ["launch", "servers"]
pytestmark = pytest.mark.timeout(900)
SPEC = json.loads(Path("pipelines/train_repeat_purchase.json").read_text())
ENDED = ("PIPELINE_STATE_SUCCEEDED", "PIPELINE_STATE_FAILED")
TASKS = ["validate-snapshot", "train", "evaluate", "gate", "register", "batch-score", "notify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lake:
    cloud: Cloud
    storage: FakeStorage
    pubsub: FakePubSub


def run(lake: Lake, job: str, **changed: Any) -> Any:
    values = {
        "project": "demo-proj", "location": "us-central1", "job": job, "batch": 7, "dataset_version": "d41d",
        "snapshot_uri": "gs://features/snapshots/batch=7", "models_bucket": "models", "events_topic": "ripple-events",
        "correlation_id": "tick-1", "causation_id": "elt.run.succeeded.v1/7/1", "truth_uri": "gs://control/truth/",
    }  # fmt: skip
    lake.cloud.create(job, SPEC, {**values, **changed}, batch="7")
    return lake.cloud.wait(job, *ENDED)


@pytest.fixture(scope="module")
def lake(launch: Callable[..., Any]) -> Lake:
    storage, pubsub = FakeStorage(), FakePubSub()
    neighbours = {"storage": launch(storage.start).address, "pubsub": launch(pubsub.start).address}
    vertex = launch(start, pipelines=pipeline_image(), **neighbours)
    customers = make_customers(1500, seed=3)
    files = make_snapshot(customers)
    storage.objects |= {f"gs://features/snapshots/batch=7/{name}": data for name, data in files.items()}
    storage.objects["gs://control/truth/customers-0.parquet"] = make_truth(customers)
    return Lake(cloud=connect(vertex.address), storage=storage, pubsub=pubsub)


@pytest.fixture(scope="module")
def first(lake: Lake) -> Any:
    return run(lake, "train-first")


def find_fact(lake: Lake, job: str) -> dict[str, Any]:
    facts = [m for m in lake.pubsub.messages if m.attributes["ce-id"] == f"training.job.finished.v1/{job}"]
    assert len(facts) == 1
    return dict(json.loads(facts[0].data))


def test_the_first_model_is_promoted_and_every_task_reports(lake: Lake, first: Any) -> None:
    assert first.state.name == "PIPELINE_STATE_SUCCEEDED", first.error.message
    assert [task.task_name for task in first.job_detail.task_details] == TASKS
    assert {task.state.name for task in first.job_detail.task_details} == {"SUCCEEDED"}
    fact = find_fact(lake, "train-first")
    assert (fact["state"], fact["outcome"], fact["batch"], fact["version"]) == ("succeeded", "promoted", 7, "1")
    assert fact["metrics"]["auc_recency"] + 0.02 <= fact["metrics"]["auc"] <= 1
    assert fact["metrics"]["efficiency"] > 0.9


def test_the_champion_is_in_the_registry_and_its_card_names_the_snapshot(lake: Lake, first: Any) -> None:
    champion = lake.cloud.models.get_model(name=f"{PARENT}/models/repeat-purchase@champion")
    card = json.loads(lake.storage.objects[f"{champion.artifact_uri}/card.json"])
    assert dict(champion.labels) == {"job": "train-first", "batch": "7"}
    assert card["snapshot_sha256"] in champion.version_description
    assert f"{champion.artifact_uri}/card.md" in lake.storage.objects


def test_every_customer_of_the_score_split_has_a_probability(lake: Lake, first: Any) -> None:
    table = pq.read_table(io.BytesIO(lake.storage.objects["gs://models/scores/batch=7/train-first.parquet"]))
    assert table.num_rows == len(set(table.column("customer_id").to_pylist())) == 1500
    assert all(0 <= p <= 1 for p in table.column("probability").to_pylist())


def test_a_challenger_no_better_than_the_champion_is_kept_out_and_the_job_succeeds(lake: Lake, first: Any) -> None:
    second = run(lake, "train-second", truth_uri="")
    fact = find_fact(lake, "train-second")
    assert second.state.name == "PIPELINE_STATE_SUCCEEDED"
    assert (fact["outcome"], fact["version"]) == ("kept_champion", "2")
    assert "lower bound" in fact["reason"]
    assert fact["metrics"]["auc_champion"] == fact["metrics"]["auc"]
    aliases = {
        v.version_id: list(v.version_aliases)
        for v in lake.cloud.models.list_model_versions(name=f"{PARENT}/models/repeat-purchase")
    }
    assert aliases == {"1": ["default", "champion"], "2": ["challenger"]}


def test_a_job_run_again_after_it_promoted_stands_by_its_decision(lake: Lake, first: Any) -> None:
    lake.cloud.pipelines.delete_pipeline_job(name=f"{PARENT}/pipelineJobs/train-first").result()
    before = dict(lake.storage.objects)
    lake.pubsub.messages.clear()
    assert run(lake, "train-first").state.name == "PIPELINE_STATE_SUCCEEDED"
    fact = find_fact(lake, "train-first")
    assert (fact["outcome"], fact["version"]) == ("promoted", "1")
    assert lake.storage.objects == before


def test_a_job_that_fails_says_why(lake: Lake) -> None:
    job = run(lake, "train-nothing", snapshot_uri="gs://features/snapshots/batch=99")
    fact = find_fact(lake, "train-nothing")
    assert job.state.name == "PIPELINE_STATE_FAILED"
    assert "train: no Parquet file" in job.error.message
    assert (fact["state"], fact["outcome"]) == ("failed", "failed")
    assert "validate_snapshot: InvalidSnapshotError: train: no Parquet file" in fact["reason"]
    assert fact["metrics"] == {}


def test_a_feature_that_nobody_has_is_left_out_and_the_job_succeeds(lake: Lake) -> None:
    nobody = [replace(customer, sessions=np.array([])) for customer in make_customers(600, seed=4)]
    for split in CUTOFFS:
        uri = f"gs://features/snapshots/batch=8/{split}-000.parquet"
        lake.storage.objects[uri] = make_parquet(describe_split(nobody, split))
    job = run(lake, "train-unvisited", batch=8, snapshot_uri="gs://features/snapshots/batch=8", truth_uri="")
    assert job.state.name == "PIPELINE_STATE_SUCCEEDED", job.error.message
    assert find_fact(lake, "train-unvisited")["outcome"] in ("promoted", "kept_champion")

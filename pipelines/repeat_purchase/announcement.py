"""The fact a job ends with: training.job.finished.v1 on the events topic."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pipelines.repeat_purchase.job import MODEL

TYPE = "training.job.finished.v1"
SOURCE = "//ripple/pipelines/train_repeat_purchase"


def make_data(
    *,
    job: str,
    batch: int,
    dataset_version: str,
    succeeded: bool,
    outcome: dict[str, Any] | None,
    failure: dict[str, Any] | None,
    message: str,
) -> dict[str, Any]:
    """The event's data from what the job left behind; `message` is what the service says of a failure."""
    known = outcome or {}
    data: dict[str, Any] = {"job": job, "batch": batch, "dataset_version": dataset_version}
    if succeeded:
        data |= {"state": "succeeded", "outcome": known["outcome"], "reason": known["reason"]}
    else:
        reason = (failure or {}).get("reason") or message or "a task failed"
        data |= {"state": "failed", "outcome": "failed", "reason": reason}
    if "version" in known:
        data |= {"model": MODEL, "version": known["version"]}
    return {**data, "metrics": known.get("metrics", {})}


def make_attributes(
    *, job: str, correlation_id: str, causation_id: str, time: datetime, replay_of: str = ""
) -> dict[str, str]:
    """CloudEvents attributes in Pub/Sub's binary mode; the id depends on the job alone."""
    replayed = {"ce-replayof": replay_of} if replay_of else {}
    return replayed | {
        "ce-specversion": "1.0",
        "ce-id": f"{TYPE}/{job}",
        "ce-type": TYPE,
        "ce-source": SOURCE,
        "ce-subject": job,
        "ce-time": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "ce-correlationid": correlation_id,
        "ce-causationid": causation_id,
        "content-type": "application/json",
    }


def publish(project: str, topic: str, data: dict[str, Any], attributes: dict[str, str]) -> str:
    """Publish and wait; `topic` is a name or a full path. Returns the message id."""
    from google.cloud import pubsub_v1

    path = topic if topic.startswith("projects/") else f"projects/{project}/topics/{topic}"
    with pubsub_v1.PublisherClient() as publisher:
        return str(publisher.publish(path, json.dumps(data, allow_nan=False).encode(), **attributes).result(timeout=60))

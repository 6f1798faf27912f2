"""What a job leaves behind in the models bucket, so that its exit task can report how it went."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.repeat_purchase.store import ArtifactStore

MODEL = "repeat-purchase"


def job_uri(models_bucket: str, job: str, name: str) -> str:
    """Where a job keeps the record called `name`."""
    return f"gs://{models_bucket}/jobs/{job}/{name}"


@contextmanager
def recording_failure(store: ArtifactStore, models_bucket: str, job: str, stage: str) -> Iterator[None]:
    """Keep the reason of a stage's failure for the exit task, to which KFP reports only that something failed."""
    try:
        yield
    except Exception as error:
        reason = f"{stage}: {type(error).__name__}: {error}"
        store.overwrite_json(job_uri(models_bucket, job, "failure.json"), {"stage": stage, "reason": reason})
        raise


def make_outcome(*, promote: bool, reason: str, version: str, evaluation: dict[str, Any]) -> dict[str, Any]:
    """How a job ended that registered a model."""
    return {
        "outcome": "promoted" if promote else "kept_champion",
        "reason": reason,
        "version": version,
        "metrics": only_finite(evaluation),
    }


def only_finite(metrics: dict[str, Any]) -> dict[str, float]:
    """The metrics that are finite numbers; a NaN has no place in a fact."""
    numbers = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}

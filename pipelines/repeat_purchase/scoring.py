"""Score the test customers with every model that is compared, and keep the rankings for the gate."""

from __future__ import annotations

import io
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa

from pipelines.repeat_purchase import model as models
from pipelines.repeat_purchase.evaluation import Scores
from pipelines.repeat_purchase.metrics import Labels


def score_test(table: pa.Table, model_folder: str, champion: bytes | None) -> Scores:
    """Scores of the table's rows by the job's own models, and by the champion's `model.joblib` if there is one."""
    return Scores(
        challenger=models.predict(joblib.load(f"{model_folder}/model.joblib"), table),
        logistic=models.predict(joblib.load(f"{model_folder}/logistic.joblib"), table),
        recency=models.rank_by_recency(table),
        champion=None if champion is None else models.predict(joblib.load(io.BytesIO(champion)), table),
    )


def write_rankings(file: Path, labels: Labels, scores: Scores) -> None:
    """What the gate compares: `labels`, `challenger`, and `champion` if there is one, each of shape [rows]."""
    rankings = {"labels": labels, "challenger": scores.challenger}
    if scores.champion is not None:
        rankings["champion"] = scores.champion
    with file.open("wb") as target:
        np.savez(target, allow_pickle=False, **rankings)

"""Measure a challenger on the test customers, beside its baselines, the champion and the theoretical limit."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.repeat_purchase import bayes, metrics

if TYPE_CHECKING:
    from pipelines.repeat_purchase.store import ArtifactStore

LEAK_STANDARD_ERRORS = 3.0


class LeakError(RuntimeError):
    """The challenger ranks better than anyone could without knowing the future."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores of the same test customers, each of shape [rows]; `champion` None when there is none."""

    challenger: metrics.Array
    logistic: metrics.Array
    recency: metrics.Array
    champion: metrics.Array | None


def evaluate(labels: metrics.Labels, scores: Scores) -> dict[str, Any]:
    """The evaluation record, less the theoretical limit."""
    record: dict[str, Any] = {
        "auc": metrics.measure_auc(labels, scores.challenger),
        "auc_recency": metrics.measure_auc(labels, scores.recency),
        "auc_logistic": metrics.measure_auc(labels, scores.logistic),
        "auc_standard_error": metrics.standard_error(labels, scores.challenger),
        "brier": metrics.measure_brier(labels, scores.challenger),
        "brier_logistic": metrics.measure_brier(labels, scores.logistic),
        "lift_top_decile": metrics.measure_lift(labels, scores.challenger),
        "test_rows": len(labels),
        "test_rate": float(labels.mean()),
        "calibration": metrics.tabulate_calibration(labels, scores.challenger),
    }
    if scores.champion is not None:
        record["auc_champion"] = metrics.measure_auc(labels, scores.champion)
    return record


def hold_against_limit(table: pa.Table, scores: metrics.Array, truth: dict[str, float]) -> dict[str, float]:
    """AUC_star and efficiency over the customers the truth knows; LeakError above AUC_star + 3 standard errors.

    Truth of other cutoffs knows none of them: then `truth_rows` is 0 and there is no limit to report.
    """
    rows, p_star = bayes.match_truth(table.column("customer_id").to_pylist(), truth)
    if len(rows) == 0:
        return {"truth_rows": 0.0}
    labels = np.asarray(table.column("label").to_numpy(), dtype=np.int64)[rows]
    auc, error = metrics.measure_auc(labels, scores[rows]), metrics.standard_error(labels, scores[rows])
    limit = bayes.auc_star(p_star)
    if auc > limit + LEAK_STANDARD_ERRORS * error:
        raise LeakError(f"AUC {auc:.4f} is above the Bayes optimum {limit:.4f} by more than 3 SE ({error:.4f}): a leak")
    if not math.isfinite(limit):
        raise ValueError(f"AUC_star is {limit} over {len(rows)} customers")
    return {"auc_bayes": limit, "efficiency": bayes.efficiency(auc, limit), "truth_rows": float(len(rows))}


def read_truth(store: ArtifactStore, truth_uri: str, cutoff: object) -> dict[str, float]:
    """customer_id to p_star of the truth's rows at `cutoff`, from every Parquet file under the prefix."""
    truth: dict[str, float] = {}
    for uri in store.list_uris(truth_uri, ".parquet"):
        table = pq.read_table(io.BytesIO(store.read(uri)), columns=["customer_id", "cutoff_at", "p_star"])
        rows = zip(*(table.column(name).to_pylist() for name in ("customer_id", "cutoff_at", "p_star")), strict=True)
        truth |= {customer: p_star for customer, cutoff_at, p_star in rows if cutoff_at == cutoff}
    return truth

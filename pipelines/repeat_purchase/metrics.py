"""Measures of a ranking, with NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def measure_auc(labels: Labels, scores: Array) -> float:
    """Area under the ROC curve, ties half; NaN when one class is absent."""
    return float(_weighted_auc(labels, _group_ties(scores), np.ones(len(labels))))


def _group_ties(scores: Array) -> NDArray[np.intp]:
    return np.unique(scores, return_inverse=True)[1]


def _weighted_auc(labels: Labels, groups: NDArray[np.intp], weights: Array) -> float:
    positive = np.bincount(groups, weights=weights * labels)
    negative = np.bincount(groups, weights=weights * (1 - labels))
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float((positive * (below + negative / 2)).sum() / pairs) if pairs else float("nan")


def standard_error(labels: Labels, scores: Array) -> float:
    """Standard error of the AUC (DeLong)."""
    positive, negative = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    placed_positive = _placements(positive, negative)
    placed_negative = _placements(negative, positive)
    variance = placed_positive.var(ddof=1) / len(positive) + placed_negative.var(ddof=1) / len(negative)
    return float(np.sqrt(variance))


def _placements(values: Array, others: Array) -> Array:
    below = np.searchsorted(others, values, "left") + np.searchsorted(others, values, "right")
    return np.asarray(below / (2 * len(others)), dtype=float)


def bootstrap_differences(labels: Labels, challenger: Array, champion: Array, samples: int, seed: int) -> Array:
    """AUC of challenger minus champion on `samples` paired resamples of the same customers, shape [samples]."""
    random = np.random.default_rng(seed)
    ours, theirs = _group_ties(challenger), _group_ties(champion)
    size = len(labels)
    differences = np.empty(samples)
    for i in range(samples):
        weights = np.bincount(random.integers(0, size, size), minlength=size).astype(float)
        differences[i] = _weighted_auc(labels, ours, weights) - _weighted_auc(labels, theirs, weights)
    return differences


def measure_brier(labels: Labels, scores: Array) -> float:
    """Mean squared error of probabilities."""
    return float(np.mean((scores - labels) ** 2))


def tabulate_calibration(labels: Labels, scores: Array, bins: int = 10) -> list[dict[str, Any]]:
    """Equal-count bins by score, lowest first: rows, mean score, observed rate."""
    parts = np.array_split(np.argsort(scores, kind="stable"), bins)
    return [
        {"rows": len(part), "predicted": float(scores[part].mean()), "observed": float(labels[part].mean())}
        for part in parts
        if len(part)
    ]


def measure_lift(labels: Labels, scores: Array, share: float = 0.1) -> float:
    """How many times likelier to buy the top `share` by score is than everyone."""
    top = np.argsort(-scores, kind="stable")[: max(1, round(len(scores) * share))]
    return float(labels[top].mean() / labels.mean())

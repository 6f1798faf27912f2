"""The theoretical limit: how well anyone could rank these customers, from the truth the generator kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def auc_star(p_star: Array) -> float:
    """Expected AUC of ranking by the true probabilities `p_star` (shape [n]); ties count half.

    Sort by p: sum_i p_i (sum_{j<i} (1 - p_j) + ties / 2) / (sum p * sum (1 - p)).
    """
    values, groups = np.unique(p_star, return_inverse=True)
    positive = np.bincount(groups, weights=p_star, minlength=len(values))
    negative = np.bincount(groups, weights=1.0 - p_star, minlength=len(values))
    below = np.concatenate(([0.0], np.cumsum(negative)[:-1]))
    ties = np.bincount(groups, weights=p_star * (1.0 - p_star), minlength=len(values))
    # A customer is never paired with itself: its own p(1 - p) leaves both the ties and the number of pairs.
    pairs = p_star.sum() * (1.0 - p_star).sum() - ties.sum()
    return float((positive * below + (positive * negative - ties) / 2).sum() / pairs)


def match_truth(customers: Sequence[str], truth: dict[str, float]) -> tuple[NDArray[np.intp], Array]:
    """Positions of the customers the truth knows, and their p_star."""
    known = [i for i, customer in enumerate(customers) if customer in truth]
    return np.array(known, dtype=np.intp), np.array([truth[customers[i]] for i in known], dtype=float)


def efficiency(auc: float, best: float) -> float:
    """How much of the rankable signal was found: (AUC - 0.5) / (AUC_star - 0.5)."""
    return (auc - 0.5) / (best - 0.5)

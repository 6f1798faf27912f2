"""When a challenger becomes champion."""

from __future__ import annotations

import math

import pytest

from pipelines.repeat_purchase.gate import decide


@pytest.mark.parametrize(
    ("auc", "recency", "bound", "promote", "said"),
    [
        (0.80, 0.70, None, True, "first model: beats recency by +0.1000"),
        (0.71, 0.70, None, False, "less than the 0.02"),
        (0.80, 0.70, 0.001, True, "+0.0010, above 0"),
        (0.80, 0.70, 0.0, False, "not above 0"),
        (0.80, 0.70, -0.01, False, "not above 0"),
        (math.nan, 0.70, None, False, "not finite: AUC"),
        (0.80, math.inf, 0.1, False, "not finite: recency AUC"),
        (0.80, 0.70, math.nan, False, "not finite: lower bound"),
    ],
)
def test_only_evidence_promotes(auc: float, recency: float, bound: float | None, promote: bool, said: str) -> None:
    decision = decide(auc=auc, auc_recency=recency, lower_bound=bound)
    assert decision.promote is promote
    assert said in decision.reason

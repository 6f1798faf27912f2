"""Whether a challenger becomes champion. Pure: numbers in, a decision with its reason out."""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST_MODEL_MARGIN = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """`lower_bound` is the 2.5 % bound of challenger minus champion, None when there is no champion."""

    promote: bool
    reason: str
    lower_bound: float | None = None


def decide(*, auc: float, auc_recency: float, lower_bound: float | None) -> GateDecision:
    """Promote on evidence only; a number that is not finite never promotes."""
    numbers = {"AUC": auc, "recency AUC": auc_recency, "lower bound": 0.0 if lower_bound is None else lower_bound}
    broken = [name for name, number in numbers.items() if not math.isfinite(number)]
    if broken:
        return GateDecision(promote=False, reason=f"not finite: {', '.join(broken)}")
    if lower_bound is None:
        return _decide_first(auc, auc_recency)
    relation = "above 0" if lower_bound > 0 else "not above 0"
    reason = f"paired bootstrap lower bound of challenger minus champion is {lower_bound:+.4f}, {relation}"
    return GateDecision(promote=lower_bound > 0, reason=reason, lower_bound=lower_bound)


def _decide_first(auc: float, auc_recency: float) -> GateDecision:
    margin = auc - auc_recency
    promote = margin >= FIRST_MODEL_MARGIN
    relation = "at least" if promote else "less than"
    reason = f"first model: beats recency by {margin:+.4f}, {relation} the {FIRST_MODEL_MARGIN} asked for"
    return GateDecision(promote=promote, reason=reason)

"""Metrics, the theoretical limit and the leak check, on a world whose probabilities are known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pipelines.repeat_purchase import bayes, metrics
from pipelines.repeat_purchase.evaluation import LeakError, Scores, evaluate, hold_against_limit
from tests.pipelines.customers import CUTOFFS, describe_split, find_p_star, make_customers

CUSTOMERS = [c for c in make_customers(3000, seed=5) if c.orders[0] < CUTOFFS["test"]]
TABLE = pa.Table.from_pylist(describe_split(CUSTOMERS, "test"))
LABELS = TABLE.column("label").to_numpy()
P_STAR = np.array([find_p_star(customer, CUTOFFS["test"]) for customer in CUSTOMERS])
TRUTH = dict(zip(TABLE.column("customer_id").to_pylist(), P_STAR.tolist(), strict=True))


def test_auc_counts_ordered_pairs_and_ties_half() -> None:
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 2, 60), random.integers(0, 9, 60).astype(float)
    above = scores[labels == 1][:, None] - scores[labels == 0][None, :]
    assert metrics.measure_auc(labels, scores) == pytest.approx(((above > 0) + (above == 0) / 2).mean())


def test_auc_star_is_what_the_true_probabilities_achieve_on_average() -> None:
    random = np.random.default_rng(1)
    drawn = [metrics.measure_auc((random.random(len(P_STAR)) < P_STAR).astype(int), P_STAR) for _ in range(200)]
    assert bayes.auc_star(P_STAR) == pytest.approx(np.mean(drawn), abs=0.001)


def test_customers_alike_cannot_be_ranked() -> None:
    assert bayes.auc_star(np.full(10, 0.3)) == pytest.approx(0.5)


def test_the_true_probabilities_are_calibrated_in_this_world() -> None:
    for row in metrics.tabulate_calibration(LABELS, P_STAR, bins=5):
        assert row["observed"] == pytest.approx(row["predicted"], abs=0.06)


def test_the_best_possible_ranking_is_no_leak() -> None:
    found = hold_against_limit(TABLE, P_STAR, TRUTH)
    assert found["efficiency"] == pytest.approx(1.0, abs=0.03)
    assert found["truth_rows"] == len(LABELS)


def test_a_ranking_that_knows_the_label_is_a_leak() -> None:
    with pytest.raises(LeakError, match="above the Bayes optimum"):
        hold_against_limit(TABLE, P_STAR + LABELS, TRUTH)


def test_truth_about_nobody_in_the_test_set_reports_no_limit() -> None:
    assert hold_against_limit(TABLE, P_STAR, {}) == {"truth_rows": 0.0}


def test_the_standard_error_matches_the_bootstrap() -> None:
    nothing = np.zeros(len(LABELS))
    spread = metrics.bootstrap_differences(LABELS, P_STAR, nothing, 500, seed=1).std()
    assert metrics.standard_error(LABELS, P_STAR) == pytest.approx(spread, rel=0.15)


def test_the_evaluation_has_no_champion_when_there_is_none() -> None:
    scores = Scores(challenger=P_STAR, logistic=P_STAR, recency=P_STAR, champion=None)
    record = evaluate(LABELS, scores)
    assert "auc_champion" not in record
    assert record["lift_top_decile"] > 1

"""The Bayes chances are true chances: checked against what the simulated customers then did."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from generators.arrays import Bools, Floats
from generators.bayes import auc_star, observe, p_star
from generators.lives import live_through
from generators.people import BLOCK, Block, build_block, count_blocks
from generators.world import DAY_MS, World, date_ms

WORLD = World(seed=7, customers=40_000)
END_MS = date_ms(dt.date(2026, 11, 1))
CUTOFF_MS = END_MS - 90 * DAY_MS


def who_ordered(block: Block) -> Bools:
    ordered = np.zeros(BLOCK, dtype=np.bool_)
    for lives in live_through(WORLD, block, END_MS):
        after = (lives.at_ms > CUTOFF_MS) & (lives.at_ms <= END_MS)
        ordered[lives.customer[after]] = True
    return ordered


@pytest.fixture(scope="module")
def outcome() -> tuple[Floats, Bools]:
    """Chances at the cutoff and what then happened."""
    chances, labels = [], []
    for index in range(count_blocks(WORLD, CUTOFF_MS)):
        block = build_block(WORLD, index)
        seen = observe(WORLD, block, CUTOFF_MS)
        chances.append(p_star(seen))
        labels.append(who_ordered(block)[seen.number - block.first_number])
    return np.concatenate(chances), np.concatenate(labels)


def auc(scores: Floats, labels: Bools) -> float:
    """By counting pairs: the share of (ordered, did not) that the scores rank right."""
    _, ranks, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle: Floats = np.cumsum(counts) - (counts - 1) / 2
    ours = int(labels.sum())
    return float((middle[ranks][labels].sum() - ours * (ours + 1) / 2) / (ours * (len(labels) - ours)))


def test_the_chances_rank_as_well_as_they_claim_to(outcome: tuple[Floats, Bools]) -> None:
    chances, labels = outcome
    assert abs(auc(chances, labels) - auc_star(chances)) < 0.006


def test_the_chances_are_calibrated_in_every_tenth(outcome: tuple[Floats, Bools]) -> None:
    chances, labels = outcome
    for tenth in np.array_split(np.argsort(chances), 10):
        expected = chances[tenth].mean()
        error = 4 * np.sqrt(expected * (1 - expected) / len(tenth))
        assert abs(labels[tenth].mean() - expected) < error


def test_the_problem_is_neither_trivial_nor_hopeless(outcome: tuple[Floats, Bools]) -> None:
    assert 0.8 < auc_star(outcome[0]) < 0.92


def test_the_best_area_of_a_few_chances_is_what_counting_all_outcomes_gives() -> None:
    chances = np.array([0.2, 0.5, 0.5, 0.9])
    wins = sum(
        p * (1 - q) * (1.0 if p > q else 0.5 if p == q else 0.0) for p in chances.tolist() for q in chances.tolist()
    )
    assert auc_star(chances) == pytest.approx(wins / (chances.sum() * (1 - chances).sum()))


def test_no_chances_have_no_area() -> None:
    assert np.isnan(auc_star(np.array([])))

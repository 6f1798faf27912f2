"""Rows by which a deployment proves itself are in silver, and nobody downstream sees them."""

from __future__ import annotations

import re

import pytest

from tests.sql.project import compile_graph, definitions_of, statements

READERS = [
    action
    for action in definitions_of(compile_graph(7))
    if action.kind == "tables"
    and action.target.startswith(("gold.", "features."))
    and {"silver.startup_events", "silver.startup_events_versions"} & set(action.needs)
]


def test_somebody_reads_what_canaries_are_in() -> None:
    assert {action.target for action in READERS} >= {"gold.dim_startup", "features.cutoffs", "features.training_set"}


@pytest.mark.parametrize("action", READERS, ids=lambda action: action.target)
def test_every_read_of_startup_events_below_silver_leaves_canaries_out(action: object) -> None:
    for exists in (True, False):
        for statement in statements(action, exists=exists, columns=[]):  # type: ignore[arg-type]
            reads = len(re.findall(r"silver\.startup_events(?:_versions)?`", statement))
            excludes = len(re.findall(r"NOT STARTS_WITH\(startup_id, 'canary-'\)", statement))
            assert reads == excludes

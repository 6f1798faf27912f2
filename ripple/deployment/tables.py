"""The tables that an ELT run writes. Held against the compiled Dataform project by a test."""

from __future__ import annotations

from ripple.flows import DECLARED


def list_published() -> tuple[str, ...]:
    """A run replaces in them what its objects delivered, and the current rows of the keys that those have, in one transaction a flow."""
    return tuple(table for flow in DECLARED.read_all() for table in flow.tables if not table.startswith("gold."))


BATCH_TABLES = (
    "features.cutoffs",
    "features.scoring_set",
    "features.snapshot_versions",
    "features.test_set",
    "features.training_set",
)
"""Incremental: a run deletes and inserts the rows of its batch, and touches no other."""


def list_whole() -> tuple[str, ...]:
    """Rebuilt by every run that has files of their flow, from all of silver."""
    fed = (table for flow in DECLARED.read_all() for table in flow.feeds if table.startswith("gold."))
    return tuple(table for table in fed if table not in VIEWS)


VIEWS = (
    "gold.agg_customer_value",
    "gold.agg_daily_revenue",
    "gold.agg_startup_funding",
    "gold.dim_date",
    "ops.batch_files",
    "ops.file_counts",
    "ops.quarantine_open",
    "silver.corrections",
    "silver.duplicate_rows",
    "silver.kept_keys",
    "silver.rejected_rows",
)
"""Read from what is there when they are asked. The first action of a run makes each again."""


def list_written() -> tuple[str, ...]:
    """All that a run writes."""
    return (*list_published(), *BATCH_TABLES, *list_whole())

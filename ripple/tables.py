"""The tables that an ELT run writes. Held against the compiled Dataform project by a test."""

from __future__ import annotations

BATCH_TABLES = (
    "silver.clickstream_events",
    "silver.corrections",
    "silver.duplicate_rows",
    "silver.order_items",
    "silver.orders",
    "silver.rejected_rows",
    "silver.startup_events",
    "features.cutoffs",
    "features.scoring_set",
    "features.snapshot_versions",
    "features.test_set",
    "features.training_set",
    "ops.batch_files",
    "ops.file_counts",
)
"""Incremental: a run deletes and inserts the rows of its batch, and touches no other."""

WHOLE_TABLES = (
    "gold.agg_daily_revenue",
    "gold.dim_customer",
    "gold.dim_date",
    "gold.dim_startup",
    "gold.fct_sales",
    "gold.fct_sessions",
)
"""Built anew by every run, from all of silver."""

VIEWS = ("ops.quarantine_open",)
"""Made anew by every run, and read from what is there when they are asked."""

WRITTEN = (*BATCH_TABLES, *WHOLE_TABLES, *VIEWS)
"""All that a run writes."""

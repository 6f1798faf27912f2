"""The tables that an ELT run writes. Held against the compiled Dataform project by a test."""

from __future__ import annotations

from collections.abc import Mapping

FLOW_TABLES: Mapping[str, tuple[str, ...]] = {
    "sales": (
        "silver.orders",
        "silver.order_items",
        "gold.agg_daily_revenue",
        "gold.dim_customer",
        "gold.fct_sales",
    ),
    "clickstream": ("silver.clickstream_events", "gold.fct_sessions"),
    "startups": ("silver.startup_events", "gold.dim_startup"),
}
"""The tables of one flow alone. The first is its silver table, which holds each row that was kept once."""


def _of_flows(layer: str) -> tuple[str, ...]:
    return tuple(table for tables in FLOW_TABLES.values() for table in tables if table.startswith(f"{layer}."))


BATCH_TABLES = (
    *_of_flows("silver"),
    "silver.corrections",
    "silver.duplicate_rows",
    "silver.rejected_rows",
    "features.cutoffs",
    "features.scoring_set",
    "features.snapshot_versions",
    "features.test_set",
    "features.training_set",
    "ops.batch_files",
    "ops.file_counts",
)
"""Incremental: a run deletes and inserts the rows of its batch, and touches no other."""

WHOLE_TABLES = (*_of_flows("gold"), "gold.dim_date")
"""Rebuilt by every run, from all of silver."""

VIEWS = ("ops.quarantine_open",)
"""Rebuilt by every run, and read from what is there when they are asked."""

WRITTEN = (*BATCH_TABLES, *WHOLE_TABLES, *VIEWS)
"""All that a run writes."""

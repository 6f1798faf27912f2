"""The tables that an ELT run writes. Held against the compiled Dataform project by a test."""

from __future__ import annotations

from collections.abc import Mapping

FLOW_TABLES: Mapping[str, tuple[str, ...]] = {
    "sales": (
        "silver.orders",
        "silver.orders_versions",
        "silver.orders_rejected",
        "silver.order_items",
        "ops.orders_objects",
        "gold.dim_customer",
        "gold.fct_sales",
    ),
    "clickstream": (
        "silver.clickstream_events",
        "silver.clickstream_events_versions",
        "silver.clickstream_events_rejected",
        "ops.clickstream_events_objects",
        "gold.fct_sessions",
    ),
    "startups": (
        "silver.startup_events",
        "silver.startup_events_versions",
        "silver.startup_events_rejected",
        "ops.startup_events_objects",
        "gold.dim_startup",
    ),
}
"""The tables of one flow alone. The first is its silver table, which holds the current row of each key."""


def _of_flows(*layers: str) -> tuple[str, ...]:
    return tuple(table for tables in FLOW_TABLES.values() for table in tables if table.startswith(layers))


PUBLISHED_TABLES = _of_flows("silver.", "ops.")
"""A run replaces in them what its objects delivered, and the current rows of the keys that those have, in one transaction a flow."""

BATCH_TABLES = (
    "features.cutoffs",
    "features.scoring_set",
    "features.snapshot_versions",
    "features.test_set",
    "features.training_set",
)
"""Incremental: a run deletes and inserts the rows of its batch, and touches no other."""

WHOLE_TABLES = _of_flows("gold.")
"""Rebuilt by every run that has files of their flow, from all of silver."""

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
"""Read from what is there when they are asked. The first action of a run makes them anew."""

WRITTEN = (*PUBLISHED_TABLES, *BATCH_TABLES, *WHOLE_TABLES)
"""All that a run writes."""

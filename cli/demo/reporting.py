"""The summary that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def print_summary(result: Mapping[str, Any], console: Console) -> None:
    table = Table("flow", "rows in", "silver", "quarantined", "duplicates", "objects", title="Every row accounted for")
    for flow, counts in result["flows"].items():
        table.add_row(flow, *(f"{count:,}" for count in counts.values()))
    console.print(table)
    stages = ", ".join(f"{stage} {seconds} s" for stage, seconds in result["stages"].items())
    console.print(f"{sum(result['events'].values())} events in {result['seconds']} s: {stages}")
    model = result["model"]
    if model["auc"] is not None:
        console.print(
            f"model {model['version']}: AUC {model['auc']:.4f}, Bayes optimum {model['auc_bayes'] or float('nan'):.4f}, "
            f"efficiency {model['efficiency']}, recency alone {model['auc_recency']:.4f}"
        )
    console.print(
        "look next: ripple runs | ripple events | ripple where gs://... | ripple sql 'SELECT ...' | ripple down"
    )

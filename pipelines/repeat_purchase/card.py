"""The model card: what was trained on what, how good it is, and why it was or was not promoted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.repeat_purchase.job import only_finite


def trace_lineage(snapshot: Mapping[str, Any], artifact_uri: str) -> dict[str, str]:
    """What the model was made from, by the metadata of its snapshot, and where it is."""
    return {
        "snapshot_uri": snapshot["snapshot_uri"],
        "snapshot_sha256": snapshot["sha256"],
        "dataset_version": snapshot["dataset_version"],
        "artifact_uri": artifact_uri,
    }


def make_card(
    *, job: str, batch: int, version: str, lineage: dict[str, str], evaluation: dict[str, Any], decision: dict[str, Any]
) -> dict[str, Any]:
    """The card as a JSON record; `lineage` as `trace_lineage` gives it."""
    return {
        "model": "repeat-purchase",
        "version": version,
        "job": job,
        "batch": batch,
        **lineage,
        "promoted": decision["promote"],
        "reason": decision["reason"],
        "metrics": only_finite(evaluation),
        "calibration": evaluation["calibration"],
    }


def write_markdown(card: dict[str, Any]) -> str:
    """The same card for people."""
    verdict = "promoted to champion" if card["promoted"] else "kept as challenger"
    facts = ("job", "batch", "snapshot_uri", "snapshot_sha256", "dataset_version", "artifact_uri")
    lines = [f"# {card['model']} version {card['version']}", "", f"{verdict}: {card['reason']}", ""]
    lines += [f"- {name}: `{card[name]}`" for name in facts]
    lines += ["", "| metric | value |", "|---|---|"]
    lines += [f"| {name} | {value:.4f} |" for name, value in sorted(card["metrics"].items())]
    lines += ["", "| bin | rows | predicted | observed |", "|---|---|---|---|"]
    lines += [
        f"| {i} | {row['rows']} | {row['predicted']:.3f} | {row['observed']:.3f} |"
        for i, row in enumerate(card["calibration"], 1)
    ]
    return "\n".join(lines) + "\n"

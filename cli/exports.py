"""How far an export of sales has come: its plan, and the slices that recorded themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ripple.ports import DocumentStore
from ripple.state.export_plan import ExportPlan, find_missing, read_plan
from ripple.state.export_slices import EXPORT_SLICES, ExportSliceRecord
from ripple.state.exports import EXPORTS, PLANNED, ExportRecord

_NAMED = 20
_MOST = 1000
"""Exports of one batch: the first, and its replays."""


def trace_export(documents: DocumentStore, key: str) -> dict[str, Any]:
    """What `exports/{key}` and its slices say; `waiting_for` is what it needs next, or nothing."""
    record = EXPORTS.get(documents, key)
    plan = read_plan(key, record) if record else None
    slices = EXPORT_SLICES.find(documents, plan.slices, export=key) if plan else ()
    return describe_export(key, record, [found for _, found in slices])


def find_exports(documents: DocumentStore, batch_id: str) -> list[str]:
    """Keys of the exports of a batch: the first, and those of its replays."""
    mine = EXPORTS.find(documents, _MOST, batch_id=batch_id)
    return sorted((key for key, _ in mine), key=lambda key: (len(key), key))


def describe_export(key: str, record: ExportRecord | None, slices: Sequence[ExportSliceRecord]) -> dict[str, Any]:
    """Pure."""
    if record is None:
        return {"export": key, "state": "not known", "waiting_for": "export_sales"}
    names = ("state", "batch_id", "reason")
    trace = {"export": key} | {name: getattr(record, name) for name in names if getattr(record, name)}
    plan = read_plan(key, record)
    return trace | (_describe_slices(plan, slices) if plan else {"waiting_for": "nothing"})


def _describe_slices(plan: ExportPlan, slices: Sequence[ExportSliceRecord]) -> dict[str, Any]:
    missing = find_missing(plan, slices)
    waiting = "nothing"
    if plan.state == PLANNED:
        waiting = "its missing slices" if missing else "someone to look whether all slices are there"
    return {
        "slices": plan.slices,
        "slices_exported": plan.slices - len(missing),
        "slices_missing": missing[:_NAMED],
        "requests": plan.requests,
        "waiting_for": waiting,
    }


def explain_export(trace: Mapping[str, Any], stuck: str) -> str:
    """In a sentence; `stuck` says what was expected of whom. Pure."""
    name = f"The export of {trace['batch_id']}" if "batch_id" in trace else f"Export {trace['export']}"
    if "slices" not in trace:
        return f"{name} is {trace['state']}{_because(trace)}; it waits for {trace['waiting_for']}."
    far = f"{trace['slices_exported']} of {trace['slices']} slices"
    if trace["state"] != PLANNED:
        return f"{name} is {trace['state']}{_because(trace)}: {far}."
    missing = f"; missing: {', '.join(map(str, trace['slices_missing']))}" if trace["slices_missing"] else ""
    return f"{name} has {far}{missing}; it waits for {trace['waiting_for']}{stuck and ', ' + stuck}."


def _because(trace: Mapping[str, Any]) -> str:
    return f" ({trace['reason']})" if trace.get("reason") else ""

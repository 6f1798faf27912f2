"""How far an export of sales has come: its plan, and the slices that recorded themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud.firestore import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from ripple.state.export_plan import EXPORTS, PLANNED, SLICES, ExportPlan, find_missing, is_plan, read_plan

_NAMED = 20


def trace_export(client: Client, key: str) -> dict[str, Any]:
    """What `exports/{key}` and its slices say; `waiting_for` is what it needs next, or nothing."""
    record = client.document(f"{EXPORTS}/{key}").get().to_dict()
    mine = client.collection(SLICES).where(filter=FieldFilter("export", "==", key)) if is_plan(record) else None
    return describe_export(key, record, [found.to_dict() or {} for found in mine.stream()] if mine else [])


def find_exports(client: Client, batch_id: str) -> list[str]:
    """Keys of the exports of a batch: the first, and those of its replays."""
    mine = client.collection(EXPORTS).where(filter=FieldFilter("batch_id", "==", batch_id))
    return sorted((found.id for found in mine.stream()), key=lambda key: (len(key), key))


def describe_export(key: str, record: Mapping[str, Any] | None, slices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Pure."""
    if record is None:
        return {"export": key, "state": "not known", "waiting_for": "export_sales"}
    names = ("state", "batch_id", "reason")
    trace = {"export": key} | {name: record[name] for name in names if record.get(name)}
    if not is_plan(record):
        return trace | {"waiting_for": "nothing"}
    return trace | _describe_slices(read_plan(key, record), slices)


def _describe_slices(plan: ExportPlan, slices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
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

"""Export sales from Firestore to Parquet in Bronze: a manifest's batch, or what changed in a window.

What fits one slice is exported in the call that brings it. A larger export is planned in slices, each a message of its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from functions.export_sales.exporting import ExportSalesPorts, export_batch, export_window
from functions.export_sales.manifests import BatchManifest, fetch_manifest
from functions.export_sales.planning import measure_batch, measure_changes, merge, rows_per_slice
from functions.export_sales.slicing import export_slice, keep_plan, request_missing, request_slices
from ripple.errors import PermanentError
from ripple.flows import load_contract
from ripple.handling.shell import Finalized, Payload
from ripple.handling.stating import Cause, correlated
from ripple.ports import ChangeRange
from ripple.ports.holders import HasObjects, HasSales, HasSettings, StatingPorts
from ripple.rows.contracts import Contract
from ripple.rows.timestamps import read_moment
from ripple.state.export_plan import ExportPlan, expect_plan, read_plan
from ripple.state.exports import EXPORTED, EXPORTS, PLANNED, REFUSED, ExportRecord
from ripple.wire.events import ReplayRunStarted, SalesExportRequested, SalesSliceRequested
from ripple.wire.limits import fit
from ripple.wire.paths import ObjectRef, split_uri

LoadContract = Callable[[str], Contract]
_COLLECTION = "sales"


class PlanPorts(HasSales, HasSettings, Protocol):
    """What is measured, and how much of it a slice takes."""


def react(payload: Payload, cause: Cause, ports: ExportSalesPorts, load: LoadContract = load_contract) -> None:
    """Export a slice, a manifest's batch, again where a replay or `sweep` names the manifest, or what changed in a window."""
    if isinstance(payload, SalesSliceRequested):
        export_slice(payload, cause, ports, load("sales"))
    elif isinstance(payload, ReplayRunStarted):
        for ref in find_manifests(payload, ports):
            react_to_manifest(ref, cause, ports, load, payload)
    elif isinstance(payload, Finalized):
        react_to_manifest(payload.ref, cause, ports, load)
    elif isinstance(payload, SalesExportRequested):
        react_to_request(payload, cause, ports, load)
    else:
        raise PermanentError("event_unexpected", "export_sales reacts to manifests, export requests and their slices")


def find_manifests(replay: ReplayRunStarted, ports: HasObjects) -> list[ObjectRef]:
    """The manifests that a replay names; other kinds of replays are other stages' business."""
    uris = replay.targets if replay.kind == "manifest" else ()
    return [ports.objects.stat(*split_uri(uri)).ref for uri in uris]


def react_to_manifest(
    ref: ObjectRef, cause: Cause, ports: ExportSalesPorts, load: LoadContract, replay: ReplayRunStarted | None = None
) -> None:
    """Go on with the plan of its batch, or make one, or export it here; `exports/{key}` says what became of it."""
    known = EXPORTS.get(ports.documents, ref.key)
    plan = read_plan(ref.key, known) if known else None
    if plan is not None:
        go_on(plan, cause, ports, again=replay is not None and not replay.is_upkeep)
        return
    try:
        manifest = fetch_manifest(ref, ports)
        line = correlated(cause, cause.correlation_id, manifest.batch_id)
        line = line if replay else correlated(cause, manifest.batch_id)
        if known is None and needs_slices(manifest, ports.settings.export_rows_per_slice):
            go_on(keep_plan(plan_batch(manifest, ref, line, ports), ports), line, ports)
            return
        export_batch(manifest, line, ports, load("sales"))
    except PermanentError as error:
        refused = ExportRecord(state=REFUSED, reason=fit(str(error), 4096), uri=ref.uri, generation=ref.generation)
        EXPORTS.create(ports.documents, ref.key, refused)
        raise
    exported = ExportRecord(state=EXPORTED, batch_id=manifest.batch_id, uri=ref.uri, generation=ref.generation)
    EXPORTS.create(ports.documents, ref.key, exported)


def needs_slices(manifest: BatchManifest, most: int) -> bool:
    """Of more documents than a slice takes, and with a sum that slices can be held against. Pure.

    What was exported in one call is stated again in one call: its objects have their names by then.
    """
    return manifest.count > most and manifest.id_sum is not None


def plan_batch(manifest: BatchManifest, ref: ObjectRef, line: Cause, ports: PlanPorts) -> ExportPlan:
    most = rows_per_slice(manifest.count, ports.settings.export_rows_per_slice)
    slices = merge(measure_batch(manifest, most, ports.sales), most)
    return ExportPlan(
        key=ref.key,
        batch_id=manifest.batch_id,
        collection=manifest.collection,
        window_from=manifest.window_from,
        bounds=(*(begin for begin, _ in slices), ""),
        rows=tuple(rows for _, rows in slices),
        correlation_id=line.correlation_id,
        replay_of=line.replay_of,
        uri=ref.uri,
        generation=ref.generation,
        id_sum=manifest.id_sum,
    )


def react_to_request(asked: SalesExportRequested, cause: Cause, ports: ExportSalesPorts, load: LoadContract) -> None:
    """Go on with the window's plan, or make one, or export it here. The plan's key is the batch's name."""
    wanted = ChangeRange(
        collection=_COLLECTION, changed_from=_moment(asked.changed_from), changed_to=_moment(asked.changed_to)
    )
    line = correlated(cause, asked.batch_id)
    known = EXPORTS.get(ports.documents, asked.batch_id)
    if known is not None:
        go_on(expect_plan(asked.batch_id, known), line, ports)
        return
    rows = ports.sales.count(wanted)
    if rows > ports.settings.export_rows_per_slice:
        go_on(keep_plan(plan_window(asked.batch_id, wanted, rows, line, ports), ports), line, ports)
    else:
        export_window(asked.batch_id, wanted, rows, line, ports, load("sales"))


def _moment(text: str) -> dt.datetime:
    try:
        return read_moment(text)
    except ValueError as error:
        raise PermanentError("event_malformed", str(error)) from None


def plan_window(batch_id: str, wanted: ChangeRange, rows: int, line: Cause, ports: PlanPorts) -> ExportPlan:
    most = rows_per_slice(rows, ports.settings.export_rows_per_slice)
    slices = merge(measure_changes(wanted, rows, most, ports.sales), most)
    return ExportPlan(
        key=batch_id,
        batch_id=batch_id,
        collection=wanted.collection,
        window_from=wanted.changed_from.date().isoformat(),
        bounds=(*(begin for begin, _ in slices), wanted.changed_to),
        rows=tuple(rows for _, rows in slices),
        correlation_id=line.correlation_id,
    )


def go_on(plan: ExportPlan, cause: Cause, ports: StatingPorts, *, again: bool = False) -> None:
    """Ask for slices: for all that nobody asked for yet; again for those that did not come; and for all of a plan that is done."""
    if not again:
        if plan.state == PLANNED and not plan.requests:
            line = correlated(cause, plan.correlation_id, plan.replay_of)
            request_slices(plan, range(plan.slices), line, ports)
        return
    line = correlated(cause, cause.correlation_id, plan.batch_id)
    if plan.state == PLANNED:
        request_missing(plan, line, ports)
        return
    repeated = keep_plan(repeat_plan(plan, line), ports)
    if repeated.state == PLANNED and not repeated.requests:
        request_slices(repeated, range(repeated.slices), line, ports)


def repeat_plan(plan: ExportPlan, line: Cause) -> ExportPlan:
    """The same slices once more, on the line of a replay: what is in Bronze stays, what is gone comes back."""
    name = hashlib.sha256(line.correlation_id.encode()).hexdigest()[:12]
    return replace(
        plan,
        key=f"{plan.key}-{name}",
        state=PLANNED,
        correlation_id=line.correlation_id,
        replay_of=line.replay_of,
        requests=0,
        requested_at=None,
    )

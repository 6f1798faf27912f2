"""Protocols that lack one layer of several that cover for each other: each is tried with the layers beside it off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, TypeVar

from functions.export_sales.exporting import PAGE_SIZE, note_ids
from functions.export_sales.slicing import close_plan, find_records, record
from functions.export_sales.stage import react as export_sales
from functions.export_sales.writing import Slice, keep_slice, write_slice
from functions.replay.stage import fire
from functions.sweep.arrivals import land_unannounced
from functions.sweep.runs import describe_end, end_silent_run
from ripple.flows import load_contract
from ripple.handling.shell import Command, Payload
from ripple.handling.stating import Cause, correlated, send, state_as
from ripple.ports import Document, Transaction
from ripple.replaying.commands import read_request, replay_id_of
from ripple.replaying.gathering import make_plan
from ripple.rows.checksums import IdSum
from ripple.state.batches import BATCHES
from ripple.state.claims import CLAIMS, claim_id
from ripple.state.export_plan import ExportPlan, describe_finished, expect_plan
from ripple.state.export_slices import EXPORT_SLICES, slice_id
from ripple.state.exports import EXPORTS
from ripple.state.files import FILES
from ripple.state.head import HEAD
from ripple.state.outbox import OUTBOX
from ripple.state.trainings import TRAININGS
from ripple.wire.events import ReplayRunPlanned, SalesExportFinished, SalesSliceRequested
from tests.choreography.simulator.documents import SteppedDocuments, SteppedTransaction

T = TypeVar("T")


class _KeepsEpoch(SteppedTransaction):
    """A retry of the live batch runs under the epoch of the run that failed."""

    live: Document | None = None

    def get(self, path: str) -> Document | None:
        found = SteppedTransaction.get(self, path)
        if path == HEAD.path and found:
            self.live = found.get("run")
        return found

    def set(self, path: str, document: Document) -> None:
        run, live = document.get("run"), self.live
        if path == HEAD.path and run and live and run["batch"] == live["batch"]:
            document = {**document, "epoch": live["epoch"], "run": {**run, "epoch": live["epoch"]}}
        elif live and path == BATCHES.path(live["batch"]):
            document = {**document, "epoch": live["epoch"]}
        SteppedTransaction.set(self, path, document)


class _LaterUnknown(SteppedTransaction):
    """Knows of no other batch's training."""

    own: str | None = None

    def get(self, path: str) -> Document | None:
        if path.startswith(TRAININGS.path("")):
            self.own = self.own or path
            if path != self.own:
                return None
        return SteppedTransaction.get(self, path)


class _EndsUnsent(SteppedTransaction):
    """An export's end is stated, and kept nowhere until it is."""

    def set(self, path: str, document: Document) -> None:
        if not path.startswith(OUTBOX.path(SalesExportFinished.TYPE)):
            SteppedTransaction.set(self, path, document)


def within(kind: type[SteppedTransaction]) -> Callable[[Any], SteppedDocuments]:
    """Documents whose transactions are of another kind."""

    class Documents(SteppedDocuments):
        def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
            def changed(transaction: Any, now: dt.datetime) -> T:
                return work(kind(transaction.store, transaction.plain, transaction.opened), now)

            return SteppedDocuments.run(self, changed)

    return lambda world: Documents(world.engine, world.documents)


keeps_epoch, later_unknown, ends_unsent = within(_KeepsEpoch), within(_LaterUnknown), within(_EndsUnsent)


def speak_without_the_claim(now: dt.datetime, cause: Cause, edge: Any) -> None:
    """Ends a run that nobody claimed, and leaves its claim to whoever wakes later."""
    run = HEAD.get(edge.documents).run
    if run is None or CLAIMS.get(edge.documents, claim_id(run.batch, run.epoch)) is not None:
        end_silent_run(now, cause, edge)
    elif now >= run.lease_until:
        fact = describe_end(run, "none", "UNAVAILABLE", None)
        send([state_as(fact, "sweep", cause, now)], edge.publisher, edge.documents)


class _ClaimedIsLanded:
    """Ports whose documents show every claimed file as one that has landed."""

    def __init__(self, ports: Any) -> None:
        self._ports = ports

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ports, name)

    @property
    def documents(self) -> Any:
        return self

    def get_many(self, paths: Sequence[str]) -> Mapping[str, Document]:
        found = self._ports.documents.get_many(paths)
        return {
            path: {**held, "state": "landed"} if path.startswith(FILES.path("")) else held
            for path, held in found.items()
        }

    def get(self, path: str) -> Document | None:
        found: Document | None = self._ports.documents.get(path)
        return found

    def run(self, work: Any) -> Any:
        return self._ports.documents.run(work)

    def delete(self, path: str) -> None:
        self._ports.documents.delete(path)


def land_only_the_unclaimed(now: dt.datetime, cause: Cause, edge: Any) -> None:
    """Announces what nobody claimed, and no file whose handler died after its claim."""
    land_unannounced(now, cause, _ClaimedIsLanded(edge))


def plan_at_each_command(payload: Payload, cause: Cause, edge: Any) -> None:
    """Each delivery of a command plans by what stands then."""
    assert isinstance(payload, Command)
    request = read_request(payload.body, edge.settings)
    plan = make_plan(request, edge)
    replay_id = request.replay_id or replay_id_of(cause.event_id)
    planned = ReplayRunPlanned(replay_id=replay_id, dry_run=request.dry_run, **plan.data())
    line = correlated(cause, replay_id, plan.replay_of)
    send([state_as(planned, "replay", line)], edge.publisher, edge.documents)
    if planned.targets and not planned.dry_run:
        fire(planned, line, cause.time, edge)


def count_before_recording(payload: Payload, cause: Cause, edge: Any) -> None:
    """Looks whether all other slices are there, and then records its own: of the last two, each sees the other missing."""
    if not isinstance(payload, SalesSliceRequested):
        export_sales(payload, cause, edge)
        return
    plan = expect_plan(payload.export, EXPORTS.expect(edge.documents, payload.export))
    id = slice_id(plan.key, payload.slice)
    others = {found.slice for found in find_records(plan, edge)} - {payload.slice}
    if EXPORT_SLICES.get(edge.documents, id) is None:
        record(plan, payload.slice, *_write_unchecked(plan, payload.slice, edge), cause, edge)
    if len(others) == plan.slices - 1:
        _finish(plan, cause, edge)


def _write_unchecked(plan: ExportPlan, number: int, edge: Any) -> tuple[Any, str]:
    """As the stage writes a slice, whatever its plan promised of it."""
    ids = IdSum()
    made = Slice(batch_id=plan.batch_id, number=number, of=plan.slices, day=plan.window_from)
    with closing(made):
        pages = edge.sales.pages(plan.range_of(number), PAGE_SIZE)
        write_slice(made, note_ids(pages, ids.add), load_contract("sales"), edge.settings)
        fact = keep_slice(made, plan.slices, edge.objects, edge.settings)[0] if made.rows else None
    return fact, ids.hexdigest()


def _finish(plan: ExportPlan, cause: Cause, edge: Any) -> None:
    finished = describe_finished(plan, find_records(plan, edge))
    send(close_plan(plan, finished, "", cause, edge), edge.publisher, edge.documents)


def believe_what_was_read(payload: Payload, cause: Cause, edge: Any) -> None:
    """Holds neither a slice against its plan nor their sum against the promise."""
    if not isinstance(payload, SalesSliceRequested):
        export_sales(payload, cause, edge)
        return
    plan = expect_plan(payload.export, EXPORTS.expect(edge.documents, payload.export))
    if EXPORT_SLICES.get(edge.documents, slice_id(plan.key, payload.slice)) is None:
        record(plan, payload.slice, *_write_unchecked(plan, payload.slice, edge), cause, edge)
    if len(find_records(plan, edge)) == plan.slices:
        _finish(plan, cause, edge)

"""Protocols that look right and are not: each replaces one decision, handler or port. The simulator must catch them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from functions.land_object.stage import react as land_object
from functions.start_batch.stage import react as start_batch
from functions.start_elt.finishing import finish_run
from functions.start_elt.stage import react as start_elt
from functions.start_elt.stage import start_execution
from functions.sweep.arrivals import land_unannounced
from functions.sweep.exports import end_silent_exports
from functions.sweep.runs import describe_end, end_silent_run, kick_waiting
from functions.sweep.silence import state_silence
from functions.sweep.stage import PARTS
from functions.sweep.stage import react as sweep
from functions.sweep.training import revive_training
from ripple.handling.shell import Command, Finalized, Payload
from ripple.handling.stating import Cause, send, state_as
from ripple.ports import Document, Transaction
from ripple.state.files import FILES
from ripple.state.head import HEAD
from ripple.state.outbox import OUTBOX
from ripple.state.trainings import TRAININGS
from ripple.wire.events import EltRunFailed, EltRunSucceeded
from tests.choreography.simulator.broken_exports import (
    finishing,
    plan_at_each_delivery,
    with_the_last_number,
    without_asking_whether_it_was,
)
from tests.choreography.simulator.broken_incidents import (
    LeavesUnsettledRows,
    ParksInSilence,
    TriesNothing,
    forget_holds,
    judge_without_a_trial,
)
from tests.choreography.simulator.broken_layers import (
    believe_what_was_read,
    count_before_recording,
    ends_unsent,
    keeps_epoch,
    land_only_the_unclaimed,
    later_unknown,
    plan_at_each_command,
    speak_without_the_claim,
)
from tests.choreography.simulator.broken_locks import ClockOnTheHead, UnisolatedDocuments
from tests.choreography.simulator.documents import SteppedDocuments, SteppedTransaction
from tests.choreography.simulator.ports import SteppedEdge, SteppedObjects, SteppedPipelineJobs
from tests.choreography.simulator.warehouse import Row, Warehouse
from tests.choreography.simulator.workflows import Execution, Workflows
from tests.choreography.simulator.world import HANDLERS, Handler, Protocol

T = TypeVar("T")


def _with(**handlers: Handler) -> Protocol:
    return Protocol(handlers={**HANDLERS, **handlers})


def _sweeping(parts: Sequence[Any]) -> Handler:
    return lambda payload, cause, edge: sweep(payload, cause, edge, parts)


def _without(part: object) -> Handler:
    return _sweeping([kept for kept in PARTS if kept is not part])


def _instead_of(part: object, other: Any) -> Handler:
    return _sweeping([other if kept is part else kept for kept in PARTS])


def finish_without_looking(payload: Payload, cause: Cause, edge: Any, sleep: Any = None) -> None:
    """Frees the head and does not look for files that came meanwhile."""
    if isinstance(payload, EltRunSucceeded | EltRunFailed):
        started = finish_run(payload, cause, edge)
        if started is not None:
            start_execution(started, cause, edge)
    else:
        start_elt(payload, cause, edge, sleep)


def believe_any_epoch(payload: Payload, cause: Cause, edge: Any, sleep: Any = None) -> None:
    """Takes whatever ended for the live run."""
    run = HEAD.get(edge.documents).run
    if run is not None and isinstance(payload, EltRunSucceeded | EltRunFailed):
        payload = replace(payload, batch=run.batch, epoch=run.epoch)
    start_elt(payload, cause, edge, sleep)


def never_expire(now: dt.datetime, cause: Cause, edge: Any) -> None:
    end_silent_run(now - dt.timedelta(days=365), cause, edge)


def expire_by_time(now: dt.datetime, cause: Cause, edge: Any) -> None:
    """Neither asks what the execution does nor ends it."""
    run = HEAD.get(edge.documents).run
    if run is not None and now >= run.lease_until:
        fact = describe_end(run, "unknown", "UNKNOWN", None)
        send([state_as(fact, "sweep", cause)], edge.publisher, edge.documents)


def forget_the_deferred(now: dt.datetime, cause: Cause, edge: Any) -> None:
    """Publishes again datasets that were superseded or never known, and none that met the day's cap."""
    if not any(TRAININGS.find(edge.documents, 1, deferred=True)):
        revive_training(now, cause, edge)


def wait_for_the_next_event(now: dt.datetime, cause: Cause, edge: Any) -> None:
    """Repairs a lost event, and leaves what met the hour's cap to whatever lands next."""
    if len(HEAD.get(edge.documents).starts.noted) < edge.settings.elt_runs_per_hour:
        kick_waiting(now, cause, edge)


class _CountsItself:
    """`elt/head` without its starts: each instance goes by what it counted itself, and it has just been started."""

    def __init__(self, transaction: Any) -> None:
        self._inner = transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get(self, path: str) -> Document | None:
        found: Document | None = self._inner.get(path)
        if found is None or path != HEAD.path:
            return found
        return {name: value for name, value in found.items() if name != "starts"}


class _OwnCountDocuments(SteppedDocuments):
    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        return SteppedDocuments.run(self, lambda transaction, now: work(_CountsItself(transaction), now))


def mark_seen_then_work(payload: Payload, cause: Cause, edge: Any) -> None:
    """Dedupes by a mark that it sets first: who dies after it never comes back."""
    key = payload.ref.key if isinstance(payload, Finalized) else str(hash(payload.replay_id))  # type: ignore[union-attr]
    if edge.documents.create(f"seen/{key}", {}):
        land_object(payload, cause, edge)


class _ForgetfulTransaction(SteppedTransaction):
    def set(self, path: str, document: Document) -> None:
        if not path.startswith(OUTBOX.path("")):
            self.plain.set(path, document)


class _ForgetfulDocuments(SteppedDocuments):
    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        def forgetting(transaction: Any, now: dt.datetime) -> T:
            return work(_ForgetfulTransaction(transaction.store, transaction.plain, transaction.opened), now)

        return SteppedDocuments.run(self, forgetting)


def trust_the_outbox(payload: Payload, cause: Cause, edge: Any) -> None:
    """A retry that finds the verdict leaves the rest to an outbox, which is not there."""
    if isinstance(payload, Finalized):
        known = FILES.get(edge.documents, payload.ref.key)
        if known is not None and known.state != "claimed":
            return
    land_object(payload, cause, edge)


class _LatestOnly:
    """A transaction that shows no waiting file older than the newest claimed one."""

    def __init__(self, transaction: Any) -> None:
        self._inner = transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def find(self, collection: str, where: Mapping[str, object], limit: int) -> Sequence[tuple[str, Document]]:
        found = self._inner.find(collection, where, limit)
        if collection != FILES.name or where.get("state") != "landed":
            return found  # type: ignore[no-any-return]
        claimed = [file for _, file in FILES.find(self._inner, 1000) if file.batch is not None]
        watermark = max((file.landed.dt for file in claimed), default="")
        return [(key, file) for key, file in found if file["dt"] >= watermark]


class _WatermarkDocuments(SteppedDocuments):
    def run(self, work: Callable[[Transaction, dt.datetime], T]) -> T:
        return SteppedDocuments.run(self, lambda transaction, now: work(_LatestOnly(transaction), now))


class _NewestList(SteppedObjects):
    """Each handler of a claim writes the batch's list as it sees it."""

    def create(self, bucket: str, name: str, data: Any, metadata: Mapping[str, str]) -> Any:
        if name.endswith("/claimed.jsonl"):
            return self.engine.step(f"put {name}", lambda: self.held.put(bucket, name, data, metadata))
        return SteppedObjects.create(self, bucket, name, data, metadata)


class _RandomJobs(SteppedPipelineJobs):
    def submit(self, job: str, spec: Any, parameters: Any, labels: Any) -> bool:
        return SteppedPipelineJobs.submit(self, f"{job}-{self.world.engine.steps}", spec, parameters, labels)


def _edge(**ports: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def build(world: Any, settings: Any) -> SteppedEdge:
        edge = SteppedEdge(world, settings)
        for name, make in ports.items():
            setattr(edge, name, make(world))
        return edge

    return build


def name_by_the_clock(payload: Payload, cause: Cause, edge: Any) -> None:
    """The batch's name is when its tick came."""
    if isinstance(payload, Command):
        payload = replace(payload, body={**payload.body, "scheduled_at": payload.published_at.isoformat()})
    start_batch(payload, cause, edge)


class AllOfBronze(Warehouse):
    """Reads what landed so far, not what the batch claimed."""

    def _claimed(self, batch: int, epoch: int, part: int) -> list[dict[str, Any]]:
        landed = [file.landed for _, file in FILES.find(self.world.documents, 1000, state="landed")]
        names = ("flow", "uri", "generation", "dt", "rows", "rows_quarantined", "quarantine_uri")
        neither = {"is_withdrawn": False, "is_tried": False}
        return [{name: getattr(fact, name) for name in names} | neither for fact in landed]


class EarlierOnly(Warehouse):
    """Looks for a key's first delivery in earlier batches only; a batch that was held comes back after later ones."""

    def _split(self, batch: int, files: list[dict[str, Any]]) -> tuple[list[Row], list[Row]]:
        seen = {(row.flow, row.key) for row in self.silver if row.batch < batch}
        kept: list[Row] = []
        aside: list[Row] = []
        for row in self._fresh(batch, files):
            (aside if (row.flow, row.key) in seen else kept).append(row)
            seen.add((row.flow, row.key))
        return kept, aside


class LooksForNone(Workflows):
    """Starts its invocation beside one that is alive and writes the same tables."""

    def find_live(self, batch: int, epoch: int) -> str | None:
        return None


class ClaimsNothing(Workflows):
    def _claim(self, execution: Execution) -> bool:
        execution.claimed = True
        return True


LAND_ALONE = replace(
    Protocol(), sent_back=tuple(stage for stage in HANDLERS if stage != "land_object"), rates={"finalize lost": 0.3}
)
COUNT_ALONE = _with(sweep=_without(end_silent_exports))
ALONE: Mapping[str, Protocol] = {
    "no dead letter of a landing is sent back": LAND_ALONE,
    "no slice is asked for again": COUNT_ALONE,
}
"""The protocol without a layer that covers for another: it must hold all the same."""

BROKEN: Mapping[str, Protocol] = {
    "no re-kick": _with(start_elt=finish_without_looking, sweep=_without(kick_waiting)),
    "no epoch fence": _with(start_elt=believe_any_epoch),
    "lease that never expires": _with(sweep=_instead_of(end_silent_run, never_expire)),
    "lease taken over by time alone": _with(sweep=_instead_of(end_silent_run, expire_by_time)),
    "mark seen, then work": _with(land_object=mark_seen_then_work),
    "outbox missing": Protocol(
        handlers={**HANDLERS, "land_object": trust_the_outbox},
        edge=_edge(documents=lambda world: _ForgetfulDocuments(world.engine, world.documents)),
    ),
    "sweep missing": _with(sweep=lambda payload, cause, edge: None),
    "listing missing": _with(sweep=_without(land_unannounced)),
    "event-time watermark": Protocol(
        edge=_edge(documents=lambda world: _WatermarkDocuments(world.engine, world.documents))
    ),
    "list made by each handler": Protocol(edge=_edge(objects=lambda world: _NewestList(world.engine, world.objects))),
    "random job id": Protocol(edge=_edge(pipeline_jobs=_RandomJobs)),
    "names from the clock": _with(start_batch=name_by_the_clock),
    "all of Bronze now": Protocol(warehouse=AllOfBronze),
    "in-place tables with a live zombie": Protocol(workflows=LooksForNone),
    "no claim before work": Protocol(workflows=ClaimsNothing),
    "transactions that do not isolate": Protocol(
        edge=_edge(documents=lambda world: UnisolatedDocuments(world.engine, world.documents))
    ),
    "clock on the head": Protocol(edge=_edge(documents=lambda world: ClockOnTheHead(world.engine, world.documents))),
    "cap that sweep does not lift": _with(sweep=_instead_of(kick_waiting, wait_for_the_next_event)),
    "cap that forgets the last dataset": _with(sweep=_instead_of(revive_training, forget_the_deferred)),
    "cap counted by each instance": Protocol(
        edge=_edge(documents=lambda world: _OwnCountDocuments(world.engine, world.documents))
    ),
    "duplicates sought in earlier batches only": Protocol(warehouse=EarlierOnly),
    "export finished by the last number": _with(export_sales=finishing(with_the_last_number)),
    "export finished by whoever sees all": _with(export_sales=finishing(without_asking_whether_it_was)),
    "export planned by each delivery": _with(export_sales=plan_at_each_delivery),
    "retry that keeps the epoch": Protocol(edge=_edge(documents=keeps_epoch)),
    "sweep that speaks without the claim": _with(sweep=_instead_of(end_silent_run, speak_without_the_claim)),
    "listing that forgets what is claimed": replace(
        LAND_ALONE, handlers={**HANDLERS, "sweep": _instead_of(land_unannounced, land_only_the_unclaimed)}
    ),
    "older dataset that overtakes": Protocol(edge=_edge(documents=later_unknown)),
    "export not held against its promise": _with(export_sales=believe_what_was_read),
    "slice that nobody counts": replace(
        COUNT_ALONE, handlers={**COUNT_ALONE.handlers, "export_sales": count_before_recording}
    ),
    "replay planned by each delivery": _with(replay=plan_at_each_command),
    "end of an export outside the outbox": Protocol(
        edge=_edge(documents=ends_unsent), rates={"crash": 0.12, "error": 0.12}
    ),
    "silence that nobody reports": _with(sweep=_without(state_silence)),
    "unsettled rows that stay in silver": Protocol(warehouse=LeavesUnsettledRows),
    "trial of nothing": Protocol(warehouse=TriesNothing),
    "files judged before their trial": _with(start_elt=judge_without_a_trial),
    "files parked in silence": Protocol(edge=_edge(publisher=ParksInSilence)),
    "held flow that nobody tries again": _with(sweep=_instead_of(kick_waiting, forget_holds)),
}

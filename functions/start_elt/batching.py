"""The transactions of `start_elt`: each reads the head, lets the state machine decide, and writes what it decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ripple.deployment.settings import Settings
from ripple.handling.stating import Cause
from ripple.ports import DocumentStore, Transaction
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.elt_runs import (
    Claim,
    ask_again,
    claim_next,
    claim_step,
    find_next_step,
    is_live,
    may_claim,
)
from ripple.state.files import is_any_waiting
from ripple.state.head import HEAD, EltRun, Head, TrialFile
from ripple.state.holds import held_flows, try_now
from ripple.state.incidents import note_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run that holds the head and whose execution is to be started, with its batch record."""

    run: EltRun
    batch: BatchRecord


def claim_batch(cause: Cause, documents: DocumentStore, settings: Settings) -> Started | None:
    """Claim a replay, the waiting files, or the next part of an incident; a retry of the claim that crashed before its
    execution takes it up again."""
    lease = dt.timedelta(seconds=settings.elt_lease_seconds)

    def work(transaction: Transaction, now: dt.datetime) -> Started | None:
        head = HEAD.get(transaction)
        if head.run is not None:
            return _take_up(head.run, cause, transaction)
        claim = _claim_files(head, now, lease, cause, transaction, settings.elt_runs_per_hour)
        if claim is not None:
            return _write_claim(claim, cause, transaction)
        return _claim_part(head, now, lease, cause, transaction)

    return documents.run(work)


def _claim_files(
    head: Head, now: dt.datetime, lease: dt.timedelta, cause: Cause, transaction: Transaction, most: int
) -> Claim | None:
    # Under the cap every landed file comes here: it must not look for what waits.
    if not may_claim(head, now, most):
        return None
    waits = is_any_waiting(transaction, held_flows(head.holds))
    return claim_next(head, waits, now, lease, cause.event_id, most)


def _claim_part(
    head: Head, now: dt.datetime, lease: dt.timedelta, cause: Cause, transaction: Transaction
) -> Started | None:
    """What waits goes first; a part is not counted in the hour."""
    batches = {number: BATCHES.expect(transaction, number) for number in head.incidents}
    found = find_next_step(head, {n: one.incident for n, one in batches.items() if one.incident}, now)
    if found is None:
        return None
    number, step = found
    incident = batches[number].incident
    assert incident is not None
    incident = note_start(incident, step)
    claim = claim_step(head, number, step, incident.runs, now, lease, cause.event_id)
    batch = replace(batches[number], epoch=claim.run.epoch, state="claimed", execution="", incident=incident)
    HEAD.set(transaction, claim.head)
    BATCHES.set(transaction, number, batch)
    return Started(run=claim.run, batch=batch)


def _write_claim(claim: Claim, cause: Cause, transaction: Transaction) -> Started:
    run = claim.run
    batch = _open_batch(run, cause) if claim.is_new else _existing_batch(run.batch, run.epoch, transaction)
    HEAD.set(transaction, claim.head)
    BATCHES.set(transaction, run.batch, batch)
    return Started(run=run, batch=batch)


def _take_up(run: EltRun, cause: Cause, transaction: Transaction) -> Started | None:
    batch = BATCHES.get(transaction, run.batch)
    if run.cause != cause.event_id or batch is None or batch.epoch != run.epoch or batch.execution:
        return None
    return Started(run=run, batch=batch)


def _open_batch(run: EltRun, cause: Cause) -> BatchRecord:
    """A batch without files: which ones they are is frozen after the claim."""
    return BatchRecord(
        epoch=run.epoch,
        state="claimed",
        execution="",
        attempts=0,
        listed=False,
        files=0,
        flows=(),
        dt_from="",
        dt_to="",
        correlation_id=BATCHES.path(run.batch),
        correlation_ids=(),
        cause=cause.event_id,
    )


def _existing_batch(number: int, epoch: int, transaction: Transaction) -> BatchRecord:
    batch = BATCHES.expect(transaction, number)
    return replace(batch, epoch=epoch, state="claimed", execution="", attempts=0)


def note_input(started: Started, flows: Sequence[str], smallest: Sequence[TrialFile], documents: DocumentStore) -> bool:
    """Note what the run reads before it begins; False, and nothing noted, once it is over."""

    def work(transaction: Transaction, _now: dt.datetime) -> bool:
        run, head = started.run, HEAD.get(transaction)
        if not is_live(head, run.batch, run.epoch):
            return False
        BATCHES.update(transaction, run.batch, ran=tuple(flows), smallest=tuple(smallest))
        return True

    return documents.run(work)


def note_execution(started: Started, execution: str, documents: DocumentStore) -> None:
    """Name the run's execution, unless the run is over: a handler that slept must not mark a finished batch as running."""

    def work(transaction: Transaction, _now: dt.datetime) -> None:
        run, head = started.run, HEAD.get(transaction)
        batch = BATCHES.get(transaction, run.batch)
        if batch is not None and not batch.execution and is_live(head, run.batch, run.epoch):
            BATCHES.update(transaction, run.batch, execution=execution, state="running")

    documents.run(work)


def request_replays(batches: Sequence[int], replay: str, documents: DocumentStore) -> None:
    """Queue batches to run again with the files they claimed. What a replay asked for once, its second delivery does not."""

    def work(transaction: Transaction, _now: dt.datetime) -> None:
        head = HEAD.get(transaction)
        known = {number: BATCHES.get(transaction, number) for number in batches}
        for number, batch in known.items():
            if batch is None or replay in batch.replays:
                continue
            # Of one that all files have left nothing can run: they come back in another.
            after = head if batch.parked and batch.parked >= batch.files else ask_again(head, number)
            # A replay of a batch that waits or runs already shares that run: the line stays the earlier one's.
            line = {} if after == head else {"replay": replay}
            head = after
            BATCHES.update(transaction, number, replays=(*batch.replays, replay), **line)
        HEAD.set(transaction, head)

    documents.run(work)


def resume(flows: Sequence[str], documents: DocumentStore) -> None:
    """Flows that are held are tried now."""

    def work(transaction: Transaction, now: dt.datetime) -> None:
        head = HEAD.get(transaction)
        if held_flows(head.holds) & set(flows):
            HEAD.set(transaction, replace(head, holds=try_now(head.holds, flows, now)))

    documents.run(work)

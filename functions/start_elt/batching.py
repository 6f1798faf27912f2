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
    free,
    is_live,
    may_claim,
    retry,
)
from ripple.state.files import is_any_waiting
from ripple.state.head import HEAD, EltRun
from ripple.wire.events import EltRunFailed, EltRunSucceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run that holds the head and whose execution is to be started, with its batch record."""

    run: EltRun
    batch: BatchRecord


def claim_batch(cause: Cause, documents: DocumentStore, settings: Settings) -> Started | None:
    """Claim a replay or the waiting files; a retry of the claim that crashed before its execution takes it up again."""

    def work(transaction: Transaction, now: dt.datetime) -> Started | None:
        head = HEAD.get(transaction)
        if head.run is not None:
            return _take_up(head.run, cause, transaction)
        # Under the cap every landed file comes here: it must not look for what waits.
        if not may_claim(head, now, settings.elt_runs_per_hour):
            return None
        lease = dt.timedelta(seconds=settings.elt_lease_seconds)
        waits = is_any_waiting(transaction)
        claim = claim_next(head, waits, now, lease, cause.event_id, settings.elt_runs_per_hour)
        return _write_claim(claim, cause, transaction) if claim else None

    return documents.run(work)


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


def finish_run(
    ended: EltRunSucceeded | EltRunFailed, cause: Cause, documents: DocumentStore, settings: Settings
) -> Started | None:
    """Free the head if it is this run's; after a failure try the batch again, and park it after the last attempt."""
    lease = dt.timedelta(seconds=settings.elt_lease_seconds)

    def work(transaction: Transaction, now: dt.datetime) -> Started | None:
        head = HEAD.get(transaction)
        if not is_live(head, ended.batch, ended.epoch):
            return None
        batch = _note_end(BATCHES.expect(transaction, ended.batch), ended, settings.elt_attempts)
        if batch.state != "claimed":
            HEAD.set(transaction, free(head))
            BATCHES.set(transaction, ended.batch, batch)
            return None
        head = retry(head, now, lease, cause.event_id, settings.elt_runs_per_hour, began=batch.listed)
        assert head.run is not None
        batch = replace(batch, epoch=head.epoch)
        HEAD.set(transaction, head)
        BATCHES.set(transaction, ended.batch, batch)
        return Started(run=head.run, batch=batch)

    return documents.run(work)


def _note_end(batch: BatchRecord, ended: EltRunSucceeded | EltRunFailed, most: int) -> BatchRecord:
    """The batch as its run's end leaves it: done, claimed for another attempt, or parked after the last. Pure."""
    if isinstance(ended, EltRunSucceeded):
        version, snapshot = ended.dataset_version, ended.snapshot_uri
        return replace(batch, state="done", dataset_version=version, snapshot_uri=snapshot, succeeded=ended)
    # No execution began before its files were listed: parked then, its list would name files that a later batch takes.
    attempts = batch.attempts + (1 if batch.listed else 0)
    failed = replace(batch, attempts=attempts, reason=ended.reason)
    if failed.attempts >= most:
        return replace(failed, state="parked")
    return replace(failed, state="claimed", execution="")


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
            after = ask_again(head, number)
            # A replay of a batch that waits or runs already shares that run: the line stays the earlier one's.
            line = {} if after == head else {"replay": replay}
            head = after
            BATCHES.update(transaction, number, replays=(*batch.replays, replay), **line)
        HEAD.set(transaction, head)

    documents.run(work)

"""The transactions of `start_elt`: each reads the head, lets the state machine decide, and writes what it decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ripple.deployment.settings import Settings
from ripple.handling.stating import Cause
from ripple.ports import Document, DocumentStore, Transaction
from ripple.state.elt_runs import (
    Claim,
    ask_again,
    claim_next,
    count_fitting,
    free,
    is_live,
    may_claim,
    read_head,
    retry,
    write_head,
)
from ripple.state.head import EltRun, Head
from ripple.wire.events import EltRunFailed, EltRunSucceeded

HEAD = "elt/head"
WAITING = {"state": "landed", "batch": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run that holds the head and whose execution is to be started, with its batch record."""

    run: EltRun
    batch: Document


def claim_batch(cause: Cause, documents: DocumentStore, settings: Settings) -> Started | None:
    """Claim a replay or the waiting files; a retry of the claim that crashed before its execution takes it up again."""

    def work(transaction: Transaction, now: dt.datetime) -> Started | None:
        head = read_head(transaction.get(HEAD))
        if head.run is not None:
            return _take_up(head.run, cause, transaction)
        # Under the cap every landed file comes here: it must not read all that wait.
        if not may_claim(head, now, settings.elt_runs_per_hour):
            return None
        waiting = _find_waiting(transaction, settings)
        lease = dt.timedelta(seconds=settings.elt_lease_seconds)
        claim = claim_next(head, len(waiting), now, lease, cause.event_id, settings.elt_runs_per_hour)
        return _write_claim(claim, waiting, cause, transaction) if claim else None

    return documents.run(work)


def _find_waiting(transaction: Transaction, settings: Settings) -> Sequence[tuple[str, Document]]:
    waiting = transaction.find("files", WAITING, settings.elt_files_per_batch)
    sizes = [int(file["fact"]["bytes"]) for _, file in waiting]
    return waiting[: count_fitting(sizes, settings.elt_bytes_per_batch)]


def _write_claim(
    claim: Claim, waiting: Sequence[tuple[str, Document]], cause: Cause, transaction: Transaction
) -> Started:
    run = claim.run
    batch = _gather_batch(run, waiting, cause) if claim.is_new else _existing_batch(run.batch, run.epoch, transaction)
    transaction.set(HEAD, write_head(claim.head))
    transaction.set(f"batches/{run.batch}", batch)
    for key, _ in waiting if claim.is_new else ():
        transaction.update(f"files/{key}", {"batch": run.batch})
    return Started(run=run, batch=batch)


def _take_up(run: EltRun, cause: Cause, transaction: Transaction) -> Started | None:
    batch = transaction.get(f"batches/{run.batch}")
    if run.cause != cause.event_id or batch is None or batch["epoch"] != run.epoch or batch["execution"]:
        return None
    return Started(run=run, batch=batch)


def _gather_batch(run: EltRun, waiting: Sequence[tuple[str, Document]], cause: Cause) -> Document:
    days = sorted(file["dt"] for _, file in waiting)
    return {
        "epoch": run.epoch,
        "state": "claimed",
        "execution": "",
        "attempts": 0,
        "files": len(waiting),
        "flows": sorted({file["flow"] for _, file in waiting}),
        "dt_from": days[0],
        "dt_to": days[-1],
        "correlation_id": waiting[0][1]["correlation_id"] if len(waiting) == 1 else f"batches/{run.batch}",
        "correlation_ids": sorted({file["correlation_id"] for _, file in waiting})[:50],
        "cause": cause.event_id,
    }


def _existing_batch(number: int, epoch: int, transaction: Transaction) -> Document:
    batch = transaction.get(f"batches/{number}") or {}
    return batch | {"epoch": epoch, "state": "claimed", "execution": "", "attempts": 0}


def finish_run(
    ended: EltRunSucceeded | EltRunFailed, cause: Cause, documents: DocumentStore, settings: Settings
) -> Started | None:
    """Free the head if it is this run's; after a failure try the batch again, and park it after the last attempt."""
    lease = dt.timedelta(seconds=settings.elt_lease_seconds)

    def work(transaction: Transaction, now: dt.datetime) -> Started | None:
        head = read_head(transaction.get(HEAD))
        if not is_live(head, ended.batch, ended.epoch):
            return None
        path = f"batches/{ended.batch}"
        batch = transaction.get(path) or {}
        if isinstance(ended, EltRunSucceeded):
            batch |= {"state": "done", "dataset_version": ended.dataset_version, "snapshot_uri": ended.snapshot_uri}
            batch |= {"succeeded": ended.data()}
            _free(head, path, batch, transaction)
            return None
        batch |= {"attempts": batch["attempts"] + 1, "reason": ended.reason}
        if batch["attempts"] >= settings.elt_attempts:
            _free(head, path, batch | {"state": "parked"}, transaction)
            return None
        head = retry(head, now, lease, cause.event_id, settings.elt_runs_per_hour)
        assert head.run is not None
        batch |= {"state": "claimed", "execution": "", "epoch": head.epoch}
        transaction.set(HEAD, write_head(head))
        transaction.set(path, batch)
        return Started(run=head.run, batch=batch)

    return documents.run(work)


def _free(head: Head, path: str, batch: Document, transaction: Transaction) -> None:
    transaction.set(HEAD, write_head(free(head)))
    transaction.set(path, batch)


def note_execution(started: Started, execution: str, documents: DocumentStore) -> None:
    """Name the run's execution, unless the run is over: a handler that slept must not mark a finished batch as running."""
    path = f"batches/{started.run.batch}"

    def work(transaction: Transaction, _now: dt.datetime) -> None:
        head = read_head(transaction.get(HEAD))
        batch = transaction.get(path)
        if batch is not None and not batch["execution"] and is_live(head, started.run.batch, started.run.epoch):
            transaction.update(path, {"execution": execution, "state": "running"})

    documents.run(work)


def request_replays(batches: Sequence[int], replay: str, documents: DocumentStore) -> None:
    """Queue batches to run again with the files they claimed. What a replay asked for once, its second telling does not."""

    def work(transaction: Transaction, _now: dt.datetime) -> None:
        head = read_head(transaction.get(HEAD))
        known = {number: transaction.get(f"batches/{number}") for number in batches}
        for number, batch in known.items():
            asked = list((batch or {}).get("replays", ()))
            if batch is None or replay in asked:
                continue
            after = ask_again(head, number)
            # A replay of a batch that waits or runs already shares that run: the line stays the earlier one's.
            line = {} if after == head else {"replay": replay}
            head = after
            transaction.update(f"batches/{number}", line | {"replays": [*asked, replay]})
        transaction.set(HEAD, write_head(head))

    documents.run(work)

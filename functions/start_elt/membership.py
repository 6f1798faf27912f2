"""Which files a batch has. The claim gives batch and epoch in one small write; the list of its files is frozen after it, once.

The first list wins, so two handlers of one claim mark the same files, and a crash between two commits is taken up from the list.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ripple.errors import RetryableError
from ripple.ports import DocumentStore, Transaction
from ripple.ports.holders import CapPorts, FilePorts
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.elt_runs import count_fitting, is_live
from ripple.state.files import FILES, FileRecord, find_waiting
from ripple.state.head import HEAD, EltRun
from ripple.state.holds import held_flows
from ripple.wire.paths import claimed_list_name

_MARKED_AT_ONCE = 500
"""Files a commit: one of 10,000 would lock them all for as long as it takes."""
_MOST_IDS = 50
"""Correlation ids that a batch keeps: it may have thousands of files."""


def fill_batch(run: EltRun, ports: FilePorts) -> BatchRecord | None:
    """Freeze the batch's list, mark its files, note what they are; None if the run is not the live one any more."""
    files = _freeze_list(run.batch, ports)
    ids = sorted(files)
    for start in range(0, len(ids), _MARKED_AT_ONCE):
        if not _mark(ids[start : start + _MARKED_AT_ONCE], run, ports.documents):
            return None
    return _note_files([files[id] for id in ids], run, ports.documents)


def _freeze_list(batch: int, ports: FilePorts) -> Mapping[str, FileRecord]:
    """The files of the list that is there, by id: this one's, or an earlier handler's."""
    waiting = _find_fitting(ports)
    mine = "".join(json.dumps({"file": id}) + "\n" for id in sorted(waiting)).encode()
    stored = ports.objects.create(ports.settings.bucket("control"), claimed_list_name(batch), mine, {})
    kept = ports.objects.read(stored.ref)
    if kept == mine:
        return waiting
    return FILES.get_many(ports.documents, [str(json.loads(line)["file"]) for line in kept.splitlines()])  # type: ignore[return-value]


def _find_fitting(ports: CapPorts) -> Mapping[str, FileRecord]:
    settings = ports.settings
    held = held_flows(HEAD.get(ports.documents).holds)
    waiting = list(find_waiting(ports.documents, settings.elt_files_per_batch, held))
    fitting = count_fitting([file.landed.bytes for _, file in waiting], settings.elt_bytes_per_batch)
    return dict(waiting[:fitting])


def _mark(ids: Sequence[str], run: EltRun, documents: DocumentStore) -> bool:
    """False, and nothing marked, once the run is over: a handler that slept must not take back what its batch let go."""

    def work(transaction: Transaction, _now: dt.datetime) -> bool:
        if not is_live(HEAD.get(transaction), run.batch, run.epoch):
            return False
        for id in ids:
            FILES.update(transaction, id, batch=run.batch)
        return True

    return documents.run(work)


def _note_files(files: Sequence[FileRecord], run: EltRun, documents: DocumentStore) -> BatchRecord | None:
    def work(transaction: Transaction, _now: dt.datetime) -> BatchRecord | None:
        head, batch = HEAD.get(transaction), BATCHES.expect(transaction, run.batch)
        if not is_live(head, run.batch, run.epoch):
            return None
        if not batch.listed:
            batch = describe_files(batch, run.batch, files)
            BATCHES.set(transaction, run.batch, batch)
        return batch

    return documents.run(work)


def describe_files(batch: BatchRecord, number: int, files: Sequence[FileRecord]) -> BatchRecord:
    """The batch as its list makes it. RetryableError for a list of none. Pure."""
    if not files:
        raise RetryableError(f"batch {number} was claimed, and no file waits any more")
    facts = [file.landed for file in files]
    days = sorted(fact.dt for fact in facts)
    return replace(
        batch,
        listed=True,
        files=len(files),
        flows=tuple(sorted({fact.flow for fact in facts})),
        dt_from=days[0],
        dt_to=days[-1],
        correlation_id=files[0].correlation_id if len(files) == 1 else batch.correlation_id,
        correlation_ids=tuple(sorted({file.correlation_id for file in files}))[:_MOST_IDS],
    )

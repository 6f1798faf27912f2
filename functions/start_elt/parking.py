"""Files leave their batch and come back: a parked file is in no batch, and waits for one again once a replay asks for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from ripple.deployment.settings import BATCH_FILES
from ripple.ports import DocumentStore, Transaction
from ripple.state.batches import BatchRecord
from ripple.state.files import FILES, PARKED, FileRecord, Parking
from ripple.state.head import EltRun
from ripple.state.incidents import Incident
from ripple.wire.events import BronzeObjectsParked, ReplayRunStarted

_AT_ONCE = 100
_NAMED = 50


def park(run: EltRun, incident: Incident, documents: DocumentStore) -> BronzeObjectsParked:
    """Take what is leaving out of its batch, and say which files they are; done twice it is done once."""
    ids = [
        id
        for id, file in FILES.find(documents, BATCH_FILES, batch=run.batch)
        if any(part.holds(file.flow, id) for part in incident.leaving)
    ]
    gone = [file for _, file in FILES.find(documents, BATCH_FILES, batch=PARKED) if _left(file, run)]
    why = Parking(
        batch=run.batch,
        epoch=run.epoch,
        action=incident.action,
        message=incident.message,
        files=len(ids) + len(gone),
    )
    _change(ids, documents, lambda file: file.batch == run.batch, {"batch": PARKED, "parking": why})
    return describe_parked(
        run, [file for _, file in FILES.find(documents, BATCH_FILES, batch=PARKED) if _left(file, run)]
    )


def _left(file: FileRecord, run: EltRun) -> bool:
    return file.parking is not None and (file.parking.batch, file.parking.epoch) == (run.batch, run.epoch)


def describe_parked(run: EltRun, files: Sequence[FileRecord]) -> BronzeObjectsParked:
    """Pure."""
    names = sorted(f"{file.uri}#{file.generation}" for file in files)
    why = files[0].parking if files else None
    return BronzeObjectsParked(
        batch=run.batch,
        epoch=run.epoch,
        files=len(files),
        parked=tuple(names[:_NAMED]),
        action=why.action if why else "",
        message=why.message if why else "",
    )


def bring_back(asked: ReplayRunStarted, documents: DocumentStore) -> int:
    """Parked files that a replay names, by their objects or by the batch that they left, wait for a batch again. How many."""
    batches = asked.batches() if asked.kind == "batch" else []
    ids = [
        id
        for id, file in FILES.find(documents, BATCH_FILES, batch=PARKED)
        if file.uri in asked.targets or (file.parking is not None and file.parking.batch in batches)
    ]
    _change(ids, documents, lambda file: file.batch == PARKED, {"batch": None})
    return len(ids)


def _change(
    ids: Sequence[str], documents: DocumentStore, applies: Callable[[FileRecord], bool], fields: dict[str, object]
) -> None:
    """Change those to which it applies still, some at a time: one transaction would lock them all."""

    def work_on(some: Sequence[str]) -> Callable[[Transaction, dt.datetime], None]:
        def work(transaction: Transaction, _now: dt.datetime) -> None:
            files = {id: FILES.expect(transaction, id) for id in some}
            for id, file in files.items():
                if applies(file):
                    FILES.update(transaction, id, **fields)

        return work

    for start in range(0, len(ids), _AT_ONCE):
        documents.run(work_on(ids[start : start + _AT_ONCE]))


def count_members(run: EltRun, batch: BatchRecord, documents: DocumentStore) -> dict[str, list[str]]:
    """Ids of the batch's files by flow, in order."""
    members: dict[str, list[str]] = {flow: [] for flow in batch.flows}
    for id, file in FILES.find(documents, BATCH_FILES, batch=run.batch):
        members.setdefault(str(file.flow), []).append(id)
    return members

"""Plan what a request to forget takes out: tombstones, and the batches that run again so that their tables lose it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ripple.deployment.settings import BATCH_FILES
from ripple.deployment.tables import list_written
from ripple.errors import PermanentError
from ripple.ports.holders import HasDocuments
from ripple.replaying.plan import Firing, ReplayPlan
from ripple.replaying.planning import STARTED
from ripple.state.batches import BATCHES
from ripple.state.collection import Readable
from ripple.state.files import FILES, FileRecord
from ripple.state.head import HEAD
from ripple.state.tombstones import TOMBSTONES, TombstoneRecord

_MOST_GENERATIONS = 1_000
_FOR_EVER = "runs, replays and deliveries to come obey this too; snapshots and models that were made before keep what they learned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a request names: landed generations of objects, or a key of a flow by its hash; batches that run again."""

    objects: tuple[FileRecord, ...] = ()
    key: tuple[str, str] | None = None
    batches: tuple[int, ...] = ()


def plan_forgetting(targets: Sequence[str], ports: HasDocuments) -> ReplayPlan:
    """PermanentError for an object or a batch that is none."""
    found = find_forgotten(targets, ports.documents)
    title = f"forget {_name(found)}"
    runs = tuple(Firing(type="elt.run.started.v1", about=BATCHES.path(number)) for number in found.batches)
    return ReplayPlan(
        kind="forget",
        title=title,
        targets=tuple(targets),
        fires=(STARTED, *runs),
        tables=list_written() if found.batches else (),
        writing="without what is forgotten: versions, current rows, the texts of refused rows, and gold from these",
        notes=(_FOR_EVER,),
    )


def find_forgotten(targets: Sequence[str], store: Readable) -> Forgotten:
    """What the targets of a request name by now."""
    if targets[0].startswith("key:"):
        _, flow, key_hash = targets[0].split(":")
        newest = _find_newest_batch(flow, store)
        return Forgotten(key=(flow, key_hash), batches=(newest,) if newest else ())
    objects = [file for target in targets for file in _find_files(target, store)]
    batches = sorted({file.batch for file in objects if file.batch})
    return Forgotten(objects=tuple(objects), batches=tuple(batches))


def _find_files(target: str, store: Readable) -> Sequence[FileRecord]:
    if target.startswith("batch:"):
        number = int(target.removeprefix("batch:"))
        if BATCHES.get(store, number) is None:
            raise PermanentError("batch_unknown", f"there is no batch {number}", "see `ripple runs`")
        return [file for _, file in FILES.find(store, BATCH_FILES, batch=number)]
    found = [file for _, file in FILES.find(store, _MOST_GENERATIONS, uri=target) if file.state == "landed"]
    if not found:
        raise PermanentError("replay_empty", f"nothing landed of {target}", "check the URI: `ripple where URI`")
    return found


def _find_newest_batch(flow: str, store: Readable) -> int | None:
    """The newest batch that is done and has files of the flow: any run of the flow takes the key out."""
    numbers = range(HEAD.get(store).next - 1, 0, -1)
    found = ((number, BATCHES.get(store, number)) for number in numbers)
    return next((number for number, batch in found if batch and batch.state == "done" and flow in batch.flows), None)


def _name(found: Forgotten) -> str:
    if found.key is not None:
        return f"a key of {found.key[0]}"
    rows = sum(file.landed.rows for file in found.objects)
    return f"{len(found.objects)} generations of objects, {rows} rows"


def list_tombstones(found: Forgotten, replay: str, at: dt.datetime) -> list[TombstoneRecord]:
    """A tombstone of each thing that was found. Pure."""
    stones = [
        TombstoneRecord(
            kind="object", flow=str(file.flow), uri=file.uri, generation=file.generation, asked_at=at, replay=replay
        )
        for file in found.objects
    ]
    if found.key is not None:
        flow, key_hash = found.key
        stones.append(TombstoneRecord(kind="key", flow=flow, key_hash=key_hash, asked_at=at, replay=replay))
    return stones


def write_tombstones(targets: Sequence[str], replay: str, at: dt.datetime, ports: HasDocuments) -> tuple[str, ...]:
    """Write the tombstones; the numbers of the batches that are to run again. Doing it twice is doing it once."""
    found = find_forgotten(targets, ports.documents)
    for stone in list_tombstones(found, replay, at):
        TOMBSTONES.create(ports.documents, stone.id, stone)
    return tuple(map(str, found.batches))

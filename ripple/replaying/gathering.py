"""Gather what a plan needs of the world, through the ports, and make the plan. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from ripple.deployment.settings import BATCH_FILES
from ripple.errors import PermanentError
from ripple.ports import DocumentStore
from ripple.ports.holders import BucketPorts, FilePorts, HasDeadLetters, HasDocuments, HasObjects
from ripple.replaying.commands import Request, check_size
from ripple.replaying.forgetting import plan_forgetting
from ripple.replaying.plan import ReplayPlan
from ripple.replaying.planning import Known, plan_batch, plan_objects, plan_resume, plan_training
from ripple.replaying.redriving import plan_dead_letters
from ripple.state.batches import BATCHES
from ripple.state.collection import Readable
from ripple.state.elt_runs import describe_rest
from ripple.state.files import FILES
from ripple.state.head import HEAD, Head
from ripple.state.redrives import MOST, REDRIVES
from ripple.state.tombstones import find_objects
from ripple.state.trainings import TRAININGS
from ripple.wire.dead_letters import DeadLetter
from ripple.wire.paths import parse_bronze_name, split_uri

LETTERS_AT_ONCE = 100
"""Of a replay of all: a letter may hold a megabyte. The next replay takes the next ones."""


class PlanningPorts(HasDeadLetters, FilePorts, Protocol):
    """What a plan is made from; it is only read."""


class KeptPorts(HasDocuments, HasObjects, Protocol):
    """Records of files, and the objects in which something of these was kept."""


def make_plan(request: Request, ports: PlanningPorts) -> ReplayPlan:
    """What the request would do now; PermanentError if that is nothing that exists."""
    if request.kind == "object":
        return _plan_uris("replay of objects", request.targets, ports)
    if request.kind == "flow":
        title = f"replay of flow {request.flow} from {request.day_from} to {request.day_to}"
        return _plan_uris(title, list_flow(request, ports), ports)
    if request.kind == "dead-letter":
        redriven = dict(REDRIVES.find(ports.documents, MOST))
        found = ports.dead_letters.read(request.targets) if request.targets else _list_open(list(redriven), ports)
        return plan_dead_letters(request.targets, found, redriven)
    if request.kind == "resume":
        return plan_resume(request.targets[0], HEAD.get(ports.documents))
    if request.kind == "forget":
        return plan_forgetting(request.targets, ports)
    return _plan_run(request.kind, int(request.targets[0]), ports)


def _list_open(gone: list[str], ports: HasDeadLetters) -> list[DeadLetter]:
    """The oldest open letters, as far as there are enough that can go back: those that cannot must not stand in their way."""
    found: list[DeadLetter] = []
    while page := ports.dead_letters.list(gone, LETTERS_AT_ONCE):
        gone = [*gone, *(letter.id for letter in page)]
        # Of one that stays nothing but its name is needed, and its body may be a megabyte.
        found += [replace(letter, body=b"") if letter.way.refusal else letter for letter in page]
        if sum(not letter.way.refusal for letter in found) >= LETTERS_AT_ONCE:
            break
    return found


def _plan_run(kind: str, number: int, ports: KeptPorts) -> ReplayPlan:
    batch, training = BATCHES.get(ports.documents, number), TRAININGS.get(ports.documents, number)
    if kind == "training":
        return plan_training(number, training, batch.correlation_id if batch else BATCHES.path(number))
    head = HEAD.get(ports.documents)
    later = find_later(number, head.next, ports.documents)
    rest = describe_rest_now(head, ports.documents)
    return plan_batch(number, head, batch, training, later, rest, find_gone(number, ports))


def find_gone(number: int, ports: KeptPorts) -> list[str]:
    """What a run of the batch reads and what is not there any more, as URIs in order; a file that nothing was kept of by its own.

    The sources' objects are not among them: what was accepted of them was kept. Nor is what is forgotten, which no run reads.
    """
    files = [file for _, file in FILES.find(ports.documents, BATCH_FILES, batch=number)]
    forgotten = find_objects(ports.documents, sorted({str(file.flow) for file in files}))
    claimed = [file.landed for file in files if (file.uri, file.generation) not in forgotten]
    unkept = [f"{file.uri}#{file.generation}" for file in claimed if file.rows_checked is None]
    read = {uri for file in claimed for uri in (file.checked_uri, file.quarantine_uri) if uri is not None}
    return sorted([*unkept, *(uri for uri in read if not _is_there(uri, ports))])


def _is_there(uri: str, ports: HasObjects) -> bool:
    try:
        ports.objects.stat(*split_uri(uri))
    except PermanentError as error:
        if error.code != "object_missing":
            raise
        return False
    return True


def describe_rest_now(head: Head, documents: DocumentStore) -> str:
    """Why no run may start by now, by Firestore's clock; empty if one may."""
    # The time costs a read, which most replays need not pay.
    return describe_rest(head, documents.run(lambda _transaction, now: now)) if head.starts.noted else ""


def find_later(batch: int, following: int, store: Readable) -> int | None:
    """The first batch after `batch`, and before the `following` one, whose run has succeeded: its dataset is newer."""
    later = range(batch + 1, following)
    return next((number for number in later if TRAININGS.get(store, number) is not None), None)


def _plan_uris(title: str, uris: Sequence[str], ports: FilePorts) -> ReplayPlan:
    return plan_objects(title, [_look_up(uri, ports) for uri in uris], HEAD.get(ports.documents))


def _look_up(uri: str, ports: FilePorts) -> Known:
    bucket, name = split_uri(uri)
    try:
        ref = ports.objects.stat(bucket, name).ref
    except PermanentError as error:
        if error.code != "object_missing":
            raise
        return Known(uri=uri, exists=False)
    if bucket == ports.settings.bucket("landing"):
        return Known(uri=uri, exists=True, is_manifest=True)
    return Known(uri=uri, exists=True, file=FILES.get(ports.documents, ref.key))


def list_flow(request: Request, ports: BucketPorts) -> tuple[str, ...]:
    """The flow's Bronze objects with `from <= dt < to`; what is named otherwise was never the flow's."""
    found = []
    for stored in ports.objects.list(ports.settings.bucket("bronze"), f"{request.flow}/"):
        try:
            day = parse_bronze_name(stored.ref.name).dt
        except PermanentError:
            continue
        if request.day_from <= day < request.day_to:
            found.append(stored.ref.uri)
    return check_size(tuple(sorted(found)))

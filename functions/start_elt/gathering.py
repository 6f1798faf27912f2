"""Which files a run reads: its own, unsettled ones of incidents, which it takes out of silver, and those that a trial takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ripple.deployment.settings import BATCH_FILES
from ripple.errors import PermanentError
from ripple.flows import list_flows
from ripple.ports import DocumentStore
from ripple.ports.holders import HasDocuments, HasObjects
from ripple.state.batches import BATCHES
from ripple.state.files import FILES, FileRecord
from ripple.state.head import HEAD, EltRun, Head
from ripple.state.holds import held_flows
from ripple.state.incidents import is_unsettled
from ripple.state.tombstones import find_keys, find_objects
from ripple.wire.events import BronzeObjectLanded
from ripple.wire.paths import split_uri

Files = dict[str, FileRecord]


class KeptPorts(HasDocuments, HasObjects, Protocol):
    """Records of files, and what was kept of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """Files by id: `own` are published, `withdrawn` are taken out, `tried` are staged and published, and that is rolled back;
    `forgotten` are published without any of their rows. `keys` are forgotten ones, as `(flow, hash)`."""

    own: Files
    withdrawn: Files
    tried: Files
    forgotten: Files = field(default_factory=dict)
    keys: tuple[tuple[str, str], ...] = ()


def gather_files(run: EltRun, ports: KeptPorts) -> RunFiles:
    """A trial touches its flows only; another run takes out what is unsettled of every flow that is not held.

    Files of a flow that this release does not have stay as they are: its tables do, and no SQL knows them.
    """
    head = HEAD.get(ports.documents)
    own = _find_own(run, ports.documents)
    withdrawn = {
        id: file
        for id, file in _find_unsettled(head, ports.documents)
        if id not in own and _may_touch(run, head, file.flow)
    }
    tried = _find_tried(run, head, withdrawn, ports)
    flows = sorted({str(file.flow) for file in (*own.values(), *withdrawn.values(), *tried.values())})
    objects = find_objects(ports.documents, flows)
    forgotten = {id: file for id, file in own.items() if (file.uri, file.generation) in objects}
    return RunFiles(
        own={id: file for id, file in own.items() if id not in forgotten},
        withdrawn=withdrawn,
        tried={id: file for id, file in tried.items() if (file.uri, file.generation) not in objects},
        forgotten=forgotten,
        keys=tuple(find_keys(ports.documents, flows)),
    )


def _find_own(run: EltRun, documents: DocumentStore) -> Files:
    if run.is_trial:
        return {}
    takes = run.takes
    found = FILES.find(documents, BATCH_FILES, batch=run.batch)
    mine = ((id, file) for id, file in found if file.flow in list_flows())
    return {id: file for id, file in mine if takes is None or takes.holds(file.flow, id)}


def _find_unsettled(head: Head, documents: DocumentStore) -> Iterator[tuple[str, FileRecord]]:
    for number in head.incidents:
        incident = BATCHES.expect(documents, number).incident
        if incident is not None:
            for id, file in FILES.find(documents, BATCH_FILES, batch=number):
                if is_unsettled(incident, file.flow, id):
                    yield id, file


def _may_touch(run: EltRun, head: Head, flow: str | None) -> bool:
    if flow not in list_flows():
        return False
    if run.is_trial and run.takes is not None:
        return flow in run.takes.flows
    return flow not in held_flows(head.holds)


def _find_tried(run: EltRun, head: Head, unsettled: Collection[str], ports: KeptPorts) -> Files:
    """Of each flow of a trial the file that was published, if what was kept of it is there still; else the SQL is tried on none."""
    if not (run.is_trial and run.takes is not None):
        return {}
    ids = [one.file for one in head.trial_files if one.flow in run.takes.flows and one.file not in unsettled]
    found = FILES.get_many(ports.documents, ids)
    return {str(id): file for id, file in found.items() if file.batch and _is_kept(file.landed, ports)}


def _is_kept(fact: BronzeObjectLanded, ports: HasObjects) -> bool:
    return all(_is_there(uri, ports) for uri in (fact.checked_uri, fact.quarantine_uri) if uri is not None)


def _is_there(uri: str, ports: HasObjects) -> bool:
    try:
        ports.objects.stat(*split_uri(uri))
    except PermanentError as error:
        if error.code != "object_missing":
            raise
        return False
    return True

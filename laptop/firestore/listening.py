"""Listen: first what a target holds, then every change to it, each consistent at one time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from laptop.firestore.errors import refuse_unserved
from laptop.firestore.messages import Document, ListenResponse, Pb, TargetChange, micros, timestamp
from laptop.firestore.paths import parse_document
from laptop.firestore.plans import QueryPlan, compile_query
from laptop.firestore.ranges import ChangedDocument, QueryRange
from laptop.firestore.scanning import run_plan
from laptop.firestore.store import DocumentChange, DocumentDatabase
from laptop.rpc import RpcError

_Known = dict[str, int]


class Watched(Protocol):
    """What a target is about. `touches` runs on the event loop, `load` on a reading thread."""

    def touches(self, change: DocumentChange) -> bool: ...

    def load(self, store: DocumentDatabase, time: int) -> Iterator[bytes]: ...


class WatchedDocuments:
    def __init__(self, names: Iterable[str]) -> None:
        self._keys = {parse_document(name): name for name in names}

    def touches(self, change: DocumentChange) -> bool:
        return change.key in self._keys

    def load(self, store: DocumentDatabase, time: int) -> Iterator[bytes]:
        return (data for data in store.read(self._keys, time) if data is not None)


class WatchedQuery:
    def __init__(self, plan: QueryPlan) -> None:
        self._plan, self._range = plan, QueryRange(plan)

    def touches(self, change: DocumentChange) -> bool:
        """Whether either image of the document matches, so that the answer may differ."""
        return self._range.is_touched_by(ChangedDocument(change))

    def load(self, store: DocumentDatabase, time: int) -> Iterator[bytes]:
        return run_plan(self._plan, store, time)


class ListenTarget:
    """One target of one stream: what its client knows, and the messages that bring it up to date."""

    def __init__(self, number: int, watched: Watched) -> None:
        self.number, self.watched = number, watched
        self._known: _Known = {}
        self._seen = -1

    def is_touched(self, time: int, changes: Sequence[DocumentChange]) -> bool:
        """Commits up to the last shown time are already in what was shown."""
        return time > self._seen and any(map(self.watched.touches, changes))

    def show(self, store: DocumentDatabase, time: int) -> list[Pb]:
        """The differences between what the client knows and the state at `time`. For a reading thread."""
        documents = [Document.FromString(data) for data in self.watched.load(store, time)]
        present = {document.name: micros(document.update_time) for document in documents}
        messages = [self._change(one) for one in documents if self._known.get(one.name) != present[one.name]]
        messages += [self._removal(name, time) for name in self._known if name not in present]
        self._known, self._seen = present, time
        return messages

    def _change(self, document: Pb) -> Pb:
        message = ListenResponse()
        message.document_change.document.CopyFrom(document)
        message.document_change.target_ids.append(self.number)
        return message

    def _removal(self, name: str, time: int) -> Pb:
        message = ListenResponse()
        message.document_delete.document = name
        message.document_delete.removed_target_ids.append(self.number)
        message.document_delete.read_time.CopyFrom(timestamp(time))
        return message


def build_target(request: Pb) -> ListenTarget:
    """From a ListenRequest's `add_target`. Raises INVALID_ARGUMENT, or UNIMPLEMENTED for `once`."""
    if request.once:
        raise refuse_unserved("Target.once")
    if request.WhichOneof("target_type") == "documents":
        return ListenTarget(request.target_id, WatchedDocuments(request.documents.documents))
    return ListenTarget(
        request.target_id, WatchedQuery(compile_query(request.query.parent, request.query.structured_query))
    )


def announce(kind: str, number: int | None, time: int | None = None) -> Pb:
    """A TargetChange of this kind; with a time it carries the resume token of that time."""
    change = TargetChange(target_change_type=TargetChange.TargetChangeType.Value(kind))
    if number is not None:
        change.target_ids.append(number)
    if time is not None:
        change.read_time.CopyFrom(timestamp(time))
        change.resume_token = str(time).encode()
    return ListenResponse(target_change=change)


def announce_failure(number: int, error: RpcError) -> Pb:
    """The target is gone, and why."""
    message = announce("REMOVE", number)
    message.target_change.cause.code = error.code.value[0]
    message.target_change.cause.message = error.message
    return message

"""Erase from the buckets what is forgotten. By who asks for it, with their own rights: no function may delete a source's object."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import NotFound

from cli.erased_rows import Emptied, Source, empty_checked, empty_quarantine
from cli.provisioning.clients import AdminClients
from ripple.errors import PermanentError, RetryableError
from ripple.flows import find_flow
from ripple.flows.declaration import ROW_KEY
from ripple.gateways.edge import Edge, open_edge
from ripple.ports import DocumentStore
from ripple.replaying.commands import Request, read_request
from ripple.replaying.forgetting import find_forgotten, list_tombstones
from ripple.state.batches import BATCHES
from ripple.state.files import FILES
from ripple.state.head import HEAD
from ripple.state.tombstones import TOMBSTONES
from ripple.state.trainings import TRAININGS
from ripple.wire.paths import ObjectRef, split_uri

TIME_TRAVEL = timedelta(days=7)
WAIT_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What goes: objects as a whole, and objects whose rows of a key are emptied; `kept` are sources that hold what nothing else keeps."""

    deleted: tuple[ObjectRef, ...] = ()
    emptied: Mapping[ObjectRef, Callable[[bytes], Emptied | None]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def plan_erasure(environ: Mapping[str, str], command: Mapping[str, Any], key: str = "") -> Erasure:
    """What the buckets hold now of what a command to forget names; `key` in clear, if it names one. Reads only."""
    edge, storage = open_edge(environ), AdminClients(environ).storage
    request = read_request(command, edge.settings)
    if key:
        return _plan_key(str(command["flow"]), key, edge, storage)
    return Erasure(deleted=tuple(_find_objects(request, edge, storage)))


def _find_objects(request: Request, edge: Edge, storage: Any) -> Iterator[ObjectRef]:
    for file in find_forgotten(request.targets, edge.documents).objects:
        fact = file.landed
        for uri, generation in ((file.uri, file.generation), (fact.checked_uri, None), (fact.quarantine_uri, None)):
            found = uri and _find(storage, uri, generation)
            if found:
                yield found


def _find(storage: Any, uri: str, generation: int | None = None) -> ObjectRef | None:
    bucket, name = split_uri(uri)
    blob = storage.bucket(bucket).get_blob(name, generation=generation)
    return None if blob is None else ObjectRef(bucket=bucket, name=name, generation=int(blob.generation))


def expect_column(name: str) -> str:
    """The column of checked objects that is the flow's key; PermanentError where no one text is, in which the key's hash could stand."""
    flow = find_flow(name)
    if flow.key_column == ROW_KEY:
        said = f"the key of {flow.name} is made of {', '.join(flow.key) or 'the content of its rows'}"
        raise PermanentError("erase_unsupported", said, "forget the object or the batch with --erase instead")
    return flow.key_column


def _plan_key(flow: str, key: str, edge: Edge, storage: Any) -> Erasure:
    column = expect_column(flow)
    empty: dict[str, Callable[[bytes], Emptied | None]] = {
        "checked": lambda data: empty_checked(data, column, key),
        "quarantine": lambda data: empty_quarantine(data, key),
    }
    emptied: dict[ObjectRef, Callable[[bytes], Emptied | None]] = {}
    sources: set[Source] = set()
    for kind, prefix in (("checked", f"data/{flow}/"), ("quarantine", f"{flow}/")):
        bucket = edge.settings.bucket(kind)
        for blob in storage.list_blobs(bucket, prefix=prefix):
            ref = ObjectRef(bucket=bucket, name=blob.name, generation=int(blob.generation))
            found = empty[kind](_read(storage, ref))
            if found is not None:
                emptied[ref] = empty[kind]
                sources |= found.sources
    deleted, kept = _part_sources(sources, edge, storage)
    return Erasure(deleted=deleted, emptied=emptied, kept=kept)


def _part_sources(sources: set[Source], edge: Edge, storage: Any) -> tuple[tuple[ObjectRef, ...], tuple[str, ...]]:
    """The sources' objects that are there: those whose other rows were kept when they landed, and the others."""
    there = [ref for source in sorted(sources) if (ref := _find(storage, *source)) is not None]
    files = FILES.get_many(edge.documents, [ref.key for ref in there])
    landed = {key for key, file in files.items() if file.state == "landed" and file.landed.rows_checked is not None}
    return tuple(ref for ref in there if ref.key in landed), tuple(ref.uri for ref in there if ref.key not in landed)


def _read(storage: Any, ref: ObjectRef) -> bytes:
    data: bytes = storage.bucket(ref.bucket).blob(ref.name, generation=ref.generation).download_as_bytes()
    return data


def erase(environ: Mapping[str, str], erasure: Erasure) -> None:
    """Doing it again does the rest. What is emptied is written over the generation that was read, and no other."""
    storage = AdminClients(environ).storage
    for ref, empty in erasure.emptied.items():
        found = empty(_read(storage, ref))
        if found is not None:
            blob = storage.bucket(ref.bucket).blob(ref.name)
            blob.upload_from_string(found.content, if_generation_match=ref.generation)
    for ref in erasure.deleted:
        try:
            storage.bucket(ref.bucket).blob(ref.name, generation=ref.generation).delete()
        except NotFound:
            continue


def await_tombstones(environ: Mapping[str, str], targets: Sequence[str], timeout_seconds: float = WAIT_SECONDS) -> None:
    """Until the tombstones of a request stand and no run is live that began before them: it would miss what is erased.

    RetryableError if that takes too long: nothing is erased then.
    """
    documents = open_edge(environ).documents
    until = time.monotonic() + timeout_seconds
    _await(lambda: _stand(targets, documents), until)
    before = HEAD.get(documents).epoch
    _await(lambda: (run := HEAD.get(documents).run) is None or run.epoch > before, until)


def _stand(targets: Sequence[str], documents: DocumentStore) -> bool:
    ids = {stone.id for stone in list_tombstones(find_forgotten(targets, documents), "", datetime.now(UTC))}
    return len(TOMBSTONES.get_many(documents, ids)) == len(ids)


def _await(holds: Callable[[], bool], until: float) -> None:
    while not holds():
        if time.monotonic() > until:
            raise RetryableError("it is forgotten, and not erased yet: a run reads. Say the same with --erase again")
        time.sleep(0.2)


def describe(erasure: Erasure) -> dict[str, list[str]]:
    """URIs by what becomes of them. Pure."""
    return {
        "deletes": [ref.uri for ref in erasure.deleted],
        "empties": [ref.uri for ref in erasure.emptied],
        "keeps": list(erasure.kept),
    }


def find_remains(environ: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """What was made before of what is forgotten: folders of snapshots, jobs whose models were promoted, the end of time travel."""
    documents = open_edge(environ).documents
    snapshots = [batch.snapshot_uri for _, batch in BATCHES.find_all(documents) if batch.snapshot_uri]
    models = [training.job for _, training in TRAININGS.find(documents, 10_000, outcome="promoted")]
    ends = (now.astimezone(UTC) + TIME_TRAVEL).date().isoformat()
    return {"snapshots": snapshots, "models": models, "time_travel_until": ends}


def as_words(found: Mapping[str, list[str]], remains: Mapping[str, Any]) -> list[str]:
    """The same for a person. Pure."""
    said = {
        "deletes": "deletes",
        "empties": "empties the key's rows of",
        "keeps": "leaves, as nothing else keeps its rows:",
    }
    words = [f"{said[name]} {uri}" for name, uris in found.items() for uri in uris]
    words += [f"of before, and yours to delete: {uri}" for uri in (*remains["snapshots"], *remains["models"])]
    return [*words, f"tables can be read as of before until {remains['time_travel_until']}"]

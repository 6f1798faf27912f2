"""Export sales from Firestore to Parquet in Bronze: a manifest's batch, or what changed in a window.

Counts are checked against the manifest, so that a stream that ended early is tried again and never taken for the whole.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from functions.export_sales.writing import Page, Slice, keep_slice, write_slice
from ripple.contracts import Contract, load_contract
from ripple.errors import PermanentError, RetryableError
from ripple.events import ReplayRunStarted, SalesExportFinished, SalesExportRequested, SalesSliceExported
from ripple.gateways.edge import Edge
from ripple.limits import fit, is_name
from ripple.paths import ObjectRef, split_uri
from ripple.ports import StoredObject
from ripple.shell import Finalized, Payload
from ripple.stating import Cause, correlated, send, state_as
from ripple.strict_json import read_json
from ripple.timestamps import read_day, read_moment

STAGE = "export_sales"
LoadContract = Callable[[str], Contract]
PAGE_SIZE = 2000
MANIFEST_BYTES = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generator promises of a batch: the collection, how many documents, and the checksum of their sorted ids."""

    batch_id: str
    collection: str
    window_from: str
    count: int | None
    checksum: str | None
    uri: str | None


def react(payload: Payload, cause: Cause, edge: Edge, load: LoadContract = load_contract) -> None:
    """Export a manifest's batch, again where a replay or `sweep` names the manifest, or what changed in the requested window."""
    if isinstance(payload, ReplayRunStarted):
        for ref in find_manifests(payload, edge):
            export_manifest(ref, cause, edge, load, again=True)
    elif isinstance(payload, Finalized):
        export_manifest(payload.ref, cause, edge, load, again=False)
    elif isinstance(payload, SalesExportRequested):
        window = (_moment(payload.changed_from), _moment(payload.changed_to))
        manifest = Manifest(
            batch_id=payload.batch_id,
            collection="sales",
            window_from=window[0].date().isoformat(),
            count=None,
            checksum=None,
            uri=None,
        )
        pages = edge.sales.changed_pages("sales", *window, PAGE_SIZE)
        export(manifest, pages, correlated(cause, manifest.batch_id), edge, load("sales"))
    else:
        raise PermanentError("event_unexpected", "export_sales reacts to manifests and export requests")


def find_manifests(replay: ReplayRunStarted, edge: Edge) -> list[ObjectRef]:
    """The manifests that a replay names; other kinds of replays are other stages' business."""
    uris = replay.targets if replay.kind == "manifest" else ()
    return [edge.objects.stat(*split_uri(uri)).ref for uri in uris]


def export_manifest(ref: ObjectRef, cause: Cause, edge: Edge, load: LoadContract, *, again: bool) -> None:
    """Export the batch that a manifest promises; `exports/{key}` says that it was, or that it never can be.

    On the line of its own batch, or on that of the replay, which then tells the batch's line again.
    """
    record = {"uri": ref.uri, "generation": ref.generation, "state": "exported"}
    try:
        manifest = read_manifest(_read_small(ref, edge), ref)
        pages = edge.sales.pages(manifest.collection, manifest.batch_id, PAGE_SIZE)
        line = correlated(cause, cause.correlation_id, manifest.batch_id)
        export(manifest, pages, line if again else correlated(cause, manifest.batch_id), edge, load("sales"))
    except PermanentError as error:
        refused = {"state": "refused", "reason": fit(str(error), 4096)}
        edge.documents.create(f"exports/{ref.key}", record | refused)
        raise
    edge.documents.create(f"exports/{ref.key}", record)


def _moment(text: str) -> dt.datetime:
    try:
        return read_moment(text)
    except ValueError as error:
        raise PermanentError("event_malformed", str(error)) from None


def _read_small(ref: ObjectRef, edge: Edge) -> bytes:
    """A manifest's bytes. Its size is asked of the store: the event's own may be anything, and memory is bounded."""
    if ref.bucket != edge.settings.bucket("landing"):
        raise PermanentError("bucket_unexpected", f"{ref.uri} is not in {edge.settings.bucket('landing')}")
    size = edge.objects.stat(ref.bucket, ref.name, ref.generation).size
    if size > MANIFEST_BYTES:
        raise PermanentError(
            "manifest_malformed", f"{ref.uri} has {size} bytes; a manifest has at most {MANIFEST_BYTES}"
        )
    return edge.objects.read(ref)


def read_manifest(data: bytes, ref: ObjectRef) -> Manifest:
    """The manifest in an object of the landing bucket; PermanentError names every field that is wrong."""
    try:
        body = read_json(data)
    except ValueError as error:
        raise PermanentError("manifest_malformed", f"{ref.uri} is not JSON: {error}") from None
    kinds = {"batch_id": str, "collection": str, "window_from": str, "count": int, "checksum": str}
    wrong = [n for n, kind in kinds.items() if not isinstance(body, dict) or type(body.get(n)) is not kind]
    if not wrong:
        wrong = _find_impossible(body)
    if wrong:
        raise PermanentError("manifest_malformed", f"{ref.uri}: wrong or missing: {', '.join(wrong)}", fields=wrong)
    return Manifest(uri=ref.uri, **{name: body[name] for name in kinds})


def _find_impossible(body: dict[str, object]) -> list[str]:
    wrong = [name for name in ("batch_id", "collection") if not is_name(body[name])]
    try:
        read_day(body["window_from"])
    except ValueError:
        wrong.append("window_from")
    wrong += ["count"] if int(str(body["count"])) < 0 else []
    return wrong + ([] if _SHA256.fullmatch(str(body["checksum"])) else ["checksum"])


class IdChecksum:
    """sha256 over ids in key order, a line feed between them: what a manifest promises."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._separator = b""

    def add(self, doc_id: str) -> None:
        self._digest.update(self._separator + doc_id.encode())
        self._separator = b"\n"

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def export(manifest: Manifest, pages: Iterable[Page], cause: Cause, edge: Edge, contract: Contract) -> None:
    """Write slice after slice, compare with the promise, and only then put them into Bronze, where nothing is rewritten."""
    ids = IdChecksum()
    slices: list[Slice] = []
    with ExitStack() as files:
        for number, chunk in enumerate(_slices(pages, edge.settings.export_rows_per_object)):
            made = Slice(batch_id=manifest.batch_id, number=number, day=manifest.window_from)
            files.callback(made.close)
            write_slice(made, _hashed(chunk, ids), contract, edge.settings)
            slices.append(made)
        _compare(manifest, sum(made.rows for made in slices), ids)
        stored = [keep_slice(made, edge.objects, edge.settings) for made in slices]
    _state(manifest, list(zip(slices, stored, strict=True)), cause, edge)


def _compare(manifest: Manifest, rows: int, ids: IdChecksum) -> None:
    if manifest.count is not None and rows != manifest.count:
        raise RetryableError(f"read {rows} of {manifest.count} documents")
    if manifest.checksum is not None and ids.hexdigest() != manifest.checksum:
        raise RetryableError(f"the ids read for {manifest.batch_id} are not those of its manifest")


def _slices(pages: Iterable[Page], rows_per_object: int) -> Iterator[Iterator[Page]]:
    """Cut the pages into runs of whole pages, each at most `rows_per_object` rows unless one page is larger."""
    rest = iter(pages)
    per_object = max(rows_per_object // PAGE_SIZE, 1)
    for first in rest:

        def run(first: Page = first) -> Iterator[Page]:
            yield first
            for _, page in zip(range(per_object - 1), rest, strict=False):
                yield page

        yield run()


def _hashed(pages: Iterable[Page], ids: IdChecksum) -> Iterator[Page]:
    for page in pages:
        for doc_id, _ in page:
            ids.add(doc_id)
        yield page


def _state(manifest: Manifest, slices: Sequence[tuple[Slice, StoredObject]], cause: Cause, edge: Edge) -> None:
    exported = [
        SalesSliceExported(
            batch_id=manifest.batch_id,
            slice=made.number,
            slices=len(slices),
            uri=stored.ref.uri,
            generation=stored.ref.generation,
            rows=made.rows,
            rows_quarantined=made.rows_quarantined,
            quarantine_uri=made.quarantine_uri,
        )
        for made, stored in slices
    ]
    finished = SalesExportFinished(
        batch_id=manifest.batch_id,
        rows=sum(fact.rows for fact in exported),
        rows_quarantined=sum(fact.rows_quarantined for fact in exported),
        objects=[fact.uri for fact in exported],
        manifest_uri=manifest.uri,
    )
    send([state_as(fact, STAGE, cause) for fact in (*exported, finished)], edge.publisher, edge.documents)

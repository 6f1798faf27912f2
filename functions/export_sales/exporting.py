"""Export in one call what fits one: a small batch, a small window, or a batch whose manifest slices could not be held against."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Protocol

from functions.export_sales.manifests import BatchManifest
from functions.export_sales.writing import Slice, keep_slice, write_slice
from ripple.errors import RetryableError
from ripple.handling.stating import Cause, send, state_as
from ripple.ports import BatchRange, ChangeRange, Page, SalesRange
from ripple.ports.holders import BucketPorts, HasSales, StatingPorts
from ripple.rows.checksums import IdChecksum
from ripple.rows.contracts import Contract
from ripple.wire.events import SalesExportFinished, SalesSliceExported

STAGE = "export_sales"
PAGE_SIZE = 2000
Check = Callable[[int], None]
Kept = tuple[SalesSliceExported, dt.datetime]
"""A slice in Bronze, and when its object was created."""


class ExportSalesPorts(StatingPorts, BucketPorts, HasSales, Protocol):
    """What `export_sales` acts through."""


def export_batch(manifest: BatchManifest, cause: Cause, ports: ExportSalesPorts, contract: Contract) -> None:
    """A manifest's batch, whose count and ids are compared with the promise before anything is in Bronze."""
    ids = IdChecksum()

    def check(rows: int) -> None:
        if rows != manifest.count:
            raise RetryableError(f"read {rows} of {manifest.count} documents")
        if ids.hexdigest() != manifest.checksum:
            raise RetryableError(f"the ids read for {manifest.batch_id} are not those of its manifest")

    wanted = BatchRange(collection=manifest.collection, batch_id=manifest.batch_id)
    first = (manifest.batch_id, manifest.window_from)
    pages = note_ids(ports.sales.pages(wanted, PAGE_SIZE), ids.add)
    slices = _write_whole(*first, pages, check, ports, contract)
    _state(manifest.batch_id, slices, manifest.uri, cause, ports)


def export_window(
    batch_id: str, wanted: ChangeRange, counted: int, cause: Cause, ports: ExportSalesPorts, contract: Contract
) -> None:
    """What changed in a window, of which so many documents were counted before."""
    first = (batch_id, wanted.changed_from.date().isoformat())
    pages = ports.sales.pages(wanted, PAGE_SIZE)
    slices = _write_whole(*first, pages, lambda rows: check_rows(wanted, rows, counted, ports), ports, contract)
    _state(batch_id, slices, None, cause, ports)


def check_rows(wanted: SalesRange, rows: int, counted: int, ports: HasSales) -> None:
    """RetryableError unless the range was read whole: a stream may end early, and in silence.

    A batch stays as it is. A window is in the past: documents only ever leave it, for the window of their next change.
    """
    least = ports.sales.count(wanted) if isinstance(wanted, ChangeRange) else counted
    if not least <= rows <= counted:
        raise RetryableError(f"read {rows} of {counted} documents")


def note_ids(pages: Iterable[Page], note: Callable[[str], None]) -> Iterator[Page]:
    for page in pages:
        for doc_id, _ in page:
            note(doc_id)
        yield page


def _write_whole(
    batch_id: str, day: str, pages: Iterable[Page], check: Check, ports: BucketPorts, contract: Contract
) -> list[Kept]:
    """Write slice after slice, check them together, and only then put them into Bronze, where nothing is rewritten."""
    with ExitStack() as files:
        slices: list[Slice] = []
        for number, chunk in enumerate(_cut_pages(pages, ports.settings.export_rows_per_slice)):
            made = Slice(batch_id=batch_id, number=number, day=day)
            files.callback(made.close)
            write_slice(made, chunk, contract, ports.settings)
            slices.append(made)
        check(sum(made.rows for made in slices))
        return [keep_slice(made, len(slices), ports.objects, ports.settings) for made in slices]


def _cut_pages(pages: Iterable[Page], rows_per_slice: int) -> Iterator[Iterator[Page]]:
    """Cut the pages into runs of whole pages, each at most `rows_per_slice` rows unless one page is larger."""
    rest = iter(pages)
    per_slice = max(rows_per_slice // PAGE_SIZE, 1)
    for first in rest:

        def run(first: Page = first) -> Iterator[Page]:
            yield first
            for _, page in zip(range(per_slice - 1), rest, strict=False):
                yield page

        yield run()


def _state(batch_id: str, slices: Sequence[Kept], manifest_uri: str | None, cause: Cause, ports: StatingPorts) -> None:
    """Each slice as of the time of its object, and the end as of that of the last: a second delivery finds the same objects."""
    exported = [fact for fact, _ in slices]
    finished = SalesExportFinished(
        batch_id=batch_id,
        rows=sum(fact.rows for fact in exported),
        rows_quarantined=sum(fact.rows_quarantined for fact in exported),
        objects=[fact.uri for fact in exported],
        manifest_uri=manifest_uri,
    )
    ended_at = max((created for _, created in slices), default=None)
    stated = [*slices, (finished, ended_at)]
    send([state_as(fact, STAGE, cause, at) for fact, at in stated], ports.publisher, ports.documents)

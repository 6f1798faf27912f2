"""The sales job: `python -m generators.sales --from DAY --to DAY --batch-id ID`.

Orders go to Firestore; the manifest in the landing bucket comes last, and says what the export must find.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence

from generators.baskets import Seller, make_orders, open_seller
from generators.contacts import draw_contacts
from generators.defects import SALES, Document, document_kinds
from generators.dirt import DirtyRows, add_defects
from generators.documents import COLLECTION, DocumentSink, FileStore, FirestoreStore
from generators.foresight import write_foresight
from generators.job import GeneratorTask, read_job
from generators.lives import MonthOfOrders, live_through
from generators.people import build_block, count_blocks
from generators.progress import Progress, open_progress
from generators.running import facts_of, open_pepper, open_sink, open_workspace
from generators.sinks import Sink
from generators.slices import share_out
from generators.times import DOCUMENT_KEPT, DOCUMENT_REFUSED
from generators.truth import Totals, Truth
from generators.world import Month, Purpose, day_of, open_stream
from ripple.rows.checksums import sum_ids
from ripple.rows.pii import Pepper

_KINDS = document_kinds(SALES, DOCUMENT_KEPT, DOCUMENT_REFUSED)


def main(argv: Sequence[str] | None = None) -> None:
    job = read_job("sales", sys.argv[1:] if argv is None else argv, os.environ)
    progress = open_progress(job.flow, job.batch_id, job.as_json)
    run_sales(job, open_pepper(job), open_sink(job), _open_store(job), progress)


def run_sales(job: GeneratorTask, pepper: Pepper, sink: Sink, store: DocumentSink, progress: Progress) -> Totals:
    """Write the task's documents, its truth, and then its manifest. A second run sets the same documents again."""
    with open_workspace(job, sink) as workspace:
        with Truth(workspace.folder / "truth", job.flow) as truth:
            ids = _write_blocks(job, pepper, store, truth, progress)
            store.finish()
            totals = workspace.send_truth(truth)
        write_foresight(workspace)
        new = workspace.send_text(job.landing_bucket, f"sales/{task_batch(job)}.json", make_manifest(job, ids))
    progress.say("batch written", manifest_new=new, **facts_of(totals))
    return totals


def task_batch(job: GeneratorTask) -> str:
    """The batch id of this task's documents: with several tasks, each is a batch of its own."""
    return job.batch_id if job.task_count == 1 else job.stem


def make_manifest(job: GeneratorTask, ids: Sequence[str]) -> str:
    """What an export must find: the count, the first and last id, and checksums over all ids, in order and added up."""
    ordered = sorted(ids)
    manifest = {
        "batch_id": task_batch(job),
        "flow": job.flow,
        "collection": COLLECTION,
        "window_from": day_of(job.window.from_ms).isoformat(),
        "window_to": day_of(job.window.to_ms).isoformat(),
        "count": len(ordered),
        "first_key": ordered[0] if ordered else None,
        "last_key": ordered[-1] if ordered else None,
        "checksum": hashlib.sha256("\n".join(ordered).encode()).hexdigest(),
        "id_sum": sum_ids(ordered),
    }
    return json.dumps(manifest) + "\n"


def _open_store(job: GeneratorTask) -> DocumentSink:
    if job.out:
        return FileStore(job.out, task_batch(job))
    from google.cloud import firestore

    return FirestoreStore(firestore.Client(project=job.project), job.ops_per_second)


def _write_blocks(
    job: GeneratorTask, pepper: Pepper, store: DocumentSink, truth: Truth, progress: Progress
) -> list[str]:
    ids: list[str] = []
    blocks = job.own_blocks(count_blocks(job.world, job.window.to_ms))
    with progress.watch("writing sales", len(blocks)) as step:
        for index in blocks:
            before = len(ids)
            for month, dirty in _draw_months(job, pepper, index):
                ids += _put_share(job, month, dirty, store, truth)
            step(len(ids) - before)
    return ids


def _draw_months(job: GeneratorTask, pepper: Pepper, index: int) -> Iterator[tuple[Month, DirtyRows[Document]]]:
    block = build_block(job.world, index)
    seller = open_seller(job.world, block, draw_contacts(job.world, block), pepper, task_batch(job))
    wanted = {month.number for month in job.window.months(job.world)}
    for lives in live_through(job.world, block, job.window.to_ms):
        if lives.month.number in wanted:
            yield lives.month, _add_defects_to_month(job, seller, lives)


def _add_defects_to_month(job: GeneratorTask, seller: Seller, lives: MonthOfOrders) -> DirtyRows[Document]:
    orders = make_orders(job.world, seller, lives)
    stream = open_stream(job.world, Purpose.DIRT_SALES, seller.block.index, lives.month.number)
    documents = [(order["order_id"], order) for order in orders]
    return add_defects(documents, lives.at_ms, lambda row: str(orders[row]["order_id"]), _KINDS, job.world.dirt, stream)


def _put_share(
    job: GeneratorTask, month: Month, dirty: DirtyRows[Document], store: DocumentSink, truth: Truth
) -> list[str]:
    chosen = {index for share in share_out(dirty.at_ms, month, job.window) for index in share.indices.tolist()}
    store.put([dirty.rows[index] for index in sorted(chosen)])
    for mark in dirty.marks:
        if mark.index in chosen:
            truth.record_document(mark, dirty.rows[mark.index][0])
    truth.count_rows(len(chosen))
    return [dirty.rows[index][0] for index in sorted(chosen)]


if __name__ == "__main__":
    main()

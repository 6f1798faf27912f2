"""Does heavy things in a process of its own: `python -m tests.functions.junk.heavy_child`.

Prints one JSON line a job: its name, CPU seconds, and the peak of memory so far in MB.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from ripple.deployment.routes import FINALIZED
from ripple.handling.shell import handle
from ripple.ports import BatchRange, SalesRange, StoredObject
from ripple.wire.events import SalesExportFinished
from tests.functions.fakes import FakeEdge, FakeObjects, FakeSales
from tests.functions.junk.landing_child import peak_mb, say
from tests.functions.junk.pushes import CONTEXT, request_of
from tests.functions.junk.worlds import a_manifest, an_edge, stage_of
from tests.functions.test_export_sales import deliver
from tests.ripple.rows.sample_rows import an_order

FULL = 10_000_000
"""Bytes of a Pub/Sub message."""


def push(stage: str, headers: dict[str, str], body: bytes) -> None:
    edge = an_edge()
    text, status = handle(request_of(headers, body), stage, stage_of(stage), edge)
    assert (status, len(edge.publisher.dead_letters)) == (200, 1), (status, text[:200])


def event(filler: bytes) -> None:
    push("start_elt", CONTEXT | {"ce-type": "elt.run.failed.v1"}, b"[" + filler * (FULL // len(filler)) + b"0]")


def command(filler: bytes) -> None:
    data = base64.b64encode(b"[" + filler * (FULL // len(filler)) + b"0]").decode()
    message = {"data": data, "messageId": "1", "publishTime": "2026-01-01T00:00:00Z"}
    push("replay", {}, json.dumps({"message": message}).encode())


def oversized() -> None:
    push("land_object", CONTEXT | {"ce-type": FINALIZED}, b"x" * 32_000_000)


class WideSales(FakeSales):
    """A gigabyte of documents of 1 MiB, in pages as the gateway cuts them: a third bad, a third of many items."""

    def pages(self, wanted: SalesRange, page_size: int) -> Iterator[Any]:
        item = an_order()["items"][0]
        for page in range(32):
            odd: list[dict[str, Any]] = [
                {"extra": "x" * 1_000_000},
                {"items": [item | {"category": "y" * 100}] * 500},
                {},
            ]
            rows = [an_order(order_id=f"o-{page}-{number}") | odd[number % 3] for number in range(32)]
            yield [(str(row["order_id"]), row) for row in rows]


class Draining(FakeObjects):
    """Takes what it is given piece by piece and keeps the last, as an upload does."""

    def create(self, bucket: str, name: str, data: bytes | IO[bytes], metadata: Mapping[str, str]) -> StoredObject:
        piece = b""
        if not isinstance(data, bytes):
            data.seek(0)
            while read := data.read(1024 * 1024):
                piece = read
        return super().create(bucket, name, piece, metadata)


def checksum_of(sales: FakeSales) -> str:
    ids = (doc_id for page in sales.pages(BatchRange(collection="sales", batch_id="b-1"), 2000) for doc_id, _ in page)
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def export() -> None:
    edge = FakeEdge(sales=WideSales(), objects=Draining())
    promise = a_manifest(count=32 * 32, checksum=checksum_of(WideSales()))
    deliver(edge, promise)
    finished = edge.publisher.facts(SalesExportFinished)[0]
    assert (finished.rows, finished.rows_quarantined) == (1024, 32 * 11)


JOBS: dict[str, Callable[[], None]] = {
    "an event of empty arrays": lambda: event(b"[],"),
    "an event of empty objects": lambda: event(b"{},"),
    "an event of objects of one key": lambda: event(b'{"":0},'),
    "an event of numbers": lambda: event(b"1.5,"),
    "an event of texts": lambda: event(b'"ab",'),
    "a command of empty arrays": lambda: command(b"[],"),
    "a command of objects of one key": lambda: command(b'{"":0},'),
    "an event over every limit": oversized,
    "an export of a gigabyte": export,
}


def main() -> None:
    logging.disable(logging.CRITICAL)
    for name, job in JOBS.items():
        started = time.process_time()
        job()
        say({"job": name, "seconds": round(time.process_time() - started, 2), "peak": peak_mb()})


if __name__ == "__main__":
    main()

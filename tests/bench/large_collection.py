"""`python -m tests.bench.large_collection FOLDER COUNT`: a laptop Firestore's store with a batch of so many documents of 25 fields.

Written into the store itself, before its server runs: through clients a million documents take four minutes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from generators.encoding import encode_write
from laptop.firestore.paths import DocumentKey
from laptop.firestore.store import DocumentChange, DocumentDatabase
from tests.bench.exporting_ways import make_order

PROJECT, BATCH = "bench", "bench"
_ROOT = f"projects/{PROJECT}/databases/(default)/documents/sales"
_CHUNK = 2000
_BAD, _OTHER = 1000, 20


def is_bad(number: int) -> bool:
    """One in a thousand breaks its contract."""
    return number % _BAD == 13


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    store, at = DocumentDatabase(folder), time.time_ns() // 1000
    with Pool() as pool:
        for chunks in _chunks(count, at):
            for changes in pool.map(_encode_chunk, chunks):
                store.write(changes, at)
    store.close()


def _chunks(count: int, at: int) -> Iterator[list[tuple[int, int, int]]]:
    """A few at a time: encoding is faster than writing, and what waits is held in memory."""
    chunks = ((start, min(start + _CHUNK, count), at) for start in range(0, count, _CHUNK))
    while some := list(islice(chunks, 8)):
        yield some


def _encode_chunk(chunk: tuple[int, int, int]) -> list[DocumentChange]:
    start, end, at = chunk
    found = [_encode(f"ord_{number:08}", _make(number), at) for number in range(start, end)]
    # Documents of another batch lie between: a range of ids alone would bring them too.
    others = range(start, end, _OTHER)
    return found + [_encode(f"ord_{n:08}-other", make_order(n) | {"batch_id": "other"}, at) for n in others]


def _make(number: int) -> dict[str, Any]:
    return make_order(number) | ({"net_cents": 9.5} if is_bad(number) else {})


def _encode(name: str, order: dict[str, Any], at: int) -> DocumentChange:
    document = encode_write(f"{_ROOT}/{name}", order).update
    moment = Timestamp(seconds=at // 1_000_000, nanos=at % 1_000_000 * 1000)
    document.create_time.CopyFrom(moment)
    document.update_time.CopyFrom(moment)
    return DocumentChange(DocumentKey(_ROOT, name), None, 0, document.SerializeToString())


if __name__ == "__main__":
    main()

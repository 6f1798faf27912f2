"""Where orders go: a Firestore collection, or a file that stands in for it."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from generators.defects import Document
from generators.encoding import encode_write

COLLECTION = "sales"
_COMMIT_SIZE = 500
_IN_FLIGHT = 4


class DocumentSink(Protocol):
    """Sets documents by id: writing the same again changes nothing."""

    def put(self, documents: Sequence[Document]) -> None: ...

    def finish(self) -> None:
        """Return when all is durably written; raises if any document was not."""
        ...


class FirestoreStore:
    """Firestore, by commits of up to 500 sets, a few at a time, at no more than the given documents a second.

    A commit that fails for good fails the job; its retry sets the same documents. The default of 500 a second is what
    Firestore asks of a new collection; a higher one says that the server is ready for it.
    """

    def __init__(
        self,
        client: Any,
        ops_per_second: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._seconds_each, self._clock, self._sleep = client, 1 / ops_per_second, clock, sleep
        self._root = f"{client._database_string}/documents/{COLLECTION}/"
        self._pool = ThreadPoolExecutor(max_workers=_IN_FLIGHT)
        self._sent: deque[Future[Any]] = deque()
        self._next_at = clock()

    def put(self, documents: Sequence[Document]) -> None:
        for start in range(0, len(documents), _COMMIT_SIZE):
            writes = [
                encode_write(self._root + name, record) for name, record in documents[start : start + _COMMIT_SIZE]
            ]
            self._pace(len(writes))
            self._sent.append(self._pool.submit(self._commit, writes))
            while len(self._sent) > _IN_FLIGHT:
                self._sent.popleft().result()

    def finish(self) -> None:
        while self._sent:
            self._sent.popleft().result()
        self._pool.shutdown()

    def _commit(self, writes: Sequence[Any]) -> None:
        request = {"database": self._client._database_string, "writes": writes}
        self._client._firestore_api.commit(request=request, metadata=self._client._rpc_metadata)

    def _pace(self, count: int) -> None:
        """Wait until the documents sent before have had their time."""
        now = self._clock()
        if self._next_at > now:
            self._sleep(self._next_at - now)
        self._next_at = max(self._next_at, now) + count * self._seconds_each


class FileStore:
    """One JSON line a document, timestamps as RFC 3339 text; a file that exists is left as it is."""

    def __init__(self, folder: Path, batch_id: str) -> None:
        self._path = folder / "firestore" / COLLECTION / f"{batch_id}.jsonl"
        self._part = self._path.with_suffix(".part")
        self._part.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self._part.open("w", encoding="utf-8")

    def put(self, documents: Sequence[Document]) -> None:
        for identifier, record in documents:
            self._stream.write(json.dumps({"id": identifier, "data": record}, default=_moment_text) + "\n")

    def finish(self) -> None:
        self._stream.close()
        self._part.replace(self._path)


def _moment_text(value: dt.datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")

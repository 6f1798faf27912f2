"""Object contents as files: written under a temporary name, hashed on the way, visible whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import google_crc32c

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """A file that holds an object's bytes: its id, size in bytes, base64 md5 and crc32c."""

    id: str
    size: int
    md5: str
    crc32c: str


class Blobs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "blobs"
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, content_id: str) -> Path:
        return self._folder / content_id[:2] / content_id

    def write(self, pieces: Iterable[bytes]) -> Content:
        """Store the pieces as one content."""
        draft = self.draft()
        for piece in pieces:
            draft.append(piece)
        return draft.finish()

    async def write_stream(self, pieces: AsyncIterator[bytes]) -> Content:
        draft = self.draft()
        async for piece in pieces:
            draft.append(piece)
        return draft.finish()

    def draft(self) -> Draft:
        content_id = uuid.uuid4().hex
        path = self.path(content_id)
        path.parent.mkdir(exist_ok=True)
        return Draft(content_id, path)

    def read(self, content_id: str, start: int, end: int) -> Iterator[bytes]:
        """Bytes `[start, end)` in pieces of at most 1 MiB."""
        with self.path(content_id).open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(_PIECE, end - start))):
                start += len(piece)
                yield piece

    def delete(self, content_id: str) -> None:
        self.path(content_id).unlink(missing_ok=True)


class Draft:
    """A content being written."""

    def __init__(self, content_id: str, path: Path) -> None:
        self._id, self._path = content_id, path
        self._partial = path.with_name(path.name + ".part")
        self._file = self._partial.open("wb")
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = google_crc32c.Checksum()  # type: ignore[no-untyped-call]
        self._size = 0

    def append(self, piece: bytes) -> None:
        self._file.write(piece)
        self._md5.update(piece)
        self._crc.update(piece)  # type: ignore[no-untyped-call]
        self._size += len(piece)

    def finish(self) -> Content:
        self._file.close()
        os.replace(self._partial, self._path)
        md5 = base64.b64encode(self._md5.digest()).decode()
        crc32c = base64.b64encode(self._crc.digest())  # type: ignore[no-untyped-call]
        return Content(self._id, self._size, md5, crc32c.decode())

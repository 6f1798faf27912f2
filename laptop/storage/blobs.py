"""Object contents as files: written under a temporary name, hashed on the way, visible whole or not at all."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import google_crc32c

_PIECE = 1024 * 1024
_DRAFT = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A file that holds an object's bytes: its id, size in bytes, base64 md5 ("" if unknown) and crc32c."""

    id: str
    size: int
    md5: str
    crc32c: str


class Blobs:
    """With `fsync`, a finished content and its name are on the disk itself; without, they survive a kill."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._folder, self.fsync = folder / "blobs", fsync
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, content_id: str) -> Path:
        return self._folder / content_id[:2] / content_id

    def write(self, pieces: Iterable[bytes]) -> Content:
        """Store the pieces as one content."""
        draft = self.draft()
        try:
            for piece in pieces:
                draft.append(piece)
        except BaseException:
            draft.discard()
            raise
        return draft.finish()

    async def write_stream(self, pieces: AsyncIterator[bytes]) -> Content:
        """Store what arrives as one content; nothing stays if it breaks off."""
        draft = self.draft()
        try:
            await fill(draft, pieces)
        except BaseException:
            draft.discard()
            raise
        return draft.finish()

    def draft(self, content_id: str | None = None) -> Draft:
        """A new draft, or the one under this id as far as it came."""
        content_id = content_id or uuid.uuid4().hex
        path = self.path(content_id)
        if not path.parent.exists():
            path.parent.mkdir(exist_ok=True)
            if self.fsync:
                _flush_folder(self._folder)
        return Draft(content_id, path, fsync=self.fsync)

    def reopen(self, content_id: str) -> None:
        """Make a finished content a draft again, since no object came of it."""
        path = self.path(content_id)
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, path.with_name(path.name + _DRAFT))

    def read(self, content_id: str, start: int, end: int) -> Iterator[bytes]:
        """Bytes `[start, end)` in pieces of at most 1 MiB, even if the content is deleted meanwhile."""
        return _read_pieces(self.path(content_id).open("rb"), start, end)

    def delete(self, content_id: str) -> None:
        self.path(content_id).unlink(missing_ok=True)

    def sweep(self, contents: Collection[str], drafts: Collection[str]) -> None:
        """Tidy up after a kill: a file is a content, or a draft to go on with, or it goes."""
        for path in self._folder.glob("*/*"):
            finished = path.suffix != _DRAFT
            if finished and path.stem not in contents and path.stem in drafts:
                os.replace(path, path.with_name(path.name + _DRAFT))
            elif path.stem not in (contents if finished else drafts):
                path.unlink()


def _read_pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (piece := file.read(min(_PIECE, end - start))):
            start += len(piece)
            yield piece


class Draft:
    """A content being written; `size` bytes of it are there. After an OSError it is no good: open it again."""

    def __init__(self, content_id: str, path: Path, *, fsync: bool) -> None:
        self.id, self.size = content_id, 0
        self._path, self._fsync = path, fsync
        self._partial = path.with_name(path.name + _DRAFT)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = google_crc32c.Checksum()  # type: ignore[no-untyped-call]
        self._file: FileIO | None = self._open()
        if self._partial.stat().st_size:
            self._count_what_is_there()

    def _count_what_is_there(self) -> None:
        for piece in _read_pieces(self._partial.open("rb"), 0, self._partial.stat().st_size):
            self._count(piece)

    def _count(self, piece: bytes) -> None:
        self._md5.update(piece)
        self._crc.update(piece)  # type: ignore[no-untyped-call]
        self.size += len(piece)

    def _open(self) -> FileIO:
        """Without a buffer: what a full disk refuses must fail in `append`, before it is counted."""
        return FileIO(self._partial, "ab")

    def append(self, piece: bytes) -> None:
        self._file = self._file or self._open()
        rest = memoryview(piece)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._count(piece)

    def rest(self) -> None:
        """Hand all to the system, so that it survives a kill, and hold no file until the next piece."""
        if self._file is not None:
            if self._fsync:
                os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def finish(self) -> Content:
        self.rest()
        os.replace(self._partial, self._path)
        if self._fsync:
            _flush_folder(self._path.parent)
        md5 = base64.b64encode(self._md5.digest()).decode()
        crc32c = base64.b64encode(self._crc.digest()).decode()  # type: ignore[no-untyped-call]
        return Content(id=self.id, size=self.size, md5=md5, crc32c=crc32c)

    def discard(self) -> None:
        self.rest()
        self._partial.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """A name is on the disk only when its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


async def fill(draft: Draft, pieces: AsyncIterator[bytes], skip: int = 0) -> None:
    """Append what arrives, less its first `skip` bytes; hashing runs in a thread while the next pieces arrive."""
    waiting: list[bytes] = []
    hashing: asyncio.Future[None] | None = None
    size = 0
    try:
        async for given in pieces:
            piece, skip = given[skip:], max(skip - len(given), 0)
            waiting.append(piece)
            size += len(piece)
            if size >= _PIECE:
                if hashing is not None:
                    await hashing
                hashing = asyncio.ensure_future(asyncio.to_thread(draft.append, b"".join(waiting)))
                waiting, size = [], 0
    finally:
        if hashing is not None:
            await hashing
        draft.append(b"".join(waiting))
        draft.rest()

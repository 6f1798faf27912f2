"""Resumable uploads: sessions that survive a restart, and answer again when their last answer was lost."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError
from laptop.storage.answers import answer, read_fields
from laptop.storage.blobs import Draft, fill
from laptop.storage.catalog import ObjectCatalog, Record
from laptop.storage.checksums import expected_checksums, require_checksums
from laptop.storage.objects import Objects

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+|\*)|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What a PUT carries: bytes `[start, end)` of `total`; None where it does not say."""

    start: int | None
    end: int | None
    total: int | None


@dataclass(slots=True)
class _Session:
    """An upload in this process: its draft and the turn of its requests."""

    draft: Draft | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class ResumableUploads:
    def __init__(self, objects: Objects, catalog: ObjectCatalog) -> None:
        self._objects, self._catalog = objects, catalog
        self._sessions: dict[str, _Session] = {}

    async def begin(self, request: Request, bucket: str) -> Response:
        """A new session; its address is in `Location`. Conditions are checked now and again at the end."""
        fields, given = await read_fields(request), dict(request.query_params)
        name = str(given.get("name") or fields.get("name") or "")
        self._objects.require_writable(bucket, name, fields, given)
        fields["contentType"] = fields.get("contentType") or request.headers.get("x-upload-content-type")
        upload_id = uuid.uuid4().hex
        self._catalog.put_upload(upload_id, {"bucket": bucket, "name": name, "fields": fields, "given": given})
        at = f"{request.url.scheme}://{request.url.netloc}/upload/storage/v1/b/{bucket}/o"
        where = f"{at}?uploadType=resumable&upload_id={upload_id}"
        return Response(headers={"location": where, "x-guploader-uploadid": upload_id})

    async def put(self, request: Request) -> Response:
        """One chunk, or a question how far the upload came: 308 with the range that is there, or the finished object."""
        upload_id = request.query_params.get("upload_id", "")
        chunk = read_chunk(request.headers)
        session = self._sessions.setdefault(upload_id, _Session())
        try:
            async with session.turn:
                return await self._receive(request, upload_id, session, chunk)
        except (OSError, sqlite3.Error):
            # A full disk: what the session has is what is there, to be counted again when the client tries again.
            session.draft = None
            raise
        finally:
            if "bucket" not in (self._catalog.upload(upload_id) or {}):
                self._sessions.pop(upload_id, None)

    async def _receive(self, request: Request, upload_id: str, session: _Session, chunk: Chunk) -> Response:
        upload = self._find(upload_id)
        if "finished" in upload:
            return answer(request, upload["finished"])
        draft = await self._open(upload_id, session)
        before = draft.size
        start = before if chunk.start is None else chunk.start
        if start > before:
            draft.rest()
            raise ApiError(503, f"the upload has {before} bytes; a chunk from {start} would leave a gap")
        await fill(draft, request.stream(), skip=before - start)
        if draft.size > max(before, draft.size if chunk.end is None else chunk.end):
            self._drop(upload_id, draft)
            raise ApiError(400, f"the chunk ends at {chunk.end}, but the upload now has {draft.size} bytes")
        if chunk.total is None or draft.size < chunk.total:
            return _incomplete(draft.size)
        return self._finish(request, upload_id, upload, draft)

    async def _open(self, upload_id: str, session: _Session) -> Draft:
        """The draft, hashed again if this process has not seen it yet."""
        if session.draft is None:
            session.draft = await asyncio.to_thread(self._objects.blobs.draft, upload_id)
        return session.draft

    def _finish(self, request: Request, upload_id: str, upload: Record, draft: Draft) -> Response:
        content = draft.finish()
        try:
            require_checksums(content, expected_checksums(upload["fields"], request.headers))
            made = self._objects.create(
                upload["bucket"], upload["name"], content, upload["fields"], upload["given"], upload_id
            )
        except ApiError:
            self._catalog.drop_upload(upload_id)
            self._objects.blobs.delete(content.id)
            raise
        except sqlite3.Error:
            self._objects.blobs.reopen(content.id)
            raise
        return answer(request, made)

    async def delete(self, request: Request) -> Response:
        """Cancel."""
        upload_id = request.query_params.get("upload_id", "")
        if "finished" in self._find(upload_id):
            raise ApiError(400, "the upload is finished")
        session = self._sessions.setdefault(upload_id, _Session())
        async with session.turn:
            self._drop(upload_id, await self._open(upload_id, session))
        self._sessions.pop(upload_id, None)
        return Response(status_code=499)

    def _drop(self, upload_id: str, draft: Draft) -> None:
        self._catalog.drop_upload(upload_id)
        draft.discard()

    def _find(self, upload_id: str) -> Record:
        upload = self._catalog.upload(upload_id)
        if upload is None:
            raise ApiError(404, f"no upload {upload_id!r}")
        return upload


def read_chunk(headers: Mapping[str, str]) -> Chunk:
    """Of `Content-Range`; without one the body is the whole. 400 if it makes no sense."""
    given = headers.get("content-range")
    if given is None:
        length = int(headers["content-length"]) if "content-length" in headers else None
        return Chunk(start=0, end=length, total=length or 0)
    match = _RANGE.fullmatch(given.strip())
    if match is None:
        raise ApiError(400, f"Failed to parse Content-Range header: {given!r}", reason="badRequest")
    start, last, total = (None if part in (None, "*") else int(part) for part in match.groups())
    if last is not None and ((start or 0) > last or (total is not None and last >= total)):
        raise ApiError(400, f"Content-Range {given!r} ends before it starts, or after its total")
    if start is not None and last is None and total is None:
        return Chunk(start=start, end=None, total=0)  # `bytes 0-*/*`: all that comes, and that is the whole
    return Chunk(start=start, end=None if last is None else last + 1, total=total)


def _incomplete(size: int) -> Response:
    return Response(status_code=308, headers={"range": f"bytes=0-{size - 1}"} if size else {})

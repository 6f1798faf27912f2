"""Contents as files: whole or not there, hashed on the way, tidied up after a kill."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import google_crc32c
import pytest

from laptop.storage.blobs import Blobs, fill

MIB = 1024 * 1024


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("blobs/*/*"))


async def stream(*pieces: bytes, breaks: bool = False) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if breaks:
        raise ConnectionError("the client went away")


def test_a_content_is_what_was_written_with_its_checksums(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    content = blobs.write([b"hello ", b"", b"world"])
    assert content.size == 11
    assert content.md5 == base64.b64encode(hashlib.md5(b"hello world").digest()).decode()
    assert base64.b64decode(content.crc32c) == google_crc32c.value(b"hello world").to_bytes(4, "big")
    assert blobs.path(content.id).read_bytes() == b"hello world"


@pytest.mark.parametrize(
    ("start", "end", "data"),
    [(0, 11, b"hello world"), (6, 11, b"world"), (0, 0, b""), (4, 6, b"o "), (6, 99, b"world")],
)
def test_a_part_of_a_content_is_read(tmp_path: Path, start: int, end: int, data: bytes) -> None:
    blobs = Blobs(tmp_path)
    content = blobs.write([b"hello world"])
    assert b"".join(blobs.read(content.id, start, end)) == data


def test_a_large_content_is_read_in_pieces_of_a_mebibyte(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    content = blobs.write([os.urandom(2 * MIB + 5)])
    assert [len(piece) for piece in blobs.read(content.id, 0, content.size)] == [MIB, MIB, 5]


def test_a_reader_goes_on_when_the_content_is_deleted(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    content = blobs.write([b"x" * (MIB + 1)])
    pieces = blobs.read(content.id, 0, content.size)
    assert len(next(pieces)) == MIB
    blobs.delete(content.id)
    assert list(pieces) == [b"x"]
    assert files(tmp_path) == []


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"some"
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        Blobs(tmp_path).write(broken())  # type: ignore[arg-type]
    assert files(tmp_path) == []


def test_a_stream_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    with pytest.raises(ConnectionError):
        asyncio.run(blobs.write_stream(stream(b"a" * MIB, b"b", breaks=True)))
    assert files(tmp_path) == []


def test_a_stream_of_any_pieces_is_one_content(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    pieces = [b"a" * 700_000, b"b" * 700_000, b"", b"c" * 3 * MIB, b"d"]
    content = asyncio.run(blobs.write_stream(stream(*pieces)))
    assert content.md5 == base64.b64encode(hashlib.md5(b"".join(pieces)).digest()).decode()
    assert blobs.path(content.id).read_bytes() == b"".join(pieces)


@pytest.mark.parametrize("skip", [0, 1, 3, 5, 7])
def test_the_first_bytes_of_a_stream_are_skipped_across_pieces(tmp_path: Path, skip: int) -> None:
    draft = Blobs(tmp_path).draft()
    asyncio.run(fill(draft, stream(b"012", b"34", b"56"), skip=skip))
    assert draft.size == 7 - skip
    assert Blobs(tmp_path).path(draft.finish().id).read_bytes() == b"0123456"[skip:]


def test_a_draft_goes_on_where_another_process_left_it(tmp_path: Path) -> None:
    first = Blobs(tmp_path).draft("up1")
    first.append(b"hello ")
    first.rest()
    second = Blobs(tmp_path).draft("up1")
    assert second.size == 6
    second.append(b"world")
    assert second.finish().md5 == base64.b64encode(hashlib.md5(b"hello world").digest()).decode()


def test_a_draft_is_no_content_until_it_is_finished(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    draft = blobs.draft("up1")
    draft.append(b"x")
    draft.rest()
    assert not blobs.path("up1").exists()
    draft.finish()
    assert files(tmp_path) == ["up1"]


def test_a_finished_content_without_an_object_is_a_draft_again(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    draft = blobs.draft("up1")
    draft.append(b"x")
    draft.finish()
    blobs.reopen("up1")
    blobs.reopen("never-there")
    assert files(tmp_path) == ["up1.part"]
    assert blobs.draft("up1").size == 1


@pytest.mark.parametrize(
    ("before", "contents", "drafts", "after"),
    [
        (["a1"], {"a1"}, set(), ["a1"]),
        (["a1"], set(), set(), []),
        (["a1.part"], set(), {"a1"}, ["a1.part"]),
        (["a1.part"], set(), set(), []),
        (["a1"], set(), {"a1"}, ["a1.part"]),
        (["a1", "b2.part", "c3"], {"c3"}, {"b2"}, ["b2.part", "c3"]),
        (["a1.part"], {"a1"}, set(), []),
    ],
)
def test_after_a_kill_only_what_is_known_stays(
    tmp_path: Path, before: list[str], contents: set[str], drafts: set[str], after: list[str]
) -> None:
    blobs = Blobs(tmp_path)
    for name in before:
        path = blobs.path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    blobs.sweep(contents, drafts)
    assert files(tmp_path) == after

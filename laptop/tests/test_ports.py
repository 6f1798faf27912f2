"""Ports and folders that one keeps, without a server."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from laptop.files import write_whole
from laptop.loops import keep_on, persist
from laptop.orphans import lock_folder, mark
from laptop.ports import hold_port


def test_a_port_that_is_free_is_the_one_that_is_held() -> None:
    with hold_port("127.0.0.1", 0, 0) as first:
        port = first.getsockname()[1]
    with hold_port("127.0.0.1", port, 0) as again:
        assert again.getsockname()[1] == port


def test_a_port_that_stays_taken_is_replaced_by_another() -> None:
    with hold_port("127.0.0.1", 0, 0) as first:
        port = first.getsockname()[1]
        with hold_port("127.0.0.1", port, 0) as other:
            assert other.getsockname()[1] != port


def test_an_address_that_is_not_ours_is_not_taken_for_a_port_that_is_in_use() -> None:
    with pytest.raises(OSError, match="Cannot assign requested address"):
        hold_port("203.0.113.1", 8080, 0)


def test_held_ports_differ_and_can_be_listened_on() -> None:
    held = [hold_port("127.0.0.1", 0, 0) for _ in range(5)]
    try:
        assert len({each.getsockname()[1] for each in held}) == 5
        with socket.create_connection(held[0].getsockname(), timeout=5):
            pass
    finally:
        for each in held:
            each.close()


def test_an_owner_is_named_by_the_whole_path(tmp_path: Path) -> None:
    (variable,) = mark(tmp_path)
    assert mark(tmp_path) == {variable: str(tmp_path.absolute())}
    assert mark(Path("relative"))[variable].startswith("/")


def test_a_lock_says_which_process_owns_the_folder(tmp_path: Path) -> None:
    with lock_folder(tmp_path / "new") as lock:
        assert (tmp_path / "new" / "lock").read_text().isdecimal()
        with pytest.raises(BlockingIOError):
            lock_folder(tmp_path / "new")
    assert lock.closed
    lock_folder(tmp_path / "new").close()


@pytest.mark.parametrize(("content", "written"), [("é", "é".encode()), (b"\x00", b"\x00"), ("", b"")])
def test_a_file_is_written_whole(tmp_path: Path, content: str | bytes, written: bytes) -> None:
    write_whole(tmp_path / "f", "before, and longer than what comes")
    write_whole(tmp_path / "f", content, mode=0o600)
    assert (tmp_path / "f").read_bytes() == written
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_work_that_the_disk_takes_is_done_once() -> None:
    calls: list[int] = []

    async def work() -> str:
        calls.append(1)
        return "done"

    assert asyncio.run(keep_on(work)) == "done"
    assert asyncio.run(persist(lambda: calls.append(2))) is None
    assert calls == [1, 2]


def test_a_mistake_is_not_tried_again() -> None:
    def write() -> None:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        asyncio.run(persist(write))

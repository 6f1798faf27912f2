"""Containers' commands as process groups: started, waited for, and ended with all they started."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from laptop.run.processes import (
    ContainerCommand,
    end,
    find_free_port,
    spawn,
    wait_until_free,
    wait_until_listening,
)


def shell(folder: Path, script: str, **env: str) -> ContainerCommand:
    return ContainerCommand(words=["sh", "-c", script], env=env, folder=str(folder), log=folder / "logs" / "x.log")


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def see_it_die(pid: int) -> None:
    """A killed process goes on dying for a moment; the test's own timeout ends a wait for one that lives on."""
    while is_alive(pid):
        await asyncio.sleep(0.005)


async def child_of(folder: Path) -> int:
    """The process id that a script wrote into `child`."""
    while not (folder / "child").exists() or not (folder / "child").read_text().strip():
        await asyncio.sleep(0.005)
    return int((folder / "child").read_text())


def test_output_is_appended_to_the_log_in_the_commands_own_folder(tmp_path: Path) -> None:
    async def act() -> None:
        for word in ("one", "two"):
            process = await spawn(shell(tmp_path, "echo $WORD; pwd; echo loud >&2", WORD=word), tmp_path, {})
            assert await process.wait() == 0

    asyncio.run(act())
    assert (tmp_path / "logs" / "x.log").read_text() == f"one\n{tmp_path}\nloud\ntwo\n{tmp_path}\nloud\n"


def test_a_commands_own_variables_win_over_those_around_it(tmp_path: Path) -> None:
    async def act() -> None:
        command = shell(tmp_path, "echo $ONE $TWO", ONE="own")
        process = await spawn(command, tmp_path, {"ONE": "around", "TWO": "around"})
        await process.wait()

    asyncio.run(act())
    assert (tmp_path / "logs" / "x.log").read_text() == "own around\n"


@pytest.mark.parametrize("trap", ["", "trap '' TERM;"])
def test_a_process_is_ended_with_what_it_started_even_if_it_ignores_the_signal(tmp_path: Path, trap: str) -> None:
    async def act() -> None:
        process = await spawn(shell(tmp_path, f"{trap} sleep 600 & echo $! > child; wait; sleep 600"), tmp_path, {})
        child = await child_of(tmp_path)
        assert is_alive(child)
        await end(process, grace_seconds=0.2)
        assert not is_alive(process.pid)
        await see_it_die(child)

    asyncio.run(act())


def test_a_worker_that_outlived_its_leader_is_ended_too(tmp_path: Path) -> None:
    async def act() -> None:
        process = await spawn(shell(tmp_path, "sleep 600 & echo $! > child"), tmp_path, {})
        await process.wait()
        child = await child_of(tmp_path)
        assert is_alive(child)
        await end(process)
        await see_it_die(child)

    asyncio.run(act())


def test_a_process_that_dies_before_it_listens_is_reported_with_its_log(tmp_path: Path) -> None:
    async def act() -> None:
        command = shell(tmp_path, "echo 'no module named x'; exit 1")
        process = await spawn(command, tmp_path, {})
        await process.wait()
        await wait_until_listening("127.0.0.1", find_free_port("127.0.0.1"), process, command.log)

    with pytest.raises(RuntimeError, match="no module named x"):
        asyncio.run(act())


def test_a_port_is_free_once_nobody_has_it(tmp_path: Path) -> None:
    async def act() -> tuple[bool, bool]:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        taken = await wait_until_free("127.0.0.1", port, 0)
        server.close()
        await server.wait_closed()
        return taken, await wait_until_free("127.0.0.1", port, 5)

    assert asyncio.run(act()) == (False, True)

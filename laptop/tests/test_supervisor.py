"""A whole laptop that is killed, frozen and stopped: revived on its ports, one owner a folder, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from laptop.control import read_ports, running_pid, start_detached, stop
from laptop.files import write_whole
from laptop.settings import LaptopSettings
from laptop.supervisor import choose_ports
from laptop.tests.processes import LaptopProcesses, occupy

SETTINGS = LaptopSettings()


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopProcesses]:
    state = tmp_path_factory.mktemp("laptop") / "state"
    start_detached(state, SETTINGS, 120)
    yield LaptopProcesses(state=state)
    stop(state)


def process_of(laptop: LaptopProcesses, kind: str) -> psutil.Process:
    return next(process for found, process in laptop.members() if found == kind)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(("kind", "service"), [("edge", "storage"), ("warehouse", "bigquery")])
def test_a_killed_pack_is_revived_on_its_ports(laptop: LaptopProcesses, kind: str, service: str) -> None:
    ports, before = read_ports(laptop.state), process_of(laptop, kind)
    before.kill()
    wait_for(lambda: not before.is_running())
    wait_for(lambda: answers(ports[service]))
    assert process_of(laptop, kind).pid != before.pid
    assert read_ports(laptop.state) == ports


def test_a_pack_that_dies_while_it_starts_is_started_again(laptop: LaptopProcesses) -> None:
    supervisor = running_pid(laptop.state)
    for _ in range(3):
        wait_for(lambda: any(kind == "warehouse" for kind, _ in laptop.members()))
        process_of(laptop, "warehouse").kill()
        time.sleep(0.4)
    wait_for(lambda: answers(read_ports(laptop.state)["bigquery"]))
    assert running_pid(laptop.state) == supervisor


def test_a_pack_whose_port_is_taken_comes_back_when_it_is_free(laptop: LaptopProcesses) -> None:
    port, before = read_ports(laptop.state)["secrets"], process_of(laptop, "edge")
    before.kill()
    with socket.socket() as squatter:
        wait_for(lambda: occupy(squatter, port))
        time.sleep(1.5)
        assert not answers(port)
    wait_for(lambda: answers(port))


def test_a_frozen_pack_does_not_outlive_its_killed_supervisor(laptop: LaptopProcesses) -> None:
    ports, frozen = read_ports(laptop.state), process_of(laptop, "edge")
    frozen.send_signal(signal.SIGSTOP)
    os.kill(running_pid(laptop.state) or 0, signal.SIGKILL)
    wait_for(lambda: running_pid(laptop.state) is None)
    start_detached(laptop.state, SETTINGS, 120)
    assert not frozen.is_running() or frozen.status() == psutil.STATUS_ZOMBIE
    assert read_ports(laptop.state) == ports
    assert sorted(kind for kind, _ in laptop.members()) == ["edge", "supervisor", "warehouse"]


def test_stop_leaves_no_process_and_frees_every_port(laptop: LaptopProcesses) -> None:
    ports = read_ports(laptop.state)
    assert stop(laptop.state)
    assert laptop.leftovers() == []
    assert not [name for name, port in ports.items() if answers(port)]
    assert not stop(laptop.state)


def test_ports_are_kept_where_they_are_free_and_replaced_where_they_are_not(tmp_path: Path) -> None:
    first = choose_ports(tmp_path, SETTINGS)
    write_whole(tmp_path / "ports.json", json.dumps(first))
    with socket.create_server(("127.0.0.1", first["storage"])):
        second = choose_ports(tmp_path, SETTINGS, patience_seconds=0.1)
    assert second["storage"] != first["storage"]
    assert second | {"storage": 0} == first | {"storage": 0}


def test_a_port_that_is_taken_for_a_moment_is_kept(tmp_path: Path) -> None:
    first = choose_ports(tmp_path, SETTINGS)
    write_whole(tmp_path / "ports.json", json.dumps(first))
    squatter = socket.create_server(("127.0.0.1", first["pubsub"]))
    threading.Timer(0.5, squatter.close).start()
    assert choose_ports(tmp_path, SETTINGS) == first


def test_ports_are_none_that_the_system_lends_to_clients(tmp_path: Path) -> None:
    lent = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(choose_ports(tmp_path, SETTINGS).values()) < lent

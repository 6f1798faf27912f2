"""Functions as services: alone and packed, revived where they were, gone with their server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import run_v2

from laptop.run.server import start
from laptop.tests.conftest import LoopThread
from laptop.tests.processes import occupy
from laptop.tests.run.conftest import PARENT, Cloud, ask, connect, is_alive


def test_a_service_answers_at_its_address_in_a_process_of_its_own(cloud: Cloud, tmp_path: Path) -> None:
    first, second = cloud.deploy(tmp_path, "one", SAY="hello"), cloud.deploy(tmp_path, "two")
    answers = [ask(first, "/a/b"), ask(second)]
    assert answers[0] | {"pid": 0} == {"name": "one", "path": "/a/b", "said": "hello", "pid": 0, "service": "one"}
    assert answers[0]["pid"] != answers[1]["pid"]
    found = cloud.services.get_service(name=f"{PARENT}/services/one")
    assert (found.uri, found.terminal_condition.state.name) == (first, "CONDITION_SUCCEEDED")


def test_packed_services_share_a_process_and_keep_their_own_paths(cloud: Cloud, tmp_path: Path) -> None:
    uris = [cloud.deploy(tmp_path, name, pack="pack", SAY="shared") for name in ("left", "right")]
    left, right = ask(uris[0], "/x"), ask(uris[1])
    assert (left["name"], left["path"], right["name"], right["said"]) == ("left", "/x", "right", "shared")
    assert left["pid"] == right["pid"]
    assert urlsplit(uris[0]).netloc == urlsplit(uris[1]).netloc


def test_a_new_version_answers_at_the_same_address(cloud: Cloud, tmp_path: Path) -> None:
    before = cloud.deploy(tmp_path, "version", SAY="old")
    assert ask(before)["said"] == "old"
    assert cloud.redeploy(tmp_path, "version", SAY="new") == before
    assert ask(before)["said"] == "new"


def test_a_deployment_that_changes_nothing_restarts_nothing(cloud: Cloud, tmp_path: Path) -> None:
    uri = cloud.deploy(tmp_path, "same", SAY="x")
    pid = ask(uri)["pid"]
    assert cloud.redeploy(tmp_path, "same", SAY="x") == uri
    assert ask(uri)["pid"] == pid


@pytest.mark.parametrize("pack", ["", "mortals"])
def test_a_dead_process_is_revived_on_its_port(cloud: Cloud, tmp_path: Path, pack: str) -> None:
    uri = cloud.deploy(tmp_path, f"mortal{len(pack)}", pack=pack)
    before = ask(uri)["pid"]
    kill_whole(before)
    while ask(uri)["pid"] == before:
        time.sleep(0.05)
    assert cloud.services.get_service(name=f"{PARENT}/services/mortal{len(pack)}").uri == uri


def test_a_revived_process_waits_for_its_port_and_never_moves(cloud: Cloud, tmp_path: Path) -> None:
    uri = cloud.deploy(tmp_path, "sticky")
    kill_whole(ask(uri)["pid"])
    port = int(urlsplit(uri).port or 0)
    with socket.socket() as squatter:
        while not occupy(squatter, port):
            time.sleep(0.002)
        time.sleep(0.5)
        assert cloud.services.get_service(name=f"{PARENT}/services/sticky").uri == uri
    assert ask(uri)["name"] == "sticky"


def test_a_service_that_does_not_start_is_refused_with_its_log(cloud: Cloud) -> None:
    broken = run_v2.Service(template={"containers": [{"command": ["python", "-m", "no_such_module"]}]})
    request = run_v2.CreateServiceRequest(parent=PARENT, service=broken, service_id="broken")
    with pytest.raises(BadRequest, match=r"(?s)does not start.*no_such_module"):
        cloud.services.create_service(request=request)
    with pytest.raises(NotFound):
        cloud.services.get_service(name=f"{PARENT}/services/never")


def test_a_deleted_service_is_gone_with_its_process(cloud: Cloud, tmp_path: Path) -> None:
    uri = cloud.deploy(tmp_path, "brief")
    pid = ask(uri)["pid"]
    cloud.services.delete_service(name=f"{PARENT}/services/brief").result()
    assert not is_alive(pid)
    assert f"{PARENT}/services/brief" not in [service.name for service in cloud.services.list_services(parent=PARENT)]


def test_after_a_restart_what_was_deployed_answers_at_its_address(
    servers: LoopThread, launch: Callable[..., object], tmp_path: Path
) -> None:
    first = launch(start, state=tmp_path / "state")
    uri = connect(first.address).deploy(tmp_path, "kept")
    before = ask(uri)["pid"]
    servers.stop(first)
    assert not is_alive(before)
    second = connect(launch(start, state=tmp_path / "state").address)
    assert second.services.get_service(name=f"{PARENT}/services/kept").uri == uri
    assert ask(uri)["name"] == "kept"


def test_one_service_that_cannot_start_keeps_no_other_down_after_a_restart(
    servers: LoopThread, launch: Callable[..., object], tmp_path: Path
) -> None:
    first = launch(start, state=tmp_path / "state")
    cloud = connect(first.address)
    well, ill = cloud.deploy(tmp_path, "well"), cloud.deploy(tmp_path, "ill")
    servers.stop(first)
    good = (tmp_path / "ill.py").read_text()
    (tmp_path / "ill.py").write_text("this is no Python")
    launch(start, state=tmp_path / "state")
    assert ask(well)["name"] == "well"
    (tmp_path / "ill.py").write_text(good)
    assert ask(ill)["name"] == "ill"


def test_a_killed_server_leaves_no_process_that_its_successor_does_not_end(tmp_path: Path) -> None:
    server, cloud = spawn(tmp_path / "state")
    uri = cloud.deploy(tmp_path, "orphan")
    cloud.run(cloud.make_job(tmp_path, "sleeper", "sleep"))
    before = ask(uri)["pid"]
    server.kill()
    server.wait()
    assert is_alive(before)
    server, _ = spawn(tmp_path / "state")
    try:
        assert not is_alive(before)
        assert ask(uri)["pid"] != before
    finally:
        server.terminate()
        server.wait()


def kill_whole(worker: int) -> None:
    """The server and its workers: a worker alone would be replaced by its own server."""
    os.killpg(os.getpgid(worker), signal.SIGKILL)


def spawn(state: Path) -> tuple[subprocess.Popen[str], Cloud]:
    words = [sys.executable, "-m", "laptop.run", "--state", str(state)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    return server, connect(server.stdout.readline().split()[-1])

"""The command starts any project's laptop, says where it is, and refuses what would mix two."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from laptop import control
from laptop.command import app
from laptop.settings import LaptopError, LaptopSettings, check_settings
from laptop.supervisor import choose_ports

ROOT = Path(__file__).parents[2]
PROGRAM = f"import sys; sys.path[0] = {str(ROOT)!r}; from laptop.command import main; main()"


def call(*words: str | Path) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a laptop that runs one service for a project of its own."""
    folder = tmp_path_factory.mktemp("command") / "state"
    started = call("up", "--detach", "--state", folder, "--services", "secrets", "--project", "shop-dev", "--json")
    assert json.loads(started.stdout)["started"]
    yield folder
    control.stop(folder)


def test_status_and_env_give_the_project_and_the_services_that_run(state: Path) -> None:
    status = json.loads(call("status", "--state", state, "--json").stdout)
    port = status["ports"]["secrets"]
    assert status == {
        "running": True,
        "pid": control.running_pid(state),
        "project": "shop-dev",
        "location": "us-central1",
        "state": str(state),
        "ports": {"secrets": port},
    }
    named = {"GOOGLE_CLOUD_PROJECT": "shop-dev", "LAPTOP_ENDPOINT_SECRETS": f"http://127.0.0.1:{port}"}
    assert json.loads(call("env", "--state", state, "--json").stdout) == named
    assert call("env", "--state", state).stdout == "".join(f"export {name}={text}\n" for name, text in named.items())
    assert (state / "env").read_text() == "".join(f"{name}={text}\n" for name, text in named.items())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--project", "shop-prod"], "the state folder holds project shop-dev, not shop-prod"),
        (["--location", "europe-west1"], "the state folder holds location us-central1, not europe-west1"),
        (["--services", "secrets,storage"], "it runs without storage"),
        (["--services", "sacred"], "there is no service sacred"),
    ],
)
def test_a_running_laptop_refuses_to_become_another(state: Path, words: list[str], said: str) -> None:
    answer = call("up", "--detach", "--state", state, *words)
    assert answer.exit_code == 1
    assert said in answer.stderr


def test_up_on_a_running_laptop_changes_nothing(state: Path) -> None:
    pid = control.running_pid(state)
    assert json.loads(call("up", "--detach", "--state", state, "--json").stdout)["started"] is False
    assert control.running_pid(state) == pid


@pytest.mark.parametrize("command", ["status", "env"])
def test_what_needs_a_laptop_exits_3_without_one(tmp_path: Path, command: str) -> None:
    answer = call(command, "--state", tmp_path / "nowhere")
    assert answer.exit_code == 3
    assert "start one with: laptop up" in answer.stderr
    assert call("down", "--state", tmp_path / "nowhere").stdout == "it was not running\n"


def test_ctrl_c_stops_it_and_no_module_of_the_folder_takes_the_place_of_pythons_own(tmp_path: Path) -> None:
    for name in ("secrets", "queue", "http"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError\n")
    words = [sys.executable, "-c", PROGRAM, "up", "--services", "secrets", "--json"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["started"]
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert control.running_pid(tmp_path / ".laptop") is None


def test_a_port_that_must_be_and_is_taken_is_refused_by_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        settings = LaptopSettings(services=["secrets"], fixed_ports={"secrets": port})
        with pytest.raises(LaptopError, match=f"port {port}, which secrets must have, is taken by another program"):
            choose_ports(tmp_path, settings, patience_seconds=0.1)
    assert choose_ports(tmp_path, settings) == {"secrets": port}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (LaptopSettings(services=["eventarc", "pubsub"]), "eventarc needs storage and run as well"),
        (LaptopSettings(services=["scheduler"]), "scheduler needs pubsub as well"),
        (LaptopSettings(services=[]), "name at least one service"),
        (LaptopSettings(services=["secrets"], fixed_ports={"run": 1}), "a port is given for run, which is not among"),
        (LaptopSettings(project="other"), "holds project demo-project, not other"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_the_reason(wanted: LaptopSettings, said: str) -> None:
    with pytest.raises(LaptopError, match=said):
        check_settings(wanted, LaptopSettings())


@pytest.mark.parametrize(
    ("words", "said"), [(["--port", "9023"], "9023 is not NAME=VALUE"), (["--port", "run=x"], "x is no port")]
)
def test_a_malformed_option_is_a_usage_error(tmp_path: Path, words: list[str], said: str) -> None:
    answer = call("up", "--state", tmp_path, *words)
    assert answer.exit_code == 2
    assert said in answer.stderr


def test_every_command_and_option_has_its_help() -> None:
    import typer

    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        assert len(command.help) > 10
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name}"

"""Ripple's laptop is any laptop, with Ripple's settings in its `env` file and a mark of what was deployed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.laptop_control import PROJECT, environment, is_deployed, mark_deployed
from cli.main import app
from laptop import control
from laptop.control import read_ports
from laptop.settings import LaptopError, read_settings
from laptop.supervisor import PID_FILE
from tests.cli.conftest import Laptop


def test_the_env_file_leads_clients_and_settings_to_the_laptop(laptop: Laptop) -> None:
    named = dict(row.split("=", 1) for row in (laptop.state / "env").read_text().splitlines())
    assert named == environment(read_ports(laptop.state))
    assert named["GOOGLE_CLOUD_PROJECT"] == PROJECT
    assert named["RIPPLE_ENDPOINT_VERTEX"] == named["LAPTOP_ENDPOINT_VERTEX"]


def test_tasks_of_pipelines_get_the_checkout_and_the_registry(laptop: Laptop) -> None:
    settings = read_settings(laptop.state)
    assert settings is not None
    assert settings.pipelines.env["RIPPLE_ENDPOINT_VERTEX"] == "http://{vertex}"
    assert Path(settings.pipelines.env["PYTHONPATH"], "pipelines").is_dir()


def test_a_deployment_counts_for_the_addresses_that_it_was_made_to(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"run": 1}')
    assert not is_deployed(tmp_path)
    mark_deployed(tmp_path)
    assert is_deployed(tmp_path)
    (tmp_path / "ports.json").write_text('{"run": 2}')
    assert not is_deployed(tmp_path)


def test_a_folder_of_another_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "laptop.json").write_text('{"project": "shop-dev", "pipelines": {}}')
    answer = CliRunner().invoke(app, ["up", "--detach", "--state", str(tmp_path)])
    assert (answer.exit_code, "holds project shop-dev, not ripple-laptop" in answer.stderr) == (1, True)


def test_a_pid_file_that_cannot_be_read_is_not_taken_for_no_laptop(tmp_path: Path) -> None:
    (tmp_path / PID_FILE).mkdir()
    with pytest.raises(IsADirectoryError):
        control.running_pid(tmp_path)


def test_what_cannot_be_removed_is_not_taken_for_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text("no folder")
    with pytest.raises(LaptopError, match="cannot be removed"):
        control.clear(file)
    control.clear(tmp_path / "never there")

"""The commands against a project: the laptop's endpoints, as if they were Google's, and no laptop's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.command_line import address_project
from cli.laptop_control import PROJECT, environment
from cli.main import app
from laptop.control import read_ports
from tests.cli.conftest import Laptop

READERS = [("runs",), ("events",), ("quarantine",), ("dead-letters",), ("sql", "SELECT 1 AS one"), ("why", "1")]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OF_NO_PROJECT = {"flow", "up", "down", "status", "doctor", "demo", "costs"}


@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_a_command_reads_a_project_that_has_no_laptop(laptop: Laptop, words: tuple[str, ...], tmp_path: Path) -> None:
    places = environment(read_ports(laptop.state)) | {"GOOGLE_CLOUD_PROJECT": "another-project"}
    name, *rest = words
    asked = [name, "--state", str(tmp_path), "--project", PROJECT, "--region", "us-central1", "--json", *rest]
    done = CliRunner().invoke(app, asked, env=places)
    assert done.exit_code == 0, done.output
    assert all(isinstance(json.loads(line), dict) for line in done.stdout.splitlines())


def test_a_project_can_be_named_by_the_environment(laptop: Laptop, tmp_path: Path) -> None:
    places = environment(read_ports(laptop.state)) | {"RIPPLE_PROJECT": PROJECT}
    done = CliRunner().invoke(app, ["sql", "--state", str(tmp_path), "--json", "SELECT 1 AS one"], env=places)
    assert json.loads(done.stdout) == {"rows": [{"one": 1}]}


def test_without_a_project_a_command_needs_a_laptop(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["runs", "--state", str(tmp_path)]).exit_code == 3


def test_a_project_is_googles_own_unless_an_endpoint_is_named() -> None:
    assert address_project({"HOME": "/root"}, "shop-dev", "europe-west1") == {
        "GOOGLE_CLOUD_PROJECT": "shop-dev",
        "RIPPLE_LOCATION": "europe-west1",
    }
    named = address_project({"RIPPLE_ENDPOINT_RUN": "http://a", "STORAGE_EMULATOR_HOST": "http://b"}, "p", "r")
    assert (named["RIPPLE_ENDPOINT_RUN"], named["STORAGE_EMULATOR_HOST"]) == ("http://a", "http://b")


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - OF_NO_PROJECT))
def test_every_command_that_looks_at_a_project_takes_one(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert {"--project", "--region"} <= options


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("plan", "--env", "dev"), "--env dev needs --project"),
        (("plan", "--env", "test"), "--env is one of laptop, dev, prod"),
        (("plan", "--project", "shop-dev"), "--env laptop takes no --project"),
    ],
)
def test_an_environment_that_does_not_fit_its_project_is_refused(words: tuple[str, ...], expected: str) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert expected in done.stderr

"""A laptop without functions, and the `ripple` command against it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.laptop_control import environment, start_detached
from cli.main import app
from cli.provisioning import messaging, warehouse
from cli.provisioning.clients import AdminClients
from laptop.control import read_ports, stop


@dataclass(frozen=True, slots=True)
class Laptop:
    """Its folder and its clients."""

    state: Path
    clients: AdminClients

    def ripple(self, *words: str, code: int = 0) -> Any:
        """What the command says as JSON, or, when it is to fail with `code`, what it says on standard error."""
        done = CliRunner().invoke(app, [words[0], "--state", str(self.state), "--json", *words[1:]])
        assert done.exit_code == code, done.output
        return done.stderr if code else json.loads(done.stdout)

    def say(self, *words: str) -> str:
        """What the command says to a person."""
        done = CliRunner().invoke(app, [words[0], "--state", str(self.state), *words[1:]], env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture(scope="package")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    state, before = tmp_path_factory.mktemp("cli"), dict(os.environ)
    try:
        start_detached(state)
        os.environ.update(environ := environment(read_ports(state)))
        clients = AdminClients(environ)
        messaging.make_buckets(clients)
        messaging.make_topics(clients)
        warehouse.make_datasets(clients)
        messaging.make_ledger(clients)
        yield Laptop(state, clients)
    finally:
        os.environ.clear()
        os.environ.update(before)
        stop(state)

"""Two worlds of the same seed, one after the other: each has two cores to itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud.secretmanager_v1 import Secret, SecretPayload

from cli.laptop_control import start_detached
from ripple.deployment.routes import PEPPER
from tests.choreography.relay import Relay
from tests.choreography.worlds import SMALL, World, clients_of, ripple


def bring_up(state: Path, *options: str) -> None:
    """A deployed laptop whose pepper is known, so that two worlds have the same tokens."""
    start_detached(state)
    with clients_of(state) as clients:
        parent = f"projects/{clients.project}"
        clients.secrets.create_secret(parent=parent, secret_id=PEPPER, secret=Secret(replication={"automatic": {}}))
        clients.secrets.add_secret_version(parent=f"{parent}/secrets/{PEPPER}", payload=SecretPayload(data=b"p" * 32))
    ripple(state, "up", "--detach", *options)


@pytest.fixture(scope="package")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("calm")
    try:
        bring_up(state)
        yield World(state, json.loads(ripple(state, "demo", *SMALL).splitlines()[-1]))
    finally:
        ripple(state, "down")


@pytest.fixture(scope="package")
def relay() -> Iterator[Relay]:
    relay = Relay(seed=11)
    relay.start()
    yield relay
    relay.stop()


@pytest.fixture(scope="package")
def rough(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> Iterator[World]:
    state = tmp_path_factory.mktemp("rough")
    try:
        bring_up(state, "--one-process-each")
        with clients_of(state) as clients:
            relay.reroute(clients.subscriber, clients.project)
        result = json.loads(ripple(state, "demo", *SMALL).splitlines()[-1])
        while not relay.is_quiet():
            time.sleep(0.1)
        yield World(state, result)
    finally:
        ripple(state, "down")

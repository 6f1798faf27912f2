"""Secrets through google-cloud-secret-manager."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient, SecretPayload
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport

from laptop.secrets.server import start


@pytest.fixture
def client(launch: Callable[..., object], tmp_path: Path) -> SecretManagerServiceClient:
    host = launch(start, state=tmp_path).address
    transport = SecretManagerServiceRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
    client = SecretManagerServiceClient(transport=transport)
    client.create_secret(parent="projects/p", secret_id="pepper", secret={"replication": {"automatic": {}}})
    return client


def test_a_pinned_version_stays_when_a_newer_one_comes(client: SecretManagerServiceClient) -> None:
    for data in (b"one", b"two"):
        client.add_secret_version(parent="projects/p/secrets/pepper", payload=SecretPayload(data=data))
    pinned = client.access_secret_version(name="projects/p/secrets/pepper/versions/1")
    latest = client.access_secret_version(name="projects/p/secrets/pepper/versions/latest")
    assert (pinned.payload.data, latest.payload.data) == (b"one", b"two")


def test_a_destroyed_version_cannot_be_read(client: SecretManagerServiceClient) -> None:
    made = client.add_secret_version(parent="projects/p/secrets/pepper", payload=SecretPayload(data=b"x"))
    client.destroy_secret_version(name=made.name)
    with pytest.raises(exceptions.GoogleAPICallError, match="DESTROYED"):
        client.access_secret_version(name=made.name)


def test_a_secret_is_made_once(client: SecretManagerServiceClient) -> None:
    with pytest.raises(exceptions.Conflict):
        client.create_secret(parent="projects/p", secret_id="pepper", secret={"replication": {"automatic": {}}})


def test_only_the_owner_reads_the_file(client: SecretManagerServiceClient, tmp_path: Path) -> None:
    assert stat.S_IMODE(os.stat(tmp_path / "records.sqlite").st_mode) == 0o600

"""Clients of a storage server: Google's, and plain HTTP for what Google's client would never send."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Bucket, Client

from laptop.storage.server import start


def client_of(address: str) -> Client:
    options = {"api_endpoint": f"http://{address}"}
    return Client(project="demo-proj", credentials=AnonymousCredentials(), client_options=options)


@pytest.fixture(scope="module")
def address(launch: Callable[..., object]) -> str:
    return launch(start).address


@pytest.fixture(scope="module")
def bucket(address: str) -> Bucket:
    return client_of(address).create_bucket("pond")


@pytest.fixture(scope="module")
def http(address: str) -> Callable[..., requests.Response]:
    def send(method: str, path: str, **more: object) -> requests.Response:
        return requests.request(method, f"http://{address}{path}", timeout=5, **more)

    return send

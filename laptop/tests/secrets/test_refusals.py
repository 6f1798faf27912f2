"""What Secret Manager must not acknowledge, and what comes in pages."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
import requests

from laptop.secrets.server import start

SECRETS = "/v1/projects/p/secrets"
AUTOMATIC = {"replication": {"automatic": {}}}


@pytest.fixture(scope="module")
def send(launch: Callable[..., object]) -> Callable[..., requests.Response]:
    address = launch(start).address

    def send(method: str, path: str, body: object = None) -> requests.Response:
        return requests.request(method, f"http://{address}{path}", json=body, timeout=5)

    for name in ("one", "two", "three"):
        send("POST", f"{SECRETS}?secretId={name}", AUTOMATIC)
    return send


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", SECRETS, AUTOMATIC, 400),
        ("POST", f"{SECRETS}?secretId=a%20b", AUTOMATIC, 400),
        ("POST", f"{SECRETS}?secretId=new", {}, 400),
        ("POST", f"{SECRETS}?secretId=new", AUTOMATIC | {"rotation": {"rotationPeriod": "3600s"}}, 501),
        ("POST", f"{SECRETS}/one:addVersion", {"payload": {"data": "***"}}, 400),
        ("POST", f"{SECRETS}/one:addVersion", {"payload": {"data": "YQ==", "dataCrc32c": "1"}}, 400),
        ("POST", f"{SECRETS}/one:addVersion", {"payload": {"data": base64.b64encode(bytes(65537)).decode()}}, 400),
        ("POST", f"{SECRETS}/none:addVersion", {"payload": {"data": "YQ=="}}, 404),
        ("GET", f"{SECRETS}/none/versions", None, 404),
        ("GET", f"{SECRETS}/one/versions/latest:access", None, 404),
        ("GET", f"{SECRETS}/one:getIamPolicy", None, 501),
        ("PATCH", f"{SECRETS}/one", {"labels": {"a": "b"}}, 501),
        ("GET", f"{SECRETS}?filter=name:x", None, 501),
    ],
)
def test_what_is_wrong_or_not_served_is_refused(
    send: Callable[..., requests.Response], method: str, path: str, body: object, status: int
) -> None:
    answer = send(method, path, body)
    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)


def test_secrets_come_in_pages(send: Callable[..., requests.Response]) -> None:
    first = send("GET", f"{SECRETS}?pageSize=2").json()
    second = send("GET", f"{SECRETS}?pageSize=2&pageToken={first['nextPageToken']}").json()
    names = [secret["name"].rsplit("/", 1)[1] for secret in first["secrets"] + second["secrets"]]
    assert names == ["one", "three", "two"]
    assert "nextPageToken" not in second

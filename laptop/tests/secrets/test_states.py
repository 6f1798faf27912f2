"""Secrets and the states of their versions, over REST: enabled, disabled, destroyed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import google_crc32c
import httpx
import pytest

from laptop.http import ApiError
from laptop.secrets.reading import cut_page, read_payload, read_secret
from laptop.secrets.server import start

AUTOMATIC = {"replication": {"automatic": {}}}


@pytest.fixture(scope="module")
def http(launch: Callable[..., Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{launch(start).address}/v1/", trust_env=False) as client:
        yield client


def make(http: httpx.Client, name: str, *payloads: bytes) -> str:
    http.post(f"projects/p/secrets?secretId={name}", json=AUTOMATIC)
    for payload in payloads:
        add(http, f"projects/p/secrets/{name}", payload)
    return f"projects/p/secrets/{name}"


def add(http: httpx.Client, secret: str, payload: bytes) -> dict[str, Any]:
    answer = http.post(f"{secret}:addVersion", json={"payload": {"data": base64.b64encode(payload).decode()}})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def access(http: httpx.Client, version: str) -> bytes | str:
    """The payload, or the status that reading it is refused with."""
    answer = http.get(f"{version}:access")
    return (
        base64.b64decode(answer.json()["payload"]["data"])
        if answer.status_code == 200
        else answer.json()["error"]["status"]
    )


def test_versions_are_numbered_and_the_latest_is_the_newest(http: httpx.Client) -> None:
    secret = make(http, "numbered", b"1", b"2", b"3")
    assert [access(http, f"{secret}/versions/{number}") for number in (1, 2, 3, "latest")] == [b"1", b"2", b"3", b"3"]
    listed = http.get(f"{secret}/versions").json()
    assert [version["name"].rsplit("/", 1)[1] for version in listed["versions"]] == ["3", "2", "1"]
    assert listed["totalSize"] == 3


def test_a_payload_never_leaves_but_by_access(http: httpx.Client) -> None:
    secret = make(http, "hidden", b"pepper")
    secretly = base64.b64encode(b"pepper").decode()
    for path in (secret, f"{secret}/versions", f"{secret}/versions/1", f"{secret}/versions/latest"):
        assert secretly not in http.get(path).text
    assert secretly not in http.post(f"{secret}/versions/1:disable", json={}).text


def test_an_access_has_the_payloads_checksum(http: httpx.Client) -> None:
    secret = make(http, "summed", b"pepper")
    answer = http.get(f"{secret}/versions/latest:access").json()
    assert answer["name"] == f"{secret}/versions/1"
    assert answer["payload"]["dataCrc32c"] == str(google_crc32c.value(b"pepper"))


def test_a_disabled_version_is_read_again_once_it_is_enabled(http: httpx.Client) -> None:
    version = make(http, "disabled", b"x") + "/versions/1"
    assert http.post(f"{version}:disable", json={}).json()["state"] == "DISABLED"
    assert access(http, version) == "FAILED_PRECONDITION"
    assert http.post(f"{version}:enable", json={}).json()["state"] == "ENABLED"
    assert access(http, version) == b"x"


def test_the_latest_version_is_the_newest_even_where_it_cannot_be_read(http: httpx.Client) -> None:
    secret = make(http, "latest", b"old", b"new")
    http.post(f"{secret}/versions/2:disable", json={})
    assert access(http, f"{secret}/versions/latest") == "FAILED_PRECONDITION"
    assert access(http, f"{secret}/versions/1") == b"old"


@pytest.mark.parametrize("verb", ["enable", "disable", "destroy"])
def test_a_destroyed_version_stays_destroyed(http: httpx.Client, verb: str) -> None:
    version = make(http, f"destroyed-{verb}", b"x") + "/versions/1"
    destroyed = http.post(f"{version}:destroy", json={}).json()
    assert (destroyed["state"], "destroyTime" in destroyed) == ("DESTROYED", True)
    again = http.post(f"{version}:{verb}", json={})
    assert (again.status_code, again.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert (http.get(version).json()["state"], access(http, version)) == ("DESTROYED", "FAILED_PRECONDITION")


def test_a_destroyed_version_keeps_its_number(http: httpx.Client) -> None:
    secret = make(http, "kept-number", b"1", b"2")
    http.post(f"{secret}/versions/2:destroy", json={})
    assert add(http, secret, b"3")["name"] == f"{secret}/versions/3"


def test_a_deleted_secret_takes_its_versions_with_it(http: httpx.Client) -> None:
    secret = make(http, "deleted", b"1", b"2")
    other = make(http, "deleted-too", b"other")
    assert http.delete(secret).status_code == 200
    assert access(http, f"{secret}/versions/1") == "NOT_FOUND"
    assert http.delete(secret).status_code == 404
    assert access(http, f"{other}/versions/1") == b"other"
    make(http, "deleted", b"again")
    assert access(http, f"{secret}/versions/latest") == b"again"


def test_labels_and_annotations_are_kept(http: httpx.Client) -> None:
    body = {**AUTOMATIC, "labels": {"a": "b"}, "annotations": {"c": "d"}}
    made = http.post("projects/p/secrets?secretId=labelled", json=body).json()
    assert (made["labels"], made["annotations"], made["name"]) == (
        {"a": "b"},
        {"c": "d"},
        "projects/p/secrets/labelled",
    )
    assert http.get(made["name"]).json() == made


@pytest.mark.parametrize(("data", "stored"), [(b"", ""), (b"x", "eA=="), (b"\xff\xef", "/+8="), (bytes(65536), None)])
def test_a_payload_is_kept_as_standard_base64(data: bytes, stored: str | None) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert read_payload({"data": encode(data).decode()}) == (
            base64.b64encode(data).decode() if stored is None else stored
        )


def test_a_payload_that_says_its_checksum_must_have_it() -> None:
    assert read_payload({"data": "eA==", "dataCrc32c": str(google_crc32c.value(b"x"))}) == "eA=="
    with pytest.raises(ApiError, match="dataCrc32c"):
        read_payload({"data": "eA==", "dataCrc32c": "0"})


@pytest.mark.parametrize("name", ["a", "A_b-9", "x" * 255])
def test_a_secret_may_be_called_so(name: str) -> None:
    assert read_secret(name, AUTOMATIC) == AUTOMATIC


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a.b", "ü", "x" * 256])
def test_a_secret_may_not_be_called_so(name: str) -> None:
    with pytest.raises(ApiError, match="Secret id"):
        read_secret(name, AUTOMATIC)


PAGES = [
    ({}, [0, 1, 2], None),
    ({"pageSize": "2"}, [0, 1], "2"),
    ({"pageSize": "2", "pageToken": "2"}, [2], None),
    ({"pageSize": "0"}, [0, 1, 2], None),
]


@pytest.mark.parametrize(("given", "found", "token"), PAGES)
def test_lists_come_in_pages(given: dict[str, str], found: list[int], token: str | None) -> None:
    page = cut_page("secrets", [{"n": number} for number in range(3)], given)
    assert ([each["n"] for each in page["secrets"]], page.get("nextPageToken"), page["totalSize"]) == (found, token, 3)

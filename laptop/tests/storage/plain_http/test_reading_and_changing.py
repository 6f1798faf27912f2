"""The JSON API over plain HTTP: objects that are read, changed, conditioned."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from laptop.tests.storage.plain_http.calls import ROOT, UPLOAD, at, media, put, reason


def test_a_new_object_has_the_documented_fields(http: httpx.Client) -> None:
    made = put(http, "fields/a b", b"hello")
    assert (made["kind"], made["bucket"], made["name"]) == ("storage#object", "lake", "fields/a b")
    assert made["id"] == f"lake/fields/a b/{made['generation']}"
    assert (made["size"], made["metageneration"], made["storageClass"]) == ("5", "1", "STANDARD")
    assert made["md5Hash"] == base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    assert made["crc32c"] == "mnG7TA=="
    assert made["contentType"] == "application/octet-stream"
    assert made["timeCreated"] == made["updated"]
    assert http.get(at("fields/a b")).json() == made


def test_generations_grow_and_the_older_one_is_gone(http: httpx.Client) -> None:
    first, second = put(http, "grown", b"1"), put(http, "grown", b"2")
    assert int(first["generation"]) < int(second["generation"])
    assert http.get(at("grown"), params={"generation": first["generation"]}).status_code == 404
    assert media(http, "grown").content == b"2"


RANGES = [
    ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
    ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
    ("bytes=7-", 206, b"789", "bytes 7-9/10"),
    ("bytes=7-99", 206, b"789", "bytes 7-9/10"),
    ("bytes=-3", 206, b"789", "bytes 7-9/10"),
    ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
    ("bytes=0-9", 206, b"0123456789", "bytes 0-9/10"),
    ("bytes=5-4", 200, b"0123456789", None),
    ("bytes=-", 200, b"0123456789", None),
    ("bits=0-1", 200, b"0123456789", None),
    ("bytes=10-", 416, None, "bytes */10"),
    ("bytes=-0", 416, None, "bytes */10"),
]


@pytest.mark.parametrize(("asked", "status", "data", "content_range"), RANGES)
def test_a_range_is_served_as_http_says(
    http: httpx.Client, asked: str, status: int, data: Any, content_range: Any
) -> None:
    put(http, "ranged", b"0123456789")
    answer = media(http, "ranged", range=asked)
    assert (answer.status_code, answer.headers.get("content-range")) == (status, content_range)
    if data is not None:
        assert answer.content == data
        assert answer.headers["content-length"] == str(len(data))


def test_a_download_says_what_it_is(http: httpx.Client) -> None:
    made = put(http, "said", b"hello")
    headers = media(http, "said").headers
    assert headers["x-goog-hash"] == f"crc32c={made['crc32c']},md5={made['md5Hash']}"
    assert (headers["x-goog-generation"], headers["x-goog-metageneration"]) == (made["generation"], "1")
    assert (headers["x-goog-stored-content-length"], headers["x-goog-stored-content-encoding"]) == ("5", "identity")
    assert headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    "path", ["/download" + ROOT + "/o/said%20so", "/lake/said%20so", ROOT + "/o/said%20so?alt=media"]
)
def test_an_object_is_read_at_all_its_addresses(http: httpx.Client, path: str) -> None:
    put(http, "said so", b"hello")
    assert http.get(path).content == b"hello"


def test_a_gzip_object_is_inflated_for_who_does_not_take_gzip(http: httpx.Client) -> None:
    metadata = json.dumps({"name": "zipped", "contentEncoding": "gzip", "contentType": "text/plain"}).encode()
    head = b"--b\r\nContent-Type: "
    body = (
        head
        + b"application/json\r\n\r\n"
        + metadata
        + b"\r\n"
        + head
        + b"text/plain\r\n\r\n"
        + gzip.compress(b"text")
        + b"\r\n--b--"
    )
    kind = {"content-type": "multipart/related; boundary=b"}
    assert http.post(f"{UPLOAD}?uploadType=multipart", content=body, headers=kind).status_code == 200
    plain, stored = media(http, "zipped"), media(http, "zipped", **{"accept-encoding": "gzip"})
    assert (plain.content, "content-encoding" in plain.headers) == (b"text", False)
    assert (stored.headers["content-encoding"], stored.content) == ("gzip", b"text")
    assert media(http, "zipped", range="bytes=0-1").content == b"text"


def test_preconditions_hold_for_every_change(http: httpx.Client) -> None:
    generation = put(http, "held", b"1")["generation"]
    other = str(int(generation) - 1)
    calls: list[Callable[[dict[str, str]], httpx.Response]] = [
        lambda given: http.post(UPLOAD, params={"uploadType": "media", "name": "held", **given}, content=b"2"),
        lambda given: http.post(UPLOAD, params={"uploadType": "resumable", "name": "held", **given}, json={}),
        lambda given: http.patch(at("held"), params=given, json={"metadata": {"a": "b"}}),
        lambda given: http.put(at("held"), params=given, json={}),
        lambda given: http.delete(at("held"), params=given),
        lambda given: http.post(at("held") + "/compose", params=given, json={"sourceObjects": [{"name": "held"}]}),
        lambda given: http.post(at("held") + "/copyTo/b/lake/o/held", params=given),
        lambda given: http.post(at("held") + "/rewriteTo/b/lake/o/held", params=given),
        lambda given: http.get(at("held"), params=given),
    ]
    for call in calls:
        for given in ({"ifGenerationMatch": other}, {"ifGenerationMatch": "0"}, {"ifMetagenerationMatch": "7"}):
            assert reason(call(given)) == (412, "conditionNotMet")
        assert reason(call({"ifGenerationMatch": "x"})) == (400, "invalid")
    assert media(http, "held").content == b"1"


def test_conditions_on_the_source_hold_for_copy_rewrite_and_move(http: httpx.Client) -> None:
    generation = put(http, "source", b"1")["generation"]
    for path in ("/copyTo/b/lake/o/target", "/rewriteTo/b/lake/o/target", "/moveTo/o/target"):
        for given in (
            {"ifSourceGenerationMatch": "1"},
            {"ifSourceMetagenerationMatch": "9"},
            {"ifSourceGenerationNotMatch": generation},
        ):
            assert http.post(at("source") + path, params=given).status_code == 412
    assert http.get(at("target")).status_code == 404
    assert (
        http.post(at("source") + "/moveTo/o/target", params={"ifSourceGenerationMatch": generation}).status_code == 200
    )
    assert (http.get(at("source")).status_code, media(http, "target").content) == (404, b"1")


def test_metadata_is_patched_field_by_field_and_key_by_key(http: httpx.Client) -> None:
    put(http, "patched")
    http.patch(
        at("patched"), json={"metadata": {"a": "1", "b": "2"}, "contentType": "text/csv", "cacheControl": "no-store"}
    )
    found = http.patch(at("patched"), json={"metadata": {"a": None, "c": "3"}, "cacheControl": None}).json()
    assert (found["metadata"], found["contentType"], "cacheControl" in found) == (
        {"b": "2", "c": "3"},
        "text/csv",
        False,
    )
    assert (found["metageneration"], found["etag"].endswith("/3")) == ("3", True)
    assert http.patch(at("patched"), json={"contentType": None}).json()["contentType"] == "application/octet-stream"


def test_an_update_replaces_all_that_can_be_written(http: httpx.Client) -> None:
    put(http, "updated")
    http.patch(at("updated"), json={"metadata": {"a": "1"}, "cacheControl": "no-store"})
    found = http.put(at("updated"), json={"metadata": {"b": "2"}}).json()
    assert (found["metadata"], "cacheControl" in found) == ({"b": "2"}, False)


def test_what_the_server_decides_cannot_be_written(http: httpx.Client) -> None:
    made = put(http, "decided")
    found = http.patch(at("decided"), json={"size": "9", "generation": "1", "md5Hash": "x", "name": "y"}).json()
    for field in ("size", "generation", "md5Hash", "name"):
        assert found[field] == made[field]

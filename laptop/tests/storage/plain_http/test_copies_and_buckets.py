"""The JSON API over plain HTTP: composed, copied and kept objects, buckets, notifications."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from laptop.tests.storage.plain_http.calls import ROOT, at, media, put, reason


def test_a_composed_object_is_its_parts_in_order(http: httpx.Client) -> None:
    for number in range(3):
        put(http, f"part{number}", str(number).encode() * 3)
    body = {
        "sourceObjects": [{"name": "part2"}, {"name": "part0"}, {"name": "part2"}],
        "destination": {"contentType": "text/plain"},
    }
    made = http.post(at("composed") + "/compose", json=body).json()
    assert media(http, "composed").content == b"222000222"
    assert (made["componentCount"], "md5Hash" in made, made["contentType"]) == (3, False, "text/plain")
    again = http.post(
        at("composed") + "/compose", json={"sourceObjects": [{"name": "composed"}, {"name": "part1"}]}
    ).json()
    assert (again["componentCount"], again["size"]) == (4, "12")


@pytest.mark.parametrize(
    ("sources", "status"),
    [
        ([], 400),
        ([{"name": "part0"}] * 33, 400),
        ([{"name": "nothing"}], 404),
        ([{"name": "part0", "generation": "1"}], 404),
        ([{"name": "part0", "objectPreconditions": {"ifGenerationMatch": "1"}}], 412),
    ],
)
def test_a_compose_of_what_is_not_there_makes_nothing(http: httpx.Client, sources: list[Any], status: int) -> None:
    put(http, "part0")
    assert http.post(at("uncomposed") + "/compose", json={"sourceObjects": sources}).status_code == status
    assert http.get(at("uncomposed")).status_code == 404


def test_thirty_two_parts_are_composed(http: httpx.Client) -> None:
    put(http, "one", b"1")
    made = http.post(at("many") + "/compose", json={"sourceObjects": [{"name": "one"}] * 32}).json()
    assert (made["size"], made["componentCount"]) == ("32", 32)


def test_a_rewrite_is_done_in_one_call_with_its_sizes(http: httpx.Client) -> None:
    put(http, "written", b"12345")
    answer = http.post(at("written") + "/rewriteTo/b/versions/o/rewritten").json()
    assert (answer["kind"], answer["done"]) == ("storage#rewriteResponse", True)
    assert (answer["totalBytesRewritten"], answer["objectSize"]) == ("5", "5")
    assert media(http, "rewritten", "versions").content == b"12345"


def test_a_copy_keeps_metadata_and_lives_on_without_its_source(http: httpx.Client) -> None:
    put(http, "original", b"data")
    http.patch(at("original"), json={"contentType": "text/csv", "metadata": {"a": "b"}})
    copied = http.post(at("original") + "/copyTo/b/lake/o/folder%2Fcopied").json()
    assert (copied["contentType"], copied["metadata"], copied["metageneration"]) == ("text/csv", {"a": "b"}, "1")
    http.delete(at("original"))
    assert media(http, "folder/copied").content == b"data"


def test_an_older_generation_is_the_source_that_was_asked_for(http: httpx.Client) -> None:
    old = put(http, "aged", b"old", "versions")["generation"]
    put(http, "aged", b"new", "versions")
    http.post(at("aged", "versions") + "/rewriteTo/b/lake/o/restored", params={"sourceGeneration": old})
    assert media(http, "restored").content == b"old"


def test_a_versioned_bucket_archives_what_is_overwritten_and_deleted(http: httpx.Client) -> None:
    first = put(http, "kept", b"1", "versions")["generation"]
    second = put(http, "kept", b"2", "versions")["generation"]
    http.delete(at("kept", "versions"))
    assert http.get(at("kept", "versions")).status_code == 404
    listed = http.get("/storage/v1/b/versions/o", params={"versions": "true", "prefix": "kept"}).json()["items"]
    assert [(item["generation"], "timeDeleted" in item) for item in listed] == [(first, True), (second, True)]
    old = http.get(at("kept", "versions"), params={"alt": "media", "generation": first})
    assert old.content == b"1"
    assert "items" not in http.get("/storage/v1/b/versions/o", params={"prefix": "kept"}).json()
    http.delete(at("kept", "versions"), params={"generation": first})
    assert http.get(at("kept", "versions"), params={"generation": first}).status_code == 404


def test_deleting_what_is_not_there_is_not_found(http: httpx.Client) -> None:
    assert reason(http.delete(at("never"))) == (404, "notFound")
    assert http.delete(at("x", "no-such-bucket")).status_code == 404


def test_a_bucket_is_made_once_changed_and_deleted_when_empty(http: httpx.Client) -> None:
    made = http.post("/storage/v1/b", json={"name": "temporary", "location": "EU", "labels": {"a": "1"}}).json()
    assert (made["location"], made["labels"], made["metageneration"]) == ("EU", {"a": "1"}, "1")
    assert reason(http.post("/storage/v1/b", json={"name": "temporary"})) == (409, "conflict")
    path = "/storage/v1/b/temporary"
    changed = http.patch(path, json={"labels": {"a": None, "b": "2"}, "location": "US"}).json()
    assert (changed["labels"], changed["location"], changed["metageneration"]) == ({"b": "2"}, "EU", "2")
    assert "labels" not in http.put(path, json={}).json()
    assert http.patch(path, json={}, params={"ifMetagenerationMatch": "1"}).status_code == 412
    put(http, "x", bucket="temporary")
    assert reason(http.delete(path)) == (409, "conflict")
    http.delete(at("x", "temporary"))
    assert http.delete(path).status_code == 204
    assert http.get(path).status_code == 404


def test_buckets_are_listed_page_by_page(http: httpx.Client) -> None:
    for name in ("paged-a", "paged-b", "paged-c"):
        http.post("/storage/v1/b", json={"name": name})
    first = http.get("/storage/v1/b", params={"prefix": "paged", "maxResults": "2"}).json()
    second = http.get("/storage/v1/b", params={"prefix": "paged", "pageToken": first["nextPageToken"]}).json()
    assert [b["name"] for b in first["items"] + second["items"]] == ["paged-a", "paged-b", "paged-c"]
    assert "nextPageToken" not in second


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"topic": "projects/p/topics/t", "payload_format": "JSON_API_V1"}, 200),
        ({"topic": "//pubsub.googleapis.com/projects/p/topics/t", "payload_format": "NONE"}, 200),
        ({"topic": "t", "payload_format": "NONE"}, 400),
        ({"topic": "projects/p/topics/t"}, 400),
        ({"topic": "projects/p/topics/t", "payload_format": "XML"}, 400),
    ],
)
def test_a_notification_names_a_topic_and_a_payload(http: httpx.Client, body: dict[str, str], status: int) -> None:
    answer = http.post(ROOT + "/notificationConfigs", json=body)
    assert answer.status_code == status
    if status == 200:
        path = f"{ROOT}/notificationConfigs/{answer.json()['id']}"
        assert http.get(path).json() == answer.json()
        assert answer.json() in http.get(ROOT + "/notificationConfigs").json()["items"]
        assert http.delete(path).status_code == 204
        assert http.get(path).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_path_nobody_serves_is_refused_by_name(http: httpx.Client, method: str) -> None:
    answer = http.request(method, "/storage/v1/b/lake/nothing/here")
    assert (answer.status_code, "nothing/here" in answer.json()["error"]["message"]) == (501, True)

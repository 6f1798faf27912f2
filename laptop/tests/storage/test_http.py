"""The JSON and XML APIs over plain HTTP: what clients of other languages send and get. One server for the module."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from laptop.storage.server import start

ROOT, UPLOAD = "/storage/v1/b/lake", "/upload/storage/v1/b/lake/o"


@pytest.fixture(scope="module")
def http(launch: Callable[..., Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{launch(start).address}", trust_env=False) as client:
        for body in ({"name": "lake"}, {"name": "versions", "versioning": {"enabled": True}}):
            assert client.post("/storage/v1/b", json=body).status_code == 200
        yield client


def put(http: httpx.Client, name: str, data: bytes = b"x", bucket: str = "lake", **given: Any) -> dict[str, Any]:
    query = {"uploadType": "media", "name": name, **given}
    answer = http.post(f"/upload/storage/v1/b/{bucket}/o", params=query, content=data)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def at(name: str, bucket: str = "lake") -> str:
    return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def media(http: httpx.Client, name: str, bucket: str = "lake", **headers: str) -> httpx.Response:
    return http.get(at(name, bucket), params={"alt": "media"}, headers={"accept-encoding": "identity", **headers})


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


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


def begin(http: httpx.Client, name: str, **fields: Any) -> str:
    answer = http.post(UPLOAD, params={"uploadType": "resumable", "name": name}, json=fields)
    assert answer.status_code == 200
    return str(answer.headers["location"])


def send(http: httpx.Client, session: str, data: bytes, content_range: str) -> httpx.Response:
    return http.put(session, content=data, headers={"content-range": content_range})


def test_an_upload_arrives_in_chunks_and_answers_how_far_it_came(http: httpx.Client) -> None:
    session = begin(http, "chunks", contentType="text/csv", metadata={"a": "b"})
    asked = send(http, session, b"", "bytes */10")
    assert (asked.status_code, "range" in asked.headers) == (308, False)
    first = send(http, session, b"01234", "bytes 0-4/10")
    assert (first.status_code, first.headers["range"]) == (308, "bytes=0-4")
    assert http.get(at("chunks")).status_code == 404
    made = send(http, session, b"56789", "bytes 5-9/10").json()
    assert (made["size"], made["contentType"], made["metadata"]) == ("10", "text/csv", {"a": "b"})
    assert media(http, "chunks").content == b"0123456789"


def test_an_upload_of_unknown_length_ends_with_its_total(http: httpx.Client) -> None:
    session = begin(http, "unknown")
    assert send(http, session, b"01234", "bytes 0-4/*").status_code == 308
    assert send(http, session, b"", "bytes */5").status_code == 200
    assert media(http, "unknown").content == b"01234"


@pytest.mark.parametrize("content_range", [None, "bytes 0-4/5", "bytes 0-*/*", "bytes 0-*/5"])
def test_an_upload_arrives_in_one_request(http: httpx.Client, content_range: str | None) -> None:
    session = begin(http, "whole")
    headers = {"content-range": content_range} if content_range else {}
    assert http.put(session, content=b"01234", headers=headers).json()["size"] == "5"


def test_an_empty_upload_is_an_empty_object(http: httpx.Client) -> None:
    session = begin(http, "nothing")
    assert send(http, session, b"", "bytes */0").json()["size"] == "0"


def test_bytes_that_were_there_already_are_skipped(http: httpx.Client) -> None:
    session = begin(http, "overlap")
    send(http, session, b"01234", "bytes 0-4/10")
    assert send(http, session, b"3456789", "bytes 3-9/10").json()["size"] == "10"
    assert media(http, "overlap").content == b"0123456789"


def test_a_gap_is_refused_and_the_upload_goes_on(http: httpx.Client) -> None:
    session = begin(http, "gap")
    send(http, session, b"01234", "bytes 0-4/10")
    assert send(http, session, b"789", "bytes 7-9/10").status_code == 503
    assert send(http, session, b"56789", "bytes 5-9/10").status_code == 200


def test_a_cancelled_upload_is_gone(http: httpx.Client) -> None:
    session = begin(http, "cancelled")
    send(http, session, b"01234", "bytes 0-4/10")
    assert http.delete(session).status_code == 499
    assert send(http, session, b"56789", "bytes 5-9/10").status_code == 404
    assert http.get(at("cancelled")).status_code == 404


def test_a_finished_upload_is_not_cancelled(http: httpx.Client) -> None:
    session = begin(http, "finished")
    http.put(session, content=b"x")
    assert http.delete(session).status_code == 400
    assert media(http, "finished").content == b"x"


def batch(*parts: str) -> bytes:
    wrapped = [
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <id+{n}>\r\n\r\n{part}" for n, part in enumerate(parts)
    ]
    return ("\r\n".join(wrapped) + "\r\n--b--\r\n").encode()


def test_a_batch_answers_every_part_as_if_it_came_alone(http: httpx.Client) -> None:
    put(http, "batched/1")
    put(http, "batched/2")
    body = batch(
        f"DELETE {at('batched/1')} HTTP/1.1\r\n\r\n",
        f"DELETE {at('batched/none')} HTTP/1.1\r\n\r\n",
        f'PATCH {at("batched/2")} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{"contentType": "text/csv"}}',
    )
    answer = http.post("/batch/storage/v1", content=body, headers={"content-type": "multipart/mixed; boundary=b"})
    statuses = [row for row in answer.text.splitlines() if row.startswith("HTTP/1.1")]
    assert [row.split()[1] for row in statuses] == ["204", "404", "200"]
    assert [f"Content-ID: <response-id+{n}>" in answer.text for n in range(3)] == [True] * 3
    assert http.get(at("batched/1")).status_code == 404
    assert http.get(at("batched/2")).json()["contentType"] == "text/csv"


@pytest.mark.parametrize(
    ("kind", "body"), [("application/json", b"{}"), ("multipart/mixed; boundary=b", batch("nonsense"))]
)
def test_a_batch_that_is_none_is_refused(http: httpx.Client, kind: str, body: bytes) -> None:
    assert http.post("/batch/storage/v1", content=body, headers={"content-type": kind}).status_code == 400


def xml_begin(http: httpx.Client, name: str, **headers: str) -> str:
    answer = http.post(f"/lake/{name}?uploads", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text.split("<UploadId>")[1].split("<")[0]


def complete(*numbers: int) -> bytes:
    parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>x</ETag></Part>" for number in numbers)
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


def test_an_xml_upload_is_the_parts_its_completion_names(http: httpx.Client) -> None:
    upload = xml_begin(http, "xml", **{"content-type": "text/csv", "x-goog-meta-a": "b"})
    for number, data in ((2, b"22"), (1, b"1"), (3, b"never")):
        answer = http.put(f"/lake/xml?uploadId={upload}&partNumber={number}", content=data)
        assert answer.headers["etag"] == f'"{hashlib.md5(data).hexdigest()}"'
    assert http.get(at("xml")).status_code == 404
    done = http.post(f"/lake/xml?uploadId={upload}", content=complete(1, 2))
    assert "<Key>xml</Key>" in done.text
    found = http.get(at("xml")).json()
    assert (found["contentType"], found["metadata"]) == ("text/csv", {"a": "b"})
    assert media(http, "xml").content == b"122"
    assert http.post(f"/lake/xml?uploadId={upload}", content=complete(1)).status_code == 404


def test_a_part_sent_again_replaces_the_first(http: httpx.Client) -> None:
    upload = xml_begin(http, "again")
    for data in (b"old", b"new"):
        http.put(f"/lake/again?uploadId={upload}&partNumber=1", content=data)
    http.post(f"/lake/again?uploadId={upload}", content=complete(1))
    assert media(http, "again").content == b"new"


@pytest.mark.parametrize("number", ["0", "10001", "x", "-1", ""])
def test_a_part_has_a_number_from_one_to_ten_thousand(http: httpx.Client, number: str) -> None:
    upload = xml_begin(http, "numbered")
    assert http.put(f"/lake/numbered?uploadId={upload}&partNumber={number}", content=b"x").status_code == 400


def test_a_part_with_a_wrong_checksum_is_not_kept(http: httpx.Client) -> None:
    upload = xml_begin(http, "broken")
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    answer = http.put(f"/lake/broken?uploadId={upload}&partNumber=1", content=b"x", headers={"content-md5": wrong})
    assert answer.status_code == 400
    assert http.post(f"/lake/broken?uploadId={upload}", content=complete(1)).status_code == 400


def test_an_aborted_xml_upload_is_gone(http: httpx.Client) -> None:
    upload = xml_begin(http, "aborted")
    http.put(f"/lake/aborted?uploadId={upload}&partNumber=1", content=b"x")
    assert http.delete(f"/lake/aborted?uploadId={upload}").status_code == 204
    assert http.post(f"/lake/aborted?uploadId={upload}", content=complete(1)).status_code == 404


def test_an_xml_upload_holds_its_precondition_at_the_end(http: httpx.Client) -> None:
    upload = xml_begin(http, "raced", **{"x-goog-if-generation-match": "0"})
    http.put(f"/lake/raced?uploadId={upload}&partNumber=1", content=b"late")
    put(http, "raced", b"first")
    assert http.post(f"/lake/raced?uploadId={upload}", content=complete(1)).status_code == 412
    assert media(http, "raced").content == b"first"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_path_nobody_serves_is_refused_by_name(http: httpx.Client, method: str) -> None:
    answer = http.request(method, "/storage/v1/b/lake/nothing/here")
    assert (answer.status_code, "nothing/here" in answer.json()["error"]["message"]) == (501, True)

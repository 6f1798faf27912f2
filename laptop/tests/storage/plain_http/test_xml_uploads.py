"""The XML API over plain HTTP: uploads in parts."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest

from laptop.tests.storage.plain_http.calls import at, media, put


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

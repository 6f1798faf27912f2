"""The JSON API over plain HTTP: uploads in chunks, and calls in batches."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from laptop.tests.storage.plain_http.calls import UPLOAD, at, media, put


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

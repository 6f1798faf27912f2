"""Resumable and multipart sessions: what a client that retries, stumbles or restarts the server may count on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from google.cloud.storage import Bucket

from laptop.storage.server import start
from laptop.tests.storage.conftest import client_of

Send = Callable[..., requests.Response]
PIECE = 256 * 1024


def _put(session: str, data: bytes, content_range: str) -> requests.Response:
    return requests.put(session, data=data, headers={"content-range": content_range}, timeout=5)


def test_a_finished_session_answers_again(bucket: Bucket) -> None:
    session = bucket.blob("twice").create_resumable_upload_session(if_generation_match=0)
    first = _put(session, b"abc", "bytes 0-2/3")
    again = _put(session, b"", "bytes */3")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["generation"] == again.json()["generation"]


def test_a_chunk_sent_again_counts_once(bucket: Bucket) -> None:
    session = bucket.blob("resent").create_resumable_upload_session()
    _put(session, b"a" * PIECE, f"bytes 0-{PIECE - 1}/*")
    _put(session, b"b" * PIECE, f"bytes {PIECE}-{2 * PIECE - 1}/*")
    resent = _put(session, b"a" * PIECE, f"bytes 0-{PIECE - 1}/*")
    assert (resent.status_code, resent.headers["range"]) == (308, f"bytes=0-{2 * PIECE - 1}")
    _put(session, b"b" * PIECE + b"c", f"bytes {PIECE}-{2 * PIECE}/{2 * PIECE + 1}")
    assert bucket.blob("resent").download_as_bytes() == b"a" * PIECE + b"b" * PIECE + b"c"


@pytest.mark.parametrize(
    ("content_range", "status"),
    [("garbage", 400), ("bytes 2-1/3", 400), ("bytes 0-5/3", 400), ("bytes 0-1/2", 400), ("bytes 9-11/12", 503)],
)
def test_a_range_that_does_not_fit_is_refused(bucket: Bucket, content_range: str, status: int) -> None:
    session = bucket.blob("unfit").create_resumable_upload_session()
    assert _put(session, b"abc", content_range).status_code == status
    assert not bucket.blob("unfit").exists()


def test_a_wrong_checksum_at_the_end_stores_nothing(bucket: Bucket) -> None:
    session = bucket.blob("damaged").create_resumable_upload_session()
    headers = {"content-range": "bytes 0-2/3", "x-goog-hash": "crc32c=AAAAAA=="}
    assert requests.put(session, data=b"abc", headers=headers, timeout=5).status_code == 400
    assert not bucket.blob("damaged").exists()


def test_a_session_goes_on_after_a_restart(launch: Callable[..., object], tmp_path: Path) -> None:
    address = launch(start, state=tmp_path).address
    client_of(address).create_bucket("lake")
    session = client_of(address).bucket("lake").blob("long").create_resumable_upload_session()
    _put(session, b"a" * PIECE, f"bytes 0-{PIECE - 1}/*")
    later = launch(start, state=tmp_path).address
    session = session.replace(address, later)
    assert _put(session, b"", "bytes */*").headers["range"] == f"bytes=0-{PIECE - 1}"
    done = _put(session, b"bc", f"bytes {PIECE}-{PIECE + 1}/{PIECE + 2}")
    assert done.status_code == 200
    assert client_of(later).bucket("lake").blob("long").download_as_bytes() == b"a" * PIECE + b"bc"


def test_a_multipart_upload_names_parts_that_are_there(bucket: Bucket, http: Send) -> None:
    begun = http("POST", "/pond/parts?uploads", headers={"cache-control": "no-store"}).text
    upload = begun.split("<UploadId>")[1].split("<")[0]
    complete = b"<C><Part><PartNumber>1</PartNumber></Part></C>"
    assert http("POST", f"/pond/parts?uploadId={upload}", data=complete).status_code == 400
    http("PUT", f"/pond/parts?uploadId={upload}&partNumber=1", data=b"abc")
    assert http("POST", f"/pond/parts?uploadId={upload}", data=complete).status_code == 200
    assert bucket.get_blob("parts").cache_control == "no-store"
